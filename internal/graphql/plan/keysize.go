package plan

import "preamp/internal/graphql/transform"

// The sizes of key values. DynamoDB allows 2048 bytes for a partition key and
// 1024 for a sort key; a row of a PostgreSQL index holds about 2700 bytes in
// all, and preamp accepts the same keys on every store.
const (
	maxPartition = 2048
	maxSort      = 1024
	maxEntry     = 2600
)

// keySizes refuses values that are too long for the keys they belong to.
func (b *binder) keySizes() {
	if b.err != nil {
		return
	}
	m := b.r.model
	size := func(column string) int {
		for _, a := range b.st.Set {
			if a.Column.Name != column || a.Value == 0 {
				continue
			}
			if s, ok := b.params[a.Value-1].(string); ok {
				return len(s)
			}
			return 8
		}
		return 0
	}
	tooLong := false
	primary := size(m.Primary.Partition.Column) + size(m.Primary.SortColumn)
	for _, x := range append([]*transform.Index{m.Primary}, m.Indexes...) {
		partition, sort := size(x.Partition.Column), size(x.SortColumn)
		switch {
		case partition > maxPartition:
			b.fail(TypeDynamo, "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of%d bytes", maxPartition)
		case sort > maxSort:
			b.fail(TypeDynamo, "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of %d bytes", maxSort)
		case partition+sort+primary > maxEntry && x != m.Primary, primary > maxEntry:
			tooLong = true
		}
	}
	if tooLong && b.err == nil {
		b.err = b.f.KeysTooLong()
	}
}

// KeysTooLong is the error of key values that are too long together. The database
// finds the ones of which only some are written.
func (f *Field) KeysTooLong() *Error {
	return f.fail(TypeDynamo, "One or more parameter values were invalid: the key values together exceed the size limit of %d bytes", maxEntry)
}
