package plan

import (
	"strings"

	"preamp/internal/graphql/authz"
)

// refused turns a denial into an error.
func (f *Field) refused(d *authz.Denial) *Error {
	if d == nil {
		return nil
	}
	if len(d.Fields) == 0 {
		return f.unauthorized()
	}
	return f.fail(TypeUnauthorized, "Unauthorized on [%s]", strings.Join(d.Fields, ", "))
}

// mayCreate judges a create, and stamps what the rules stamp.
func (b *binder) mayCreate(c *change) {
	stamps, denial := b.f.schema.policies.Create(b.f.op.Model, b.caller, c.input)
	if denial != nil {
		b.err = b.f.refused(denial)
		return
	}
	for _, s := range stamps {
		c.filled[s.Field.Name] = s.Value
	}
}

// mayChange judges an update or delete: what depends on the row becomes part of
// its condition, and a probe to tell afterwards what kept it from being changed.
func (b *binder) mayChange(c *change, out *Bound) {
	may := b.f.schema.policies.Change(b.f.op.Model, b.f.op.Kind, b.caller, c.input)
	if may.Denied != nil {
		b.err = b.f.refused(may.Denied)
		return
	}
	for _, some := range may.Need {
		b.need = append(b.need, authz.Verdict{Any: some})
	}
	if may.Conditional || len(may.Facts) == 0 {
		return
	}
	out.Judge = func(holds []bool) *Error { return b.f.refused(may.Judge(holds)) }
	p := binder{f: b.f, r: b.r, env: b.env, caller: b.caller, vars: b.vars}
	p.st = &Statement{Kind: Probe, Table: b.st.Table}
	if !p.key(c.value) {
		return
	}
	for _, fact := range may.Facts {
		p.st.Checks = append(p.st.Checks, p.holds(fact))
	}
	out.Explain = &Bound{Statement: p.st, Params: p.params}
}

// needed adds what the row must satisfy for the mutation to be allowed.
func (b *binder) needed() {
	for _, v := range b.need {
		b.st.Where = append(b.st.Where, b.satisfies(v))
	}
}
