package plan

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/authn"
	"preamp/internal/graphql/authz"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

// This file joins authz with statements: row rules become predicates, field
// rules masks. What depends on the caller's mode alone is fixed in the plan, the
// rest when values are bound.

// notAuthorized is AppSync's text for a field that a caller may not have.
const notAuthorized = "Not Authorized to access %s on type %s"

// maskRule is why an output may be hidden.
type maskRule struct {
	// model and field are a field of a row with rules of its own; nil for none.
	model *transform.Model
	field *transform.Field
	// gate is what the type and field ask of every caller.
	gate gate
	// refusal is the error where the output is hidden.
	refusal *Error
}

// gate is what a field asks of its callers, whatever the row.
type gate struct {
	policies *authz.Policies
	def      *ast.Definition
	field    *ast.FieldDefinition
	// closed says that the mode of the plan is shut out.
	closed bool
	groups []string
	custom bool
}

// gateOf finds out what a field asks of callers of a mode. ok says that it asks
// nothing.
func (s *Schema) gateOf(def *ast.Definition, f *ast.FieldDefinition, c authn.Caller) (g gate, ok bool) {
	g = gate{policies: s.policies, def: def, field: f}
	groups, open := s.policies.Reach(def, f, authn.Caller{Mode: c.Mode})
	g.groups, g.closed = groups, !open
	g.custom = s.API.Guards[def.Name][f.Name] != nil
	return g, open && len(groups) == 0 && !g.custom
}

// lets says whether a caller passes.
func (g *gate) lets(c authn.Caller) bool {
	switch {
	case g.policies == nil || c.Admin:
		return true
	case g.closed:
		return false
	}
	return authz.InGroups(c, g.groups) && (!g.custom || g.policies.Custom(g.def, g.field, c))
}

// Gate says why a caller may not have a root field at all, by its type's
// directives. Data fields ask for more when they are bound.
func (f *Field) Gate(c authn.Caller) *Error {
	if f.gate.lets(c) {
		return nil
	}
	return f.unauthorized()
}

func (f *Field) unauthorized() *Error {
	return f.fail(TypeUnauthorized, notAuthorized, f.Name, f.Parent)
}

// guard gives an output a mask if not everybody who gets here may see it. m and x
// are the field of the row, nil for others.
func (b *builder) guard(o *Output, n node, def *ast.Definition, m *transform.Model, x *transform.Field) {
	if n.field.Name == "__typename" {
		return
	}
	rule := maskRule{}
	g, ok := b.op.schema.gateOf(def, fieldOf(def, n.field.Name), b.caller)
	if !ok {
		rule.gate = g
	}
	if m != nil && x != nil {
		policies := b.op.schema.policies
		if policies.Guarded(m, x) {
			rule.model, rule.field, ok = m, x, false
		}
		if b.op.Kind == ast.Mutation && policies.Redacted(m, x) && o.Kind == FromColumn {
			*o = Output{Key: o.Key, Type: o.Type, Kind: NullOutput}
		}
		if o.Kind == FromColumn && policies.OwnerPart(m, x) {
			o.Owner, b.field.owners = true, true
		}
	}
	if ok {
		return
	}
	rule.refusal = &Error{
		Message: fmt.Sprintf(notAuthorized, n.field.Name, def.Name), Type: TypeUnauthorized, Resolver: true,
		Locations: []Location{{Line: n.field.Position.Line, Column: n.field.Position.Column}},
	}
	b.field.masks = append(b.field.masks, rule)
	o.Mask = len(b.field.masks)
}

// masks binds the masks of the answer. Their errors come behind those of the
// relations.
func (b *binder) masks(out *Bound) {
	for i := range b.f.masks {
		rule := &b.f.masks[i]
		v := authz.Verdict{All: true}
		switch {
		case !rule.gate.lets(b.caller):
			v = authz.Verdict{}
		case rule.model != nil:
			v = b.f.schema.policies.Field(rule.model, rule.field, b.caller)
		}
		var mask Mask
		if !v.All {
			mask.Where = []Pred{b.satisfies(v)}
			mask.Mark = b.failMark(out, rule.refusal)
		}
		b.st.Masks = append(b.st.Masks, mask)
	}
	if b.f.owners {
		b.st.OwnerMark = b.param(b.env.OwnerMark)
		out.Marks = true
	}
}

// failMark is the mark that stands for an error.
func (b *binder) failMark(out *Bound, e *Error) Param {
	out.Failures = append(out.Failures, e)
	out.Marks = true
	return b.param(fmt.Sprint(b.env.FailMark, len(out.Failures)-1))
}

// satisfies is the predicate of a verdict that is not about all rows.
func (b *binder) satisfies(v authz.Verdict) Pred {
	kids := make([]Pred, len(v.Any))
	for i, c := range v.Any {
		kids[i] = b.holds(c)
	}
	if len(kids) == 0 {
		return never
	}
	return group(Or, kids)
}

// holds is the predicate of a condition.
func (b *binder) holds(c authz.Condition) Pred {
	p := Pred{Op: OneOf, Column: column(c.Field)}
	if c.Field.List {
		p.Op = HoldsOneOf
	}
	if c.Field.Column == "" {
		return never
	}
	texts := p.Op == HoldsOneOf || c.Field.Storage == transform.Text
	if texts && len(c.Values) > maxIdentities {
		p.Set = b.identity(textList(c.Values))
		return p
	}
	for _, v := range c.Values {
		if texts {
			p.List = append(p.List, b.identity(v))
			continue
		}
		// A number is somebody only in the one way of writing it: "007" is not 7.
		text := scalar.Text(v)
		if s, ok := stored(&text, c.Field.Storage); ok && fmt.Sprint(s) == v && len(p.List) < maxNumbers {
			p.List = append(p.List, b.param(s))
		}
	}
	if len(p.List) == 0 {
		return never
	}
	return p
}

// maxIdentities is how many texts a condition compares with one by one: more, as
// the many groups of a caller, are one parameter, because they stand in every
// relation and mask. maxNumbers is how many numbers it does.
const maxIdentities, maxNumbers = 8, 64

// textList is a JSON list of texts.
func textList(values []string) string {
	b := []byte{'['}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = scalar.AppendString(b, v)
	}
	return string(append(b, ']'))
}

// authorized leaves the rows of a page that the caller may read. It fails if
// there can be none.
func (b *binder) authorized() {
	v := b.f.schema.policies.Read(b.f.op.Model, b.f.op.Kind, b.caller, b.known)
	switch {
	case v.All:
	case v.Nobody():
		b.deny()
	default:
		b.st.Where = append(b.st.Where, b.satisfies(v))
		b.st.Filtered = true
	}
	if b.f.op.Kind == transform.IndexQuery {
		b.found(b.r.index.Fields())
	}
}

// found leaves the rows in which the caller may read the fields that they are
// found by: finding a row by a field is reading it.
func (b *binder) found(fields []*transform.Field) {
	for _, f := range fields {
		switch v := b.readable(f); {
		case v.All:
		case v.Nobody():
			b.fail(TypeUnauthorized, notAuthorized, f.Name, b.r.model.Name)
		default:
			b.st.Where = append(b.st.Where, b.satisfies(v))
			b.st.Filtered = true
		}
	}
}

// visible lets the caller see the row of a get only if it may read it.
func (b *binder) visible() {
	v := b.f.schema.policies.Read(b.f.op.Model, b.f.op.Kind, b.caller, b.known)
	switch {
	case v.All:
	case v.Nobody():
		b.deny()
	default:
		b.st.Visible = []Pred{b.satisfies(v)}
	}
}

// related leaves what a relation may show to the caller.
func (b *binder) related(r *request) {
	v := b.f.schema.policies.Related(r.model, !r.link.Many, b.caller)
	switch {
	case v.All:
	case v.Nobody():
		b.fail(TypeUnauthorized, notAuthorized, r.field, r.parentType)
	case r.link.Many:
		b.st.Where = append(b.st.Where, b.satisfies(v))
		b.st.Filtered = true
	default:
		b.st.Visible = []Pred{b.satisfies(v)}
	}
}

func (b *binder) deny() {
	if b.err == nil {
		b.err = b.f.unauthorized()
	}
}

// known is what the arguments say of a field of the key.
func (b *binder) known(field string) (value string, key, fixed bool) {
	x := b.r.index
	if !slices.ContainsFunc(x.Fields(), func(f *transform.Field) bool { return f.Name == field }) {
		return "", false, false
	}
	value, fixed = b.fixed(x, field)
	return value, true, fixed
}

// fixed is the value that the arguments give to a field of a key.
func (b *binder) fixed(x *transform.Index, field string) (string, bool) {
	text := func(v *scalar.Value) (string, bool) {
		if v == nil || v.IsNull() || v.Kind == scalar.Object || v.Kind == scalar.List {
			return "", false
		}
		return v.KeyPart(), true
	}
	if x.Partition.Name == field || b.f.op.Kind == transform.Get {
		return text(b.arg(field))
	}
	if len(x.Sort) != 1 || x.Sort[0].Name != field {
		return "", false
	}
	cond := b.sortArgument()
	if cond == nil {
		return "", false
	}
	v, _ := cond.Get("eq")
	return text(v)
}

// readable says in which rows the caller may read a field that it names in a
// filter, condition or key.
func (b *binder) readable(f *transform.Field) authz.Verdict {
	m := b.r.model
	def := b.f.schema.API.Schema.Types[m.Name]
	if field := fieldOf(def, f.Name); field != nil {
		if g, ok := b.f.schema.gateOf(def, field, b.caller); !ok && !g.lets(b.caller) {
			return authz.Verdict{}
		}
	}
	if !b.f.schema.policies.Guarded(m, f) {
		return authz.Verdict{All: true}
	}
	return b.f.schema.policies.Field(m, f, b.caller)
}

// concealed makes predicates on a field see it as absent where the caller may not
// read it: otherwise a filter would tell what it holds.
func (b *binder) concealed(f *transform.Field, preds []Pred) []Pred {
	if f == nil || len(preds) == 0 {
		return preds
	}
	v := b.readable(f)
	switch {
	case v.All:
		return preds
	case v.Nobody():
		b.fail(TypeUnauthorized, notAuthorized, f.Name, b.r.model.Name)
		return preds
	}
	out := make([]Pred, len(preds))
	for i, p := range preds {
		if !holdsAbsent(&p) {
			out[i] = Pred{Op: And, Kids: []Pred{b.satisfies(v), p}}
			continue
		}
		kids := []Pred{p}
		hidden := make([]Pred, len(v.Any))
		for j, c := range v.Any {
			hidden[j] = negate(b.holds(c), true)
		}
		out[i] = Pred{Op: Or, Kids: append(kids, group(And, hidden))}
	}
	return out
}
