package authz

import (
	"slices"

	"preamp/internal/authn"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

// grants collects what the roles of a caller let it write.
type grants struct {
	p *v2
	// any says that the caller has a role, whole that it may write everything.
	any, whole bool
	fields     map[string]bool
	nulls      map[string]bool // fields that may be set to null
}

func (p *v2) grants() *grants {
	return &grants{p: p, fields: map[string]bool{}, nulls: map[string]bool{}}
}

// add adds what a role may create or update.
func (g *grants) add(r *transform.Role, operation string) {
	g.any = true
	whole := true
	for _, f := range g.p.access.Fields {
		if r.May(operation, f) {
			g.fields[f] = true
		} else {
			whole = false
		}
		if operation == "update" {
			if r.May("delete", f) {
				g.nulls[f] = true
			} else {
				whole = false
			}
		}
	}
	if operation == "update" { // the key names the row, and is not written
		for _, f := range g.p.m.Primary.Fields() {
			g.fields[f.Name] = true
		}
	}
	g.whole = g.whole || whole
}

// denied are the fields of an input that may not be written.
func (g *grants) denied(input *scalar.Value, nulls bool) []string {
	var out []string
	for i, name := range input.Keys {
		rules := g.p.ruled(name)
		null := nulls && input.List[i].IsNull() && !g.nulls[rules]
		if null || !g.fields[rules] && !g.p.free[name] {
			out = append(out, name)
		}
	}
	return out
}

// ruled is the field whose rules bind a field of an input.
func (p *v2) ruled(name string) string {
	if relation, ok := p.keys[name]; ok {
		return relation
	}
	return name
}

func (g *grants) judge(input *scalar.Value, nulls bool) *Denial {
	switch {
	case g.whole:
		return nil
	case !g.any:
		return &Denial{}
	}
	if fields := g.denied(input, nulls); len(fields) > 0 {
		return &Denial{Fields: fields}
	}
	return nil
}

func (p *v2) create(c authn.Caller, input *scalar.Value) ([]Stamp, *Denial) {
	if p.access == nil {
		if p.open(c) {
			return nil, nil
		}
		return nil, &Denial{}
	}
	g := p.grants()
	roles := p.may["create"]
	for _, r := range roles {
		if always(r, c) {
			g.add(r, "create")
		}
	}
	var stamps []Stamp
	for _, r := range roles {
		if r.Allow != "owner" || r.Provider != providers[c.Mode] || r.Field == nil {
			continue
		}
		full, forms, ok := owner(r, c)
		if !ok {
			continue
		}
		given, there := input.Get(r.Field.Name)
		if i := slices.IndexFunc(stamps, func(s Stamp) bool { return s.Field == r.Field }); i >= 0 {
			given, there = &stamps[i].Value, true // filled in for another identity of the caller
		}
		switch {
		case !there:
			stamps = append(stamps, Stamp{Field: r.Field, Value: stamp(r.Field, full)})
			g.add(r, "create")
		case !g.whole && holds(given, forms):
			g.add(r, "create")
		}
	}
	for _, r := range roles {
		if cond, ok := condition(r, c, true); ok && r.Allow == "groups" && !g.whole {
			if given, there := input.Get(r.Field.Name); there && holds(given, cond.Values) {
				g.add(r, "create")
			}
		}
	}
	if d := g.judge(input, false); d != nil {
		return nil, d
	}
	return stamps, nil
}

// stamp is the value of an owner field: the owner, or a list of it.
func stamp(f *transform.Field, owner string) scalar.Value {
	if f.List {
		return scalar.Value{Kind: scalar.List, List: []scalar.Value{scalar.Text(owner)}}
	}
	return scalar.Text(owner)
}

// holds says whether an input value is one of some texts, or a list of which one
// element is.
func holds(v *scalar.Value, values []string) bool {
	if v.Kind == scalar.List {
		return slices.ContainsFunc(v.List, func(e scalar.Value) bool { return e.Kind == scalar.String && slices.Contains(values, e.Str) })
	}
	return v.Kind == scalar.String && slices.Contains(values, v.Str)
}

func (p *v2) change(kind transform.OperationKind, c authn.Caller, input *scalar.Value) Change {
	if p.access == nil {
		if p.open(c) {
			return Change{}
		}
		return Change{Denied: &Denial{}}
	}
	if kind == transform.Delete {
		return p.remove(c)
	}
	fixed := p.grants()
	var dynamic []*transform.Role
	var out Change
	for _, r := range p.alter {
		if always(r, c) {
			fixed.add(r, "update")
		} else if cond, ok := condition(r, c, true); ok {
			dynamic = append(dynamic, r)
			out.Facts = append(out.Facts, cond)
		}
	}
	if fixed.whole {
		return Change{}
	}
	if len(dynamic) == 0 {
		return Change{Denied: fixed.judge(input, true)}
	}
	out.judge = func(holds []bool) *Denial {
		g := p.grants()
		for _, r := range p.alter {
			i := slices.Index(dynamic, r)
			if i < 0 && always(r, c) || i >= 0 && i < len(holds) && holds[i] {
				g.add(r, "update")
			}
		}
		return g.judge(input, true)
	}
	// The row must give the caller a role, and for every field of the input one
	// that may write it.
	each := make([]*grants, len(dynamic))
	for i, r := range dynamic {
		each[i] = p.grants()
		each[i].add(r, "update")
	}
	need := func(enough func(g *grants) bool) {
		if enough(fixed) {
			return
		}
		some := []Condition{}
		for i, g := range each {
			if g.whole || enough(g) {
				some = append(some, out.Facts[i])
			}
		}
		if !slices.ContainsFunc(out.Need, func(n []Condition) bool { return sameConditions(n, some) }) {
			out.Need = append(out.Need, some)
		}
	}
	need(func(g *grants) bool { return g.any })
	for i, name := range input.Keys {
		rules := p.ruled(name)
		if !p.free[name] {
			need(func(g *grants) bool { return g.fields[rules] })
		}
		if input.List[i].IsNull() {
			need(func(g *grants) bool { return g.nulls[rules] })
		}
	}
	return out
}

func sameConditions(a, b []Condition) bool {
	return slices.EqualFunc(a, b, func(x, y Condition) bool { return x.Field == y.Field && slices.Equal(x.Values, y.Values) })
}

// remove judges a delete: only roles that may delete every field count.
func (p *v2) remove(c authn.Caller) Change {
	v := verdict(p.erase, c, nil, true)
	switch {
	case v.All:
		return Change{}
	case v.Nobody():
		return Change{Denied: &Denial{}}
	}
	return Change{Need: [][]Condition{v.Any}, Facts: v.Any, judge: func(holds []bool) *Denial {
		if slices.Contains(holds, true) {
			return nil
		}
		return &Denial{}
	}}
}
