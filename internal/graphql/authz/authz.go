// Package authz decides who may do what with the data of an API. It is the only
// place that reads @auth rules and @aws_* directives: queries, mutations and
// relations ask it, and so will everything else that shows or changes rows. What
// no rule allows is denied.
//
// It guarantees that it judges by nothing but the API, the caller and the input
// it is given: it asks no store. Where a rule speaks of a stored row, the answer
// is a list of conditions, which become part of the SQL.
//
// Sources: the resolver templates of the official transformers, version 2.5.1 of
// @aws-amplify/graphql-transformer and 7.2.89 of graphql-auth-transformer.
package authz

import (
	"preamp/internal/authn"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

// Policies judges callers of one API. It is never changed, and safe for
// concurrent use.
type Policies struct {
	api    *transform.API
	models map[*transform.Model]policy
}

// New prepares the rules of an API.
func New(api *transform.API) *Policies {
	p := &Policies{api: api, models: make(map[*transform.Model]policy, len(api.Models))}
	for _, m := range api.Models {
		if api.Version == 1 {
			p.models[m] = newV1(api, m)
		} else {
			p.models[m] = newV2(api, m)
		}
	}
	return p
}

// policy is the rules of one model. Both generations have one.
type policy interface {
	read(kind transform.OperationKind, c authn.Caller, known Known) Verdict
	related(single bool, c authn.Caller) Verdict
	guarded(f *transform.Field) bool
	field(f *transform.Field, c authn.Caller) Verdict
	redacted(f *transform.Field) bool
	ownerPart(f *transform.Field) bool
	create(c authn.Caller, input *scalar.Value) ([]Stamp, *Denial)
	change(kind transform.OperationKind, c authn.Caller, input *scalar.Value) Change
}

// Verdict says which rows of a model a caller may touch. The zero value is none.
type Verdict struct {
	// All is every row.
	All bool
	// Any are conditions of which a row must satisfy one. It is empty for All.
	Any []Condition
	// Late says that rows are judged once they are read (version 1): a caller who
	// may see none gets empty pages and null for a row that is not there.
	Late bool
}

// Nobody says that no row can satisfy the verdict, so that there is no need to
// look for one.
func (v Verdict) Nobody() bool { return !v.All && len(v.Any) == 0 && !v.Late }

var everything = Verdict{All: true}

// Condition holds for a row whose field has one of the values or, for a list, one
// of them as an element. There is at least one value.
type Condition struct {
	Field  *transform.Field
	Values []string
}

// Known tells what a query says of a field: whether it belongs to the key that is
// queried, and the value that the query fixes for it, by a key argument or by an
// eq condition on the sort key.
type Known func(field string) (value string, key, fixed bool)

// Stamp is a value that the server fills in.
type Stamp struct {
	Field *transform.Field
	Value scalar.Value
}

// Denial is why a mutation is refused: for the fields of the input that the
// caller may not write, or altogether if there are none.
type Denial struct{ Fields []string }

// Change says under which conditions a caller may update or delete a row.
type Change struct {
	// Denied refuses the mutation whatever the row is like.
	Denied *Denial
	// Need are conditions on the row: of each list, one must hold.
	Need [][]Condition
	// Conditional says that a row which does not satisfy Need fails the mutation's
	// condition, and not its authorization (version 1).
	Conditional bool
	// Facts are what Judge has to know about the row.
	Facts []Condition
	judge func(holds []bool) *Denial
}

// Judge says why a mutation that Need kept from a row is refused. holds tells
// which of the Facts hold; none does if there is no row. It answers nil if the
// caller is allowed, so that something else kept the row from being changed.
func (c *Change) Judge(holds []bool) *Denial {
	if c.judge == nil {
		return nil
	}
	return c.judge(holds)
}

// Shape names everything about a caller that the plan of an operation depends on.
// What else there is to a caller is bound with the values of the request.
func Shape(c authn.Caller) string { return string(c.Mode) }

// Scope names the caller whom the token of a page is for.
func Scope(c authn.Caller) string {
	if c.Mode == authn.APIKey { // which changes from time to time, and says nothing
		return string(c.Mode)
	}
	return string(c.Mode) + " " + c.ID
}

// Read says which rows of a model a query of a kind gives to a caller.
func (p *Policies) Read(m *transform.Model, kind transform.OperationKind, c authn.Caller, known Known) Verdict {
	if c.Admin {
		return everything
	}
	return p.models[m].read(kind, c, known)
}

// Related says which rows of a model a relation gives to a caller; single is for
// relations to one row.
func (p *Policies) Related(m *transform.Model, single bool, c authn.Caller) Verdict {
	if c.Admin {
		return everything
	}
	return p.models[m].related(single, c)
}

// Guarded says that not every caller who may read a model may read the field in
// every row, so that Field has to be asked.
func (p *Policies) Guarded(m *transform.Model, f *transform.Field) bool {
	return p.models[m].guarded(f)
}

// Field says in which of the rows that a caller may read it may read a field.
func (p *Policies) Field(m *transform.Model, f *transform.Field, c authn.Caller) Verdict {
	if c.Admin {
		return everything
	}
	return p.models[m].field(f, c)
}

// Redacted says that the payload of a mutation never holds a field, because
// subscribers who may not read it would get it.
func (p *Policies) Redacted(m *transform.Model, f *transform.Field) bool {
	return p.models[m].redacted(f)
}

// OwnerPart says that a field holds owners as claims joined by "::", of which
// only the last is shown.
func (p *Policies) OwnerPart(m *transform.Model, f *transform.Field) bool {
	return p.models[m].ownerPart(f)
}

// Create judges the input of a create, and says what the server fills in.
func (p *Policies) Create(m *transform.Model, c authn.Caller, input *scalar.Value) ([]Stamp, *Denial) {
	if c.Admin {
		return nil, nil
	}
	return p.models[m].create(c, input)
}

// Change judges the input of an Update or Delete.
func (p *Policies) Change(m *transform.Model, kind transform.OperationKind, c authn.Caller, input *scalar.Value) Change {
	if c.Admin {
		return Change{}
	}
	return p.models[m].change(kind, c, input)
}
