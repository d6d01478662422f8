package authz

import (
	"cmp"
	"slices"

	"preamp/internal/authn"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

// v1 is the rules of a model of transformer version 1. What no rule speaks of is
// open: an operation that none covers, a field without rules. But where there are
// rules, they count for the modes that they name, and all others are shut out; the
// official templates let the others pass unchecked.
type v1 struct {
	m *transform.Model
	// rules are those of the model by operation.
	rules map[string][]v1Rule
	// fields are the fields with rules of their own, the last one first, as the
	// templates judge them.
	fields []v1Field
	// modes are those that a rule of the model names, readers those that only rules
	// of fields name: they see all rows, and of a row those fields.
	modes, readers map[string]bool
}

type v1Field struct {
	field *transform.Field
	rules map[string][]v1Rule // by operation
}

func newV1(_ *transform.API, m *transform.Model) policy {
	p := &v1{m: m, rules: byOperation(m, m.Rules), modes: map[string]bool{}, readers: map[string]bool{}}
	for i := range m.Rules {
		p.modes[m.Rules[i].Provider] = true
	}
	for _, f := range slices.Backward(m.Fields) {
		if len(f.Rules) == 0 {
			continue
		}
		own := v1Field{field: f, rules: byOperation(m, f.Rules)}
		p.fields = append(p.fields, own)
		for i := range own.rules["get"] {
			if provider := own.rules["get"][i].provider; len(m.Rules) > 0 && !p.modes[provider] {
				p.readers[provider] = true
			}
		}
	}
	return p
}

// byOperation sorts rules by what they cover.
func byOperation(m *transform.Model, rules []transform.Rule) map[string][]v1Rule {
	out := map[string][]v1Rule{}
	for i := range rules {
		r := newV1Rule(m, &rules[i])
		for _, op := range rules[i].Operations {
			out[op] = append(out[op], r)
		}
	}
	return out
}

// v1Rule is a rule whose field is known.
type v1Rule struct {
	provider, allow string
	claim           string
	groups          []string         // of a static rule
	dynamic         bool             // field names owners or groups
	field           *transform.Field // nil if it cannot hold any
}

func newV1Rule(m *transform.Model, r *transform.Rule) v1Rule {
	out := v1Rule{provider: r.Provider, allow: r.Allow, groups: r.Groups}
	switch name := ""; r.Allow {
	case "owner":
		out.claim, name = cmp.Or(r.IdentityClaim, "username"), r.OwnerField
		out.dynamic, out.field = true, holder(m.Field(name))
	case "groups":
		out.claim, name = r.GroupClaim, r.GroupsField
		out.dynamic = name != ""
		if out.dynamic {
			out.field = holder(m.Field(name))
		}
	}
	return out
}

// holder is the field if it can hold texts: one, or a list of them.
func holder(f *transform.Field) *transform.Field {
	if f == nil || f.Column == "" || f.Kind != transform.Scalar && f.Kind != transform.Enum {
		return nil
	}
	if f.List {
		if f.Type.Elem.Elem != nil {
			return nil
		}
		switch f.Named {
		case "Int", "Float", "Boolean", "AWSTimestamp":
			return nil
		}
		return f
	}
	if f.Storage != transform.Text {
		return nil
	}
	return f
}

// owner is who the caller is by an owner rule. The claim is one, whatever its name.
func (r *v1Rule) owner(c authn.Caller) (string, bool) {
	if r.allow != "owner" {
		return "", false
	}
	return ownerClaim(c.Claims, r.claim)
}

// always says whether a rule lets a caller do something to every row.
func (r *v1Rule) always(c authn.Caller) bool {
	switch {
	case r.provider == "iam":
		return c.Federated != nil && (r.allow == "public" || r.allow == "private" && !c.Federated.Guest)
	case r.allow == "groups" && !r.dynamic:
		return slices.ContainsFunc(groups(c.Claims, r.claim), func(g string) bool { return slices.Contains(r.groups, g) })
	}
	return r.allow == "public" || r.allow == "private"
}

// condition is the rows in which a caller is whom a rule speaks of.
func (r *v1Rule) condition(c authn.Caller) (Condition, bool) {
	if !r.dynamic || r.field == nil {
		return Condition{}, false
	}
	out := Condition{Field: r.field}
	if r.allow == "groups" {
		out.Values = groups(c.Claims, r.claim)
	} else if v, ok := r.owner(c); ok {
		out.Values = []string{v}
	}
	return out, len(out.Values) > 0
}

// forMode are the rules that count for a caller.
func forMode(rules []v1Rule, c authn.Caller) []v1Rule {
	provider := providers[c.Mode]
	return slices.DeleteFunc(slices.Clone(rules), func(r v1Rule) bool { return provider == "" || r.provider != provider })
}

// grant joins what rules give to a caller.
func grant(rules []v1Rule, c authn.Caller) Verdict {
	var out Verdict
	for i := range rules {
		if rules[i].always(c) {
			return everything
		}
		if cond, ok := rules[i].condition(c); ok {
			out.Any = append(out.Any, cond)
		}
	}
	return out
}

// signedIn says whether a caller is a user with claims, whom the templates judge.
// Others are judged before, by the policies of their roles.
func signedIn(c authn.Caller) bool { return c.Mode == authn.UserPool || c.Mode == authn.OIDC }

// uncovered says whether a caller may do what no rule of the model covers.
// Somebody with temporary credentials may not, as rules are where the policies of
// the roles come from.
func (p *v1) uncovered(c authn.Caller) bool {
	return providers[c.Mode] != "" && (c.Mode != authn.IAM || len(p.m.Rules) == 0)
}

// reader says whether a caller sees rows only because rules of fields let it read
// those.
func (p *v1) reader(c authn.Caller) bool {
	return p.readers[providers[c.Mode]] && slices.ContainsFunc(p.fields, func(f v1Field) bool {
		return !grant(forMode(f.rules["get"], c), c).Nobody()
	})
}

// rows says which rows a way to read gives to a caller.
func (p *v1) rows(operation string, c authn.Caller) Verdict {
	if p.reader(c) {
		return everything
	}
	rules := p.rules[operation]
	if len(rules) == 0 {
		return Verdict{All: p.uncovered(c)}
	}
	own := forMode(rules, c)
	out := grant(own, c)
	out.Late = !out.All && len(own) > 0 && signedIn(c)
	return out
}

func (p *v1) read(kind transform.OperationKind, c authn.Caller, known Known) Verdict {
	switch kind {
	case transform.Get:
		return p.rows("get", c)
	case transform.List, transform.IndexQuery:
		return p.rows("list", c)
	case transform.Sync:
		return p.rows("sync", c)
	case transform.Search:
		return p.rows("search", c)
	case transform.OnCreate, transform.OnUpdate, transform.OnDelete:
		return p.events(c, known)
	}
	return Verdict{}
}

// events says which events a subscriber gets. An owner has to ask for its own, by
// the argument that is named like the field. The templates ignore dynamic groups
// or, where there is nothing else, let everybody in; here they filter.
func (p *v1) events(c authn.Caller, known Known) Verdict {
	rules := p.rules["listen"]
	if len(rules) == 0 || !p.m.Subscribed {
		return Verdict{All: p.uncovered(c)}
	}
	var out Verdict
	for _, r := range forMode(rules, c) {
		switch cond, ok := r.condition(c); {
		case r.always(c):
			return everything
		case !ok:
		case r.allow != "owner":
			out.Any = append(out.Any, cond)
		default:
			if value, _, asked := known.of(r.field.Name); asked && value == cond.Values[0] {
				return Verdict{Any: []Condition{cond}}
			}
		}
	}
	return out
}

func (p *v1) related(single bool, c authn.Caller) Verdict {
	if single {
		return p.rows("get", c)
	}
	return p.rows("list", c)
}

// readingRules are the rules of a field for those who read it.
func (p *v1) readingRules(f *transform.Field) []v1Rule {
	for i := range p.fields {
		if p.fields[i].field == f {
			return p.fields[i].rules["get"]
		}
	}
	return nil
}

func (p *v1) guarded(f *transform.Field) bool {
	return len(p.readers) > 0 || len(p.readingRules(f)) > 0
}

func (p *v1) field(f *transform.Field, c authn.Caller) Verdict {
	rules := p.readingRules(f)
	if len(rules) == 0 {
		return Verdict{All: !p.readers[providers[c.Mode]]}
	}
	return grant(forMode(rules, c), c)
}

// redacted tells of a field with rules for reading. In the templates that needs a
// rule for writing one of the fields, too.
func (p *v1) redacted(f *transform.Field) bool {
	return p.m.Subscribed && len(p.readingRules(f)) > 0
}

func (p *v1) ownerPart(*transform.Field) bool { return false }

func (p *v1) create(c authn.Caller, input *scalar.Value) ([]Stamp, *Denial) {
	w := &v1Write{p: p, caller: c, input: input}
	for i := range p.fields {
		f := &p.fields[i]
		if rules := f.rules["create"]; len(rules) > 0 && w.creates(f.field) && !w.create(rules) {
			return nil, &Denial{}
		}
	}
	rules := p.rules["create"]
	if len(rules) == 0 && !p.uncovered(c) || len(rules) > 0 && !w.create(rules) {
		return nil, &Denial{}
	}
	return w.stamps, nil
}

func (p *v1) change(kind transform.OperationKind, c authn.Caller, input *scalar.Value) Change {
	w := &v1Write{p: p, caller: c, input: input, out: Change{Conditional: true}}
	operation := "delete"
	if kind == transform.Update {
		operation = "update"
		for i := range p.fields {
			if !w.updateField(&p.fields[i]) {
				return Change{Denied: &Denial{}}
			}
		}
	}
	rules := p.rules[operation]
	switch {
	case len(rules) == 0 && p.uncovered(c):
	case operation == "update" && w.onlyOwnFields():
	case len(rules) == 0 || !w.need(rules):
		return Change{Denied: &Denial{}}
	}
	return w.out
}
