package plan

import (
	"slices"
	"strconv"

	"preamp/internal/graphql/transform"
)

// relations binds the relations below the answer as nested statements. What is
// wrong with one of them is an error of that field only, wherever it is met.
func (b *binder) relations(out *Bound) {
	out.Marks = b.st.NullMark != 0 || b.st.KeyMark != 0
	defer b.hidden(out)
	if len(b.f.relations) == 0 {
		return
	}
	out.Scopes = make([][]byte, len(b.f.relations))
	out.Failures = make([]*Error, len(b.f.relations))
	root := b.st
	for i, r := range b.f.relations {
		if r.parent >= 0 && root.Nested[r.parent].Kind == Failure { // never met
			root.Nested = append(root.Nested, &Statement{Kind: Failure})
			continue
		}
		base := len(b.params)
		b.r, b.err = r, r.refusal
		b.st = &Statement{Table: r.model.Table, Out: r.out}
		if b.err == nil {
			b.nested(r, &out.Scopes[i], i)
		}
		if len(b.st.Visible) > 0 && b.err == nil {
			out.Failures[i] = r.fail(TypeUnauthorized, notAuthorized, r.field, r.parentType)
			b.st.HiddenMark = b.param(b.env.FailMark + strconv.Itoa(i))
		}
		if len(b.st.Guard) > 0 && b.err == nil {
			out.Failures[i] = r.fail(TypeArguments, badToken)
			b.st.FailMark = b.param(b.env.FailMark + strconv.Itoa(i))
		}
		if b.err != nil {
			b.cut(base)
			out.Failures[i] = b.err
			b.st = &Statement{Kind: Failure, FailMark: b.param(b.env.FailMark + strconv.Itoa(i))}
		}
		out.Marks = out.Marks || b.st.KeyMark != 0 || b.st.FailMark != 0 || b.st.HiddenMark != 0
		root.Nested = append(root.Nested, b.st)
	}
	b.r, b.st, b.err = &b.f.root, root, nil
}

// hidden binds what the answer hides: masks, and the row of a get.
func (b *binder) hidden(out *Bound) {
	if b.st.Out == nil {
		return
	}
	b.masks(out)
	if len(b.st.Visible) > 0 {
		b.st.HiddenMark = b.failMark(out, b.f.unauthorized())
	}
}

// nested binds one relation.
func (b *binder) nested(r *request, scope *[]byte, number int) {
	base := len(b.params)
	b.correlate(r.owner, r.link)
	b.related(r)
	if r.empty {
		b.st.Where = append(b.st.Where, never)
	}
	if !r.link.Many {
		b.st.Kind = SelectOne
		if len(r.link.From) == len(r.index.Fields()) && r.index == r.model.Primary {
			b.st.Order = nil // there is one row at most
		}
		return
	}
	b.st.Kind = SelectPage
	if d := b.arg("sortDirection"); d != nil {
		b.st.Desc = d.Str == "DESC"
	}
	if cond := b.sortArgument(); cond != nil {
		b.sortCondition(r.link.Sort, cond)
		b.st.Filtered = r.link.Sort != r.index
	}
	if b.rest(scope, nil, base, true) && r.ahead {
		b.st.KeyMark = b.param(b.env.KeyMark + strconv.Itoa(number))
	}
}

// correlate selects the rows that belong to the row around the statement, in
// the order of their key.
func (b *binder) correlate(owner *transform.Model, l *transform.Link) {
	x := l.Index
	fix := func(c Column, outer []Column) {
		b.st.Where = append(b.st.Where, Pred{Op: Equal, Column: c, Outer: outer})
		b.st.Fixed = append(b.st.Fixed, c)
	}
	fix(column(x.Partition), []Column{column(l.From[0])})
	order := b.f.schema.order[x]
	if x == l.Model.Primary && len(order) > 1 {
		order = order[1:]
	}
	if len(l.From) > 1 {
		fix(Column{Name: x.SortColumn, Storage: x.SortStorage}, sortValue(owner, l.From[1:]))
		if len(order) > 1 {
			order = order[1:]
		}
	} else {
		b.indexed(x)
	}
	b.st.Order = order
}

// sortValue is the value of a sort key in a row of a model: the column that has
// the fields joined, if a key of the model joins the same, or the fields.
func sortValue(m *transform.Model, fields []*transform.Field) []Column {
	for _, x := range append([]*transform.Index{m.Primary}, m.Indexes...) {
		if len(fields) > 1 && slices.Equal(x.Sort, fields) {
			return []Column{{Name: x.SortColumn, Storage: x.SortStorage}}
		}
	}
	out := make([]Column, len(fields))
	for i, f := range fields {
		out[i] = column(f)
	}
	return out
}

// apart is the statement that answers a mutation with relations: they are read
// as they are after the mutation, or before it if the row goes.
func (b *binder) apart() *Bound {
	a := binder{f: b.f, r: b.r, env: b.env, caller: b.caller, vars: b.vars, params: make([]any, 0, 8)}
	a.st = &Statement{Kind: SelectOne, Table: b.st.Table}
	a.answer()
	out := &Bound{}
	if b.f.op.Kind == transform.Delete {
		a.st.Lock = true
		a.need = b.need
		a.key(a.change().value)
		a.condition()
		a.needed()
	} else {
		a.key(b.written)
	}
	a.relations(out)
	out.Statement, out.Params = a.st, a.params
	return out
}
