package plan

import (
	"crypto/sha256"
	"slices"
	"strings"

	"preamp/internal/graphql/authz"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

// page binds a list or an index query. Order: key conditions, filter, token.
func (b *binder) page(scope *[]byte) bool {
	b.st.Kind = SelectPage
	base := len(b.params)
	x := b.r.index
	partition := b.arg(x.Partition.Name)
	b.authorized()
	if partition == nil && b.f.op.Kind == transform.IndexQuery { // nullable in version 1
		b.fail(TypeArguments, "Argument '%s' is required.", x.Partition.Name)
	}
	if partition != nil && b.f.op.Kind != transform.IndexQuery {
		b.found([]*transform.Field{x.Partition})
	}
	possible := partition == nil || b.equal(column(x.Partition), partition)
	b.direction(x, partition)
	b.sortKey(x, partition)
	b.order(x, partition != nil)
	return b.rest(scope, partition, base, possible)
}

// rest binds what all pages have: filter, limit and token. The parameters from
// base on belong to the page.
func (b *binder) rest(scope *[]byte, partition *scalar.Value, base int, possible bool) bool {
	b.filter(b.arg("filter"))
	limit := b.limit()
	if b.err != nil {
		return false
	}
	token := b.arg("nextToken")
	if b.r.ahead || token != nil {
		*scope = b.scope(partition)
	}
	if token != nil {
		b.after(token.Str, *scope)
		if b.err != nil {
			return false
		}
	}
	if !possible {
		// Still a page, one without rows.
		b.st.Where = []Pred{never}
		b.st.After = nil
		b.cut(base)
	}
	if !b.r.rows && !b.r.ahead { // nothing of the page is selected
		b.st.Where, b.st.After, b.st.Guard = nil, nil, nil
		b.cut(base)
		return true
	}
	b.st.Limit = b.param(limit)
	if b.r.ahead && b.r.link == nil {
		b.st.KeyMark = b.param(b.env.KeyMark)
	}
	return true
}

func (b *binder) direction(x *transform.Index, partition *scalar.Value) {
	d := b.arg("sortDirection")
	if d == nil {
		return
	}
	switch {
	case len(x.Sort) == 0 && b.f.op.Kind != transform.IndexQuery: // an index orders equal keys by the primary key
		b.fail(TypeArguments, "sortDirection is not supported for List operations without a Sort key defined.")
	case partition == nil:
		b.fail(TypeArguments, "When providing argument 'sortDirection' you must also provide argument '%s'.", x.Partition.Name)
	}
	b.st.Desc = d.Str == "DESC"
}

// order fixes the total order of the page.
func (b *binder) order(x *transform.Index, partitioned bool) {
	order := b.f.schema.order[x]
	if x == b.r.model.Primary && partitioned && len(order) > 1 {
		order = order[1:]
	}
	b.st.Order = order
	b.indexed(x)
}

// indexed leaves out the rows that have no sort value: they are not in the index.
func (b *binder) indexed(x *transform.Index) {
	if x != b.r.model.Primary && x.SortColumn != "" {
		b.st.Where = append(b.st.Where, Pred{Op: Present, Column: Column{Name: x.SortColumn, Storage: x.SortStorage}})
	}
}

func (b *binder) limit() int64 {
	v := b.arg("limit")
	if v == nil {
		if b.r.link != nil && b.r.link.Limit > 0 {
			return min(int64(b.r.link.Limit), int64(b.env.MaxLimit))
		}
		return int64(b.env.Limit)
	}
	if v.Int <= 0 {
		b.fail(TypeArguments, "Argument 'limit' must be greater than 0.")
		return 0
	}
	return min(v.Int, int64(b.env.MaxLimit))
}

// scope is a digest of everything that a token of this page depends on.
func (b *binder) scope(partition *scalar.Value) []byte {
	x := b.r.index
	h := make([]byte, 0, 256)
	h = append(h, b.r.name...)
	h = append(h, 0, flag(b.st.Desc))
	h = append(append(h, x.Name...), 0)
	h = append(append(h, authz.Scope(b.caller)...), 0)
	for _, v := range []*scalar.Value{partition, b.sortArgument(), b.arg("filter")} {
		if v == nil {
			v = &null
		}
		h = append(v.AppendJSON(h), 0)
	}
	sum := sha256.Sum256(h)
	return sum[:16]
}

// sortArgument is the condition on the sort key.
func (b *binder) sortArgument() *scalar.Value {
	x := b.r.index
	if b.r.link != nil {
		x = b.r.link.Sort
	}
	if x == nil || x.SortArgument == "" {
		return nil
	}
	return b.arg(x.SortArgument)
}

const badToken = "Invalid nextToken."

// after reads the key in a token.
func (b *binder) after(token string, scope []byte) {
	payload, err := b.env.OpenToken(token)
	if err != nil || len(payload) < len(scope) || string(payload[:len(scope)]) != string(scope) {
		b.fail(TypeArguments, badToken)
		return
	}
	key, err := scalar.Decode(string(payload[len(scope):]), 2)
	if err != nil || len(key.List) != len(b.st.Fixed)+len(b.st.Order) {
		b.fail(TypeArguments, badToken)
		return
	}
	for i, c := range slices.Concat(b.st.Fixed, b.st.Order) {
		v := &key.List[i]
		if v.Kind == scalar.Number {
			switch c.Storage {
			case transform.Integer:
				*v, _ = scalar.Input("AWSTimestamp", v, true)
			case transform.Real:
				*v, _ = scalar.Input("Float", v, true)
			case transform.Boolean: // SQLite has no boolean
				*v = scalar.Boolean(v.Str != "0")
			}
		}
		s, ok := stored(v, c.Storage)
		if !ok || s == nil {
			b.fail(TypeArguments, badToken)
			return
		}
		if i < len(b.st.Fixed) { // the token is good for the rows of one parent
			b.st.Guard = append(b.st.Guard, Pred{Op: Equal, Outer: b.st.Where[i].Outer, Args: [2]Param{b.param(s)}})
			continue
		}
		b.st.After = append(b.st.After, b.param(s))
	}
}

// sortKey binds the condition on the sort key of a root field.
func (b *binder) sortKey(x *transform.Index, partition *scalar.Value) {
	cond := b.sortArgument()
	if cond == nil {
		return
	}
	if partition == nil {
		if len(x.Sort) > 1 {
			b.fail(TypeArguments, "When providing argument '%s' you must also provide '%s'.", x.SortArgument, x.Partition.Name)
		} else {
			b.fail(TypeArguments, "When providing argument '%s' you must also provide arguments %s", x.SortArgument, x.Partition.Name)
		}
		return
	}
	b.sortCondition(x, cond)
}

func (b *binder) sortCondition(x *transform.Index, cond *scalar.Value) {
	if b.r.link != nil || b.f.op.Kind != transform.IndexQuery { // which asked for all fields of its key
		b.found(x.Sort)
	}
	c := Column{Name: x.SortColumn, Storage: x.SortStorage}
	for i, op := range cond.Keys {
		v := &cond.List[i]
		if v.IsNull() {
			continue
		}
		if len(x.Sort) > 1 {
			v = b.composite(x, op, v)
		}
		if v == nil || b.err != nil {
			return
		}
		if op == "between" && len(v.List) != 2 {
			b.fail(TypeArguments, "Argument '%s.between' expects exactly two elements.", x.SortArgument)
			return
		}
		p := b.compare(c, Itself, op, v)
		b.st.Where = append(b.st.Where, p)
	}
}

// composite joins the parts of a composite sort key condition.
func (b *binder) composite(x *transform.Index, op string, v *scalar.Value) *scalar.Value {
	if op != "between" {
		t := scalar.Text(b.prefix(x, x.SortArgument+"."+op, v))
		return &t
	}
	if len(v.List) != 2 {
		return v
	}
	low := b.prefix(x, x.SortArgument+".between[0]", &v.List[0])
	high := b.prefix(x, x.SortArgument+".between[1]", &v.List[1])
	return &scalar.Value{Kind: scalar.List, List: []scalar.Value{scalar.Text(low), scalar.Text(high)}}
}

// prefix joins the leading parts that are given; a part without the one before
// it is an error.
func (b *binder) prefix(x *transform.Index, where string, v *scalar.Value) string {
	var parts []string
	missing := ""
	for _, f := range x.Sort {
		part, ok := v.Get(f.Name)
		if !ok || part.IsNull() {
			if missing == "" {
				missing = f.Name
			}
			continue
		}
		if missing != "" {
			b.fail(TypeArguments, "When providing argument '%s.%s' you must also provide '%s.%s'.", where, f.Name, where, missing)
			return ""
		}
		parts = append(parts, part.KeyPart())
	}
	return strings.Join(parts, "#")
}
