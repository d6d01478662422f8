package plan

import (
	"crypto/sha256"
	"strings"

	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

// page binds a list or an index query. Order: key conditions, filter, token.
func (b *binder) page(out *Bound) bool {
	b.st.Kind = SelectPage
	x := b.f.op.Index
	if x == nil {
		x = b.f.op.Model.Primary
	}
	partition := b.arg(x.Partition.Name)
	if partition == nil && b.f.op.Kind == transform.IndexQuery { // nullable in version 1
		b.fail(TypeArguments, "Argument '%s' is required.", x.Partition.Name)
	}
	possible := partition == nil || b.equal(column(x.Partition), partition)
	b.direction(x, partition)
	b.sortKey(x, partition)
	b.order(x, partition != nil)
	b.filter(b.arg("filter"))
	limit := b.limit()
	if b.err != nil {
		return false
	}
	token := b.arg("nextToken")
	if b.f.ahead || token != nil {
		out.Scope = b.scope(x, partition)
	}
	if token != nil {
		b.after(token.Str, out.Scope)
		if b.err != nil {
			return false
		}
	}
	if !possible {
		// Still a page, one without rows.
		b.st.Where = []Pred{never}
		b.st.After = nil
		b.params = b.params[:b.st.NullMark]
	}
	if !b.f.rows && !b.f.ahead { // nothing of the page is selected
		b.st.Where, b.st.After, b.params = nil, nil, b.params[:b.st.NullMark]
		return true
	}
	b.st.Limit = b.param(limit)
	if b.f.ahead {
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
	if x == b.f.op.Model.Primary && partitioned && len(order) > 1 {
		order = order[1:]
	}
	b.st.Order = order
	if x != b.f.op.Model.Primary && x.SortColumn != "" {
		// Rows without a sort value are not in the index.
		b.st.Where = append(b.st.Where, Pred{Op: Present, Column: Column{Name: x.SortColumn, Storage: x.SortStorage}})
	}
}

func (b *binder) limit() int64 {
	v := b.arg("limit")
	if v == nil {
		return int64(b.env.Limit)
	}
	if v.Int <= 0 {
		b.fail(TypeArguments, "Argument 'limit' must be greater than 0.")
		return 0
	}
	return min(v.Int, int64(b.env.MaxLimit))
}

// scope is a digest of everything that a token of this page depends on.
func (b *binder) scope(x *transform.Index, partition *scalar.Value) []byte {
	h := make([]byte, 0, 256)
	h = append(h, b.f.Name...)
	h = append(h, 0, flag(b.st.Desc))
	h = append(append(h, x.Name...), 0)
	h = append(append(h, b.f.caller...), 0)
	for _, v := range []*scalar.Value{partition, b.sortArgument(x), b.arg("filter")} {
		if v == nil {
			v = &null
		}
		h = append(v.AppendJSON(h), 0)
	}
	sum := sha256.Sum256(h)
	return sum[:16]
}

func (b *binder) sortArgument(x *transform.Index) *scalar.Value {
	if x.SortArgument == "" {
		return nil
	}
	return b.arg(x.SortArgument)
}

// after reads the key in a token.
func (b *binder) after(token string, scope []byte) {
	payload, err := b.env.OpenToken(token)
	if err != nil || len(payload) < len(scope) || string(payload[:len(scope)]) != string(scope) {
		b.fail(TypeArguments, "Invalid nextToken.")
		return
	}
	key, err := scalar.Decode(string(payload[len(scope):]), 2)
	if err != nil || len(key.List) != len(b.st.Order) {
		b.fail(TypeArguments, "Invalid nextToken.")
		return
	}
	for i := range key.List {
		v := &key.List[i]
		c := b.st.Order[i]
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
			b.fail(TypeArguments, "Invalid nextToken.")
			return
		}
		b.st.After = append(b.st.After, b.param(s))
	}
}

// sortKey binds the condition on the sort key.
func (b *binder) sortKey(x *transform.Index, partition *scalar.Value) {
	cond := b.sortArgument(x)
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
