package plan

import (
	"strconv"

	"preamp/internal/authn"
	"preamp/internal/graphql/authz"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

// Env is what a request brings in from outside: the pure planner has no clock,
// no random numbers and no keys.
type Env struct {
	// Now is the time as AWSDateTime text.
	Now string
	// NewID makes a random id.
	NewID func() string
	// NullMark, KeyMark, FailMark and OwnerMark are what a statement emits as
	// marks. Behind KeyMark comes the key as a JSON list; for a relation, the number of the
	// relation is between the two. Behind FailMark is the number.
	NullMark, KeyMark, FailMark, OwnerMark string
	// OpenToken opens a nextToken; what it answers was once Bound.Scope and a
	// key of the page.
	OpenToken func(token string) ([]byte, error)
	// Limit is the default size of a page, MaxLimit the largest one.
	Limit, MaxLimit int
}

// Bound is a field joined with the values of one request.
type Bound struct {
	// Statement is nil when there is nothing to ask: the value is null.
	Statement *Statement
	Params    []any
	// Refused says that the condition of a mutation cannot hold.
	Refused bool
	// Answer is what answers a mutation that has relations, in the same
	// transaction: before a Delete, after others.
	Answer *Bound
	// Marks says that the answer may hold marks.
	Marks bool
	// Scope is what a nextToken of this page is good for; Scopes are those of
	// the relations.
	Scope  []byte
	Scopes [][]byte
	// Failures are the errors behind fail marks: those of the relations by their
	// number, then those of hidden outputs.
	Failures []*Error
	// Explain is a Probe to run, in the same transaction, when a mutation changed
	// no row; Judge takes what it answers, nothing for no row. The error it answers
	// is why, nil that the condition did not hold.
	Explain *Bound
	Judge   func(holds []bool) *Error
}

// binder joins one field with values.
type binder struct {
	f      *Field
	r      *request // the field itself, or one of its relations
	env    *Env
	caller authn.Caller
	vars   []Var
	st     *Statement
	params []any
	// identities are the parameters of what the caller is called, by value: rules
	// name it again and again.
	identities map[string]Param
	// preds counts the operators of an expression, operators those of all.
	preds, operators int
	// need is what authorization demands of the row that a mutation changes.
	need []authz.Verdict
	err  *Error
	// written are the key fields of a row that is written.
	written func(name string) *scalar.Value
}

// Bind joins the field with the values of a request and with its caller, whose
// mode is that of the caller it was planned for.
func (f *Field) Bind(env *Env, c authn.Caller, vars []Var) (Bound, *Error) {
	b := binder{f: f, r: &f.root, env: env, caller: c, vars: vars}
	b.st = &Statement{Table: f.op.Model.Table}
	b.params = make([]any, 0, 8)
	read := f.op.Kind == transform.Get || f.op.Kind == transform.List || f.op.Kind == transform.IndexQuery
	apart := !read && len(f.relations) > 0
	if !apart {
		b.answer()
	}
	var out Bound
	ok := false
	switch f.op.Kind {
	case transform.Get:
		ok = b.get()
	case transform.List, transform.IndexQuery:
		ok = b.page(&out.Scope)
	case transform.Create:
		ok, out.Refused = b.create()
	case transform.Update:
		ok, out.Refused = b.update(&out)
	case transform.Delete:
		ok, out.Refused = b.remove(&out)
	}
	if b.err != nil {
		return Bound{}, b.err
	}
	if !ok || out.Refused {
		return out, nil
	}
	if apart {
		out.Answer = b.apart()
	} else {
		b.relations(&out)
	}
	out.Statement, out.Params = b.st, b.params
	return out, b.err
}

// answer makes the statement answer the selection.
func (b *binder) answer() {
	b.st.Out = b.f.Out
	if b.f.nulls {
		b.st.NullMark = b.param(b.env.NullMark)
	}
}

func (b *binder) param(v any) Param {
	b.params = append(b.params, v)
	return Param(len(b.params))
}

// identity is a parameter that holds a text that the caller is called by.
func (b *binder) identity(text string) Param {
	p, ok := b.identities[text]
	if !ok {
		if b.identities == nil {
			b.identities = map[string]Param{}
		}
		p = b.param(text)
		b.identities[text] = p
	}
	return p
}

// cut takes parameters back, all from the given number on: the statement must not
// refer to them any more.
func (b *binder) cut(n int) {
	b.params = b.params[:n]
	for text, p := range b.identities {
		if int(p) > n {
			delete(b.identities, text)
		}
	}
}

func (b *binder) fail(kind, format string, args ...any) {
	if b.err == nil {
		if b.r.link != nil {
			b.err = b.r.fail(kind, format, args...)
		} else {
			b.err = b.f.fail(kind, format, args...)
		}
	}
}

func (b *binder) arg(name string) *scalar.Value { return b.r.args.get(name, b.vars) }

// stored converts a value to what a column holds. The key argument of a model
// keyed by "id" is an ID whatever the type of the field, so a number may come
// as text.
func stored(v *scalar.Value, s transform.Storage) (any, bool) {
	switch s {
	case transform.Text, transform.JSON:
		if v.Kind == scalar.Int || v.Kind == scalar.Float || v.Kind == scalar.Bool {
			return v.KeyPart(), true
		}
		return v.Bound(), true
	case transform.Integer:
		switch v.Kind {
		case scalar.Int:
			return v.Int, true
		case scalar.String:
			n, err := strconv.ParseInt(v.Str, 10, 64)
			return n, err == nil
		}
	case transform.Real:
		switch v.Kind {
		case scalar.Float:
			return v.Num, true
		case scalar.Int:
			return float64(v.Int), true
		case scalar.String:
			n, err := strconv.ParseFloat(v.Str, 64)
			return n, err == nil
		}
	case transform.Boolean:
		if v.Kind == scalar.Bool {
			return v.Int != 0, true
		}
	}
	return nil, false
}

// key adds the primary key of a row to Where. It answers false when no row can
// have it.
func (b *binder) key(value func(name string) *scalar.Value) bool {
	x := b.r.model.Primary
	if !b.equal(column(x.Partition), value(x.Partition.Name)) {
		return false
	}
	if len(x.Sort) == 0 {
		return true
	}
	if len(x.Sort) == 1 {
		return b.equal(column(x.Sort[0]), value(x.Sort[0].Name))
	}
	joined, ok := joinParts(x.Sort, value)
	if !ok {
		return false
	}
	b.st.Where = append(b.st.Where, Pred{
		Op: Equal, Column: Column{Name: x.SortColumn, Storage: x.SortStorage}, Args: [2]Param{b.param(joined)},
	})
	return true
}

func (b *binder) equal(c Column, v *scalar.Value) bool {
	if v == nil || v.IsNull() {
		return false
	}
	s, ok := stored(v, c.Storage)
	if !ok {
		return false
	}
	b.st.Where = append(b.st.Where, Pred{Op: Equal, Column: c, Args: [2]Param{b.param(s)}})
	return true
}

// joinParts joins the values of sort fields by "#".
func joinParts(fields []*transform.Field, value func(name string) *scalar.Value) (string, bool) {
	var text []byte
	for i, f := range fields {
		v := value(f.Name)
		if v == nil || v.IsNull() {
			return "", false
		}
		if i > 0 {
			text = append(text, '#')
		}
		text = append(text, v.KeyPart()...)
	}
	return string(text), true
}

func (b *binder) get() bool {
	b.st.Kind = SelectOne
	b.visible()
	return b.key(b.arg)
}
