package authz

import (
	"slices"
	"strings"

	"preamp/internal/authn"
	"preamp/internal/graphql/transform"
)

// v2 is the rules of a model of transformer version 2.
type v2 struct {
	m      *transform.Model
	access *transform.Access // nil without @auth
	// free are the input fields that whoever may write anything may write.
	free map[string]bool
	// keys are the foreign keys that stand for a relation field with rules of its
	// own, which bind them, too.
	keys map[string]string
	// may are the roles that may do an operation on some field, relate those that
	// may read something in some way, erase those that may delete every field and
	// alter those that may update or delete one.
	may                  map[string][]*transform.Role
	relate, erase, alter []*transform.Role
	// readers are the roles that may read a guarded field.
	readers map[*transform.Field][]*transform.Role
	hidden  map[*transform.Field]bool // in the payload of mutations
	owners  map[*transform.Field]bool // holds claims joined by "::"
}

func newV2(api *transform.API, m *transform.Model) policy {
	p := &v2{
		m: m, access: m.Access, free: map[string]bool{"_version": true, "_deleted": true, "_lastChangedAt": true},
		readers: map[*transform.Field][]*transform.Role{}, hidden: map[*transform.Field]bool{}, owners: map[*transform.Field]bool{}, keys: map[string]string{},
	}
	for _, f := range m.Fields {
		if f.Implicit {
			p.free[f.Name] = true
		}
	}
	if m.Access == nil {
		return p
	}
	p.may = map[string][]*transform.Role{}
	for _, op := range append([]string{"create"}, reading...) {
		p.may[op] = rolesFor(m.Access, op)
	}
	p.relate = readersOf(m.Access)
	p.erase = slices.DeleteFunc(slices.Clone(m.Access.Roles), func(r *transform.Role) bool {
		return slices.ContainsFunc(m.Access.Fields, func(f string) bool { return !r.May("delete", f) })
	})
	p.alter = slices.DeleteFunc(slices.Clone(m.Access.Roles), func(r *transform.Role) bool {
		return !slices.ContainsFunc(m.Access.Fields, func(f string) bool { return r.May("update", f) || r.May("delete", f) })
	})
	for _, f := range m.Fields {
		if !slices.Contains(m.Access.Fields, f.Name) {
			continue
		}
		// A field without rules of its own is kept from those who only read others. One
		// that has some is kept from everybody else; the official tool forgets those
		// who may not get, and so shows them more than others.
		all := p.relate
		if len(f.Rules) > 0 {
			all = m.Access.Roles
		}
		all = without(all, f.Name)
		allowed := slices.DeleteFunc(slices.Clone(all), func(r *transform.Role) bool { return !mayRead(r, f.Name) })
		guarded := len(allowed) < len(all)
		if guarded {
			p.readers[f] = allowed
		}
		switch {
		case !m.Subscribed:
		case f.Link == nil:
			p.hidden[f] = guarded
		default:
			p.hidden[f] = guarded || !api.InheritPrimaryAuth && differs(f, allowed)
		}
	}
	for _, f := range m.Fields {
		if f.Link == nil || len(f.Rules) == 0 || !slices.Contains(m.Access.Fields, f.Name) {
			continue
		}
		for _, key := range f.Link.From {
			if !key.Implicit {
				continue
			}
			p.keys[key.Name] = f.Name
			delete(p.free, key.Name)
			if readers, guarded := p.readers[f]; guarded {
				p.readers[key], p.hidden[key] = readers, p.hidden[f]
			}
		}
	}
	for _, r := range m.Access.Roles {
		if r.Allow == "owner" && r.Field != nil && strings.Contains(r.Claim, joint) && !api.UsernameOwner {
			p.owners[r.Field] = true
		}
	}
	return p
}

// reading are the operations that read an item.
var reading = []string{"get", "list", "search", "listen", "sync"}

func mayRead(r *transform.Role, field string) bool {
	return slices.ContainsFunc(reading, func(op string) bool { return r.May(op, field) })
}

// without leaves the roles out that one for all signed-in users makes needless,
// if that may read a field in every way.
func without(roles []*transform.Role, field string) []*transform.Role {
	covered := map[string]bool{}
	for _, r := range roles {
		if private(r) && !slices.ContainsFunc(reading, func(op string) bool { return !r.May(op, field) }) {
			covered[r.Provider] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(roles), func(r *transform.Role) bool { return covered[r.Provider] && !private(r) })
}

// private says whether a role is every user of a user pool or OIDC provider.
func private(r *transform.Role) bool {
	return r.Allow == "private" && (r.Provider == "userPools" || r.Provider == "oidc")
}

// differs says whether a relation leads to a model whose readers are not those
// of the relation, so that a subscriber could see what it may not read.
func differs(f *transform.Field, readers []*transform.Role) bool {
	other := f.Link.Model.Access
	if other == nil || f.Type.NonNull { // a null in a non-null field would take the item with it
		return false
	}
	related := readersOf(other)
	for _, provider := range []string{"userPools", "oidc"} {
		if slices.ContainsFunc(related, func(r *transform.Role) bool { return r.Provider == provider && private(r) }) {
			related = slices.DeleteFunc(related, func(r *transform.Role) bool { return r.Provider == provider && !private(r) })
		}
	}
	for _, r := range readers {
		overlap := slices.ContainsFunc(related, func(o *transform.Role) bool {
			return same(r, o) || r.Provider == o.Provider && (private(r) || private(o) || r.Provider == "iam" && (r.Allow == "private" || o.Allow == "private"))
		})
		if overlap {
			equal := len(readers) == len(related) && !slices.ContainsFunc(related, func(o *transform.Role) bool {
				return !slices.ContainsFunc(readers, func(r *transform.Role) bool { return same(r, o) && r.Field == nil && r.Allow != "custom" })
			})
			return !equal
		}
	}
	return false
}

// same says whether two roles, of two models, are the same people.
func same(a, b *transform.Role) bool {
	name := func(f *transform.Field) string {
		if f == nil {
			return ""
		}
		return f.Name
	}
	return a.Provider == b.Provider && a.Allow == b.Allow && a.Claim == b.Claim && a.Group == b.Group && name(a.Field) == name(b.Field)
}

// rolesFor are the roles that may do an operation on a field.
func rolesFor(a *transform.Access, operation string) []*transform.Role {
	return slices.DeleteFunc(slices.Clone(a.Roles), func(r *transform.Role) bool {
		return !slices.ContainsFunc(a.Fields, func(f string) bool { return r.May(operation, f) })
	})
}

// readersOf are the roles that may read something in some way.
func readersOf(a *transform.Access) []*transform.Role {
	return slices.DeleteFunc(slices.Clone(a.Roles), func(r *transform.Role) bool {
		return !slices.ContainsFunc(a.Fields, func(f string) bool { return mayRead(r, f) })
	})
}

// providers are the names of modes in rules.
var providers = map[authn.Mode]string{
	authn.APIKey: "apiKey", authn.IAM: "iam", authn.UserPool: "userPools", authn.OIDC: "oidc", authn.Lambda: "function",
}

// always says whether a caller has a role in every row.
func always(r *transform.Role, c authn.Caller) bool {
	if r.Provider != providers[c.Mode] || r.Field != nil {
		return false
	}
	switch {
	case r.Provider == "iam":
		return c.Federated != nil && c.Federated.Guest == (r.Allow == "public")
	case r.Allow == "groups":
		return slices.Contains(groups(c.Claims, r.Claim), r.Group)
	}
	return r.Allow != "owner" // an owner without a field owns nothing
}

// condition is the rows in which a caller has a dynamic role. strict asks for
// all of the claims that name an owner.
func condition(r *transform.Role, c authn.Caller, strict bool) (Condition, bool) {
	if r.Provider != providers[c.Mode] || r.Field == nil {
		return Condition{}, false
	}
	out := Condition{Field: r.Field}
	if r.Allow == "groups" {
		out.Values = groups(c.Claims, r.Claim)
	} else if _, forms, ok := owner(r, c); ok {
		out.Values = forms
	} else if !strict { // whoever lacks a claim still is who the others say
		for claim := range strings.SplitSeq(r.Claim, joint) {
			if v, ok := ownerClaim(c.Claims, claim); ok && !strings.Contains(v, joint) && !slices.Contains(out.Values, v) {
				out.Values = append(out.Values, v)
			}
		}
	}
	return out, len(out.Values) > 0
}

// owner is who the caller is by an owner role. Users may choose the value of a
// claim, so that of a single one must not read like several of somebody else.
func owner(r *transform.Role, c authn.Caller) (full string, forms []string, ok bool) {
	full, forms, ok = ownerValues(c.Claims, r.Claim)
	if r.Mixed && !strings.Contains(r.Claim, joint) && strings.Contains(full, joint) {
		return "", nil, false
	}
	return full, forms, ok
}

// verdict joins what roles give to a caller.
func verdict(roles []*transform.Role, c authn.Caller, known Known, strict bool) Verdict {
	if slices.ContainsFunc(roles, func(r *transform.Role) bool { return always(r, c) }) {
		return everything
	}
	var out Verdict
	for _, r := range roles {
		if r.Field == nil {
			continue
		}
		value, key, fixed := known.of(r.Field.Name)
		cond, ok := condition(r, c, strict || key) // as a part of the key, an owner is named in full
		if !ok {
			continue
		}
		if fixed && !r.Field.List {
			if slices.Contains(cond.Values, value) {
				return everything
			}
			continue
		}
		out.Any = append(out.Any, cond)
	}
	return out
}

func (k Known) of(field string) (value string, key, fixed bool) {
	if k == nil {
		return "", false, false
	}
	return k(field)
}

// open is the verdict on a model without rules: in sandbox mode API keys may do
// everything.
func (p *v2) open(c authn.Caller) bool { return p.m.Open && c.Mode == authn.APIKey }

// operations are the names of queries in rules.
var operations = map[transform.OperationKind]string{
	transform.Get: "get", transform.List: "list", transform.IndexQuery: "list", transform.Sync: "sync", transform.Search: "search",
}

func (p *v2) read(kind transform.OperationKind, c authn.Caller, known Known) Verdict {
	operation := operations[kind]
	switch {
	case operation == "":
		return Verdict{}
	case p.access == nil:
		return Verdict{All: p.open(c)}
	}
	return verdict(p.may[operation], c, known, false)
}

func (p *v2) related(_ bool, c authn.Caller) Verdict {
	if p.access == nil {
		return Verdict{All: p.open(c)}
	}
	return verdict(p.relate, c, nil, false)
}

func (p *v2) guarded(f *transform.Field) bool {
	_, ok := p.readers[f]
	return ok
}

func (p *v2) field(f *transform.Field, c authn.Caller) Verdict {
	roles, ok := p.readers[f]
	if !ok {
		return everything
	}
	return verdict(roles, c, nil, true)
}

func (p *v2) redacted(f *transform.Field) bool  { return p.hidden[f] }
func (p *v2) ownerPart(f *transform.Field) bool { return p.owners[f] }
