package exec_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// gRule is an @auth rule as it is written.
type gRule struct {
	allow, provider string // provider is empty for the default
	field           string // ownerField or groupsField
	groups          []string
	ops             []string // empty for all
}

// gRole is one kind of caller: a rule of two groups is two of them.
type gRole struct{ allow, provider, field, group string }

func (r *gRule) roles() []gRole {
	role := gRole{r.allow, r.provider, r.field, ""}
	if role.provider == "" {
		role.provider = map[string]string{"public": "apiKey"}[r.allow]
	}
	if role.provider == "" {
		role.provider = "userPools"
	}
	if len(r.groups) == 0 {
		return []gRole{role}
	}
	var out []gRole
	for _, g := range r.groups {
		role.group = g
		out = append(out, role)
	}
	return out
}

func (r *gRule) gives(op string) bool {
	if len(r.ops) == 0 {
		return true
	}
	return slices.Contains(r.ops, op) || (op == "get" || op == "list") && slices.Contains(r.ops, "read")
}

func rulesText(rules []gRule) string {
	var list []string
	for _, r := range rules {
		s := "{allow: " + r.allow
		if r.provider != "" {
			s += ", provider: " + r.provider
		}
		switch {
		case len(r.groups) > 0:
			s += ", groups: " + nameList(r.groups)
		case r.allow == "groups":
			s += fmt.Sprintf(", groupsField: %q", r.field)
		case r.allow == "owner" && r.field != "owner":
			s += fmt.Sprintf(", ownerField: %q", r.field)
		}
		if len(r.ops) > 0 {
			s += ", operations: [" + strings.Join(r.ops, ", ") + "]"
		}
		list = append(list, s+"}")
	}
	return " @auth(rules: [" + strings.Join(list, ", ") + "])"
}

var (
	ownerPool = []string{"ann", "ben", "sub-ann", "sub-ann::ann", "sub-ben::ben", "x::ann", "sub-ben::ann"}
	teamPool  = []string{"Red", "Blue", "Re", "Audit"}
	// operation lists in which who may delete may also update.
	operationLists = [][]string{
		nil, nil,
		{"read"},
		{"create", "read"},
		{"create", "update", "read"},
		{"create"},
		{"update", "read"},
		{"create", "update", "delete"},
		{"get"},
		{"list", "create"},
		{"update", "delete", "list"},
	}
)

// fieldLists is how many of them may stand at a field.
const fieldLists = 8

// drawRules gives a model rules, the fields that they speak of, and some fields
// rules of their own.
func drawRules(t *rapid.T, m *gModel) {
	pool := []gRule{
		{allow: "owner", field: "owner"},
		{allow: "owner", field: "writers"},
		{allow: "groups", groups: []string{"Red"}},
		{allow: "groups", groups: []string{"Blue", "Audit"}},
		{allow: "groups", field: "team"},
		{allow: "groups", field: "teams"},
		{allow: "private"},
		{allow: "public"},
		{allow: "private", provider: "iam"},
		{allow: "public", provider: "iam"},
	}
	for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(pool)-1), 1, 4, rapid.ID[int]).Draw(t, "rules") {
		r := pool[i]
		r.ops = rapid.SampledFrom(operationLists).Draw(t, "operations")
		m.rules = append(m.rules, r)
		switch r.field {
		case "owner":
			hidden := rapid.IntRange(0, 2).Draw(t, "undeclared?") == 0
			m.fields = append(m.fields, &gField{name: "owner", typ: "String", undeclared: hidden, noInput: hidden, pool: ownerPool})
		case "writers":
			m.fields = append(m.fields, &gField{name: "writers", typ: "String", list: true, pool: ownerPool})
		case "team":
			m.fields = append(m.fields, &gField{name: "team", typ: "String", pool: teamPool})
		case "teams":
			m.fields = append(m.fields, &gField{name: "teams", typ: "String", list: true, pool: teamPool})
		}
	}
	for _, f := range m.fields {
		if !strings.HasPrefix(f.name, "f") || f.required || rapid.IntRange(0, 2).Draw(t, "field rules?") > 0 {
			continue
		}
		for _, of := range m.rules {
			if rapid.Bool().Draw(t, "field rule?") {
				r := of
				r.ops = rapid.SampledFrom(operationLists[:fieldLists]).Draw(t, "operations")
				reads := func(r gRule) bool { return r.gives("get") || r.gives("list") }
				if reads(r) && !reads(of) { // a role of the field alone, which needs every required field
					r.ops = []string{"create", "update"}
				}
				f.rules = append(f.rules, r)
			}
		}
	}
}

// roles are all roles of a model.
func (m *gModel) roles() []gRole {
	var out []gRole
	for _, r := range m.rules {
		out = append(out, r.roles()...)
	}
	return out
}

// mixed says whether a model has rules for others than the users of a pool.
func (m *gModel) mixed() bool {
	return slices.ContainsFunc(m.roles(), func(r gRole) bool { return r.provider != "userPools" })
}

// grants says whether a role may do an operation on a field: by the rules of the
// field, if it has some.
func (m *gModel) grants(role gRole, op string, f *gField) bool {
	rules := m.rules
	if len(f.rules) > 0 {
		rules = f.rules
	}
	return slices.ContainsFunc(rules, func(r gRule) bool { return slices.Contains(r.roles(), role) && r.gives(op) })
}

// may are the roles that may do one of some operations on some field.
func (m *gModel) may(ops ...string) []gRole {
	return slices.DeleteFunc(m.roles(), func(r gRole) bool {
		return !slices.ContainsFunc(m.fields, func(f *gField) bool {
			return !f.implicit() && slices.ContainsFunc(ops, func(op string) bool { return m.grants(r, op, f) })
		})
	})
}

// access is what somebody may do with the rows of a model.
type access struct {
	open   bool // the schema has no rules, or the caller is an administrator
	who    *person
	roles  []gRole
	nobody bool
}

func (g *generated) access(m *gModel, ops ...string) *access {
	a := &access{open: !g.schema.ruled || g.who.admin, who: g.who}
	if !a.open {
		a.roles = m.may(ops...)
		a.nobody = !slices.ContainsFunc(a.roles, g.who.ever)
	}
	return a
}

func (a *access) row(row item) bool {
	return a.open || slices.ContainsFunc(a.roles, func(r gRole) bool { return a.who.has(r, row) })
}

// shown says whether the caller may see a field of a row that it may see.
func (g *generated) shown(m *gModel, f *gField, row item) bool {
	if !g.schema.ruled || g.who.admin || !m.guarded(f) {
		return true
	}
	return slices.ContainsFunc(m.roles(), func(r gRole) bool {
		return (m.grants(r, "get", f) || m.grants(r, "list", f)) && g.who.has(r, row)
	})
}

// secret is the first field of a filter that the caller may not see in any row
// that could be; such a filter is refused. Empty is none.
func (g *generated) secret(m *gModel, filter map[string]any) string {
	if !g.schema.ruled || g.who.admin {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(filter)) {
		switch v := filter[name].(type) {
		case []any:
			for _, x := range v {
				if f := g.secret(m, x.(map[string]any)); f != "" {
					return f
				}
			}
		case map[string]any:
			if name == "not" {
				if f := g.secret(m, v); f != "" {
					return f
				}
				continue
			}
			f := m.field(name)
			if len(f.rules) > 0 && !slices.ContainsFunc(m.roles(), func(r gRole) bool {
				return (m.grants(r, "get", f) || m.grants(r, "list", f)) && g.who.ever(r)
			}) {
				return name
			}
		}
	}
	return ""
}

// guarded says whether some who have to do with a model may not see a field. The
// answers of mutations leave it out, because not all who hear of them may see it.
func (m *gModel) guarded(f *gField) bool {
	if len(f.rules) == 0 {
		return false
	}
	everybody := gRole{allow: "private", provider: "userPools"}
	all := slices.Contains(m.roles(), everybody) && m.grants(everybody, "get", f) && m.grants(everybody, "list", f)
	return slices.ContainsFunc(m.roles(), func(r gRole) bool {
		reads := m.grants(r, "get", f) || m.grants(r, "list", f)
		return !reads && !(all && r.provider == "userPools")
	})
}

// seen is a row as the filters of the caller see it: without what is hidden.
func (g *generated) seen(m *gModel, row item) item {
	out := item{}
	for name, v := range row {
		if g.shown(m, m.field(name), row) {
			out[name] = v
		}
	}
	return out
}

// stamped are the owner fields that a create fills in for the caller.
func (g *generated) stamped(m *gModel, input item) item {
	out := item{}
	if !g.schema.ruled || g.who.mode != "userPools" {
		return out
	}
	for _, r := range m.may("create") {
		if _, given := input[r.field]; r.allow == "owner" && !given {
			out[r.field] = g.who.forms()[0]
			if m.field(r.field).list {
				out[r.field] = []string{g.who.forms()[0]}
			}
		}
	}
	return out
}

// writes says why the caller may not write an input: no role, or fields that no
// role of its may write. row is what the roles are judged by.
func (g *generated) writes(m *gModel, op string, input, row item) (refused bool, fields []string) {
	if !g.schema.ruled || g.who.admin {
		return false, nil
	}
	roles := slices.DeleteFunc(m.may(op), func(r gRole) bool { return !g.who.has(r, row) })
	if len(roles) == 0 {
		return true, nil
	}
	some := func(op string, f *gField) bool {
		return slices.ContainsFunc(roles, func(r gRole) bool { return m.grants(r, op, f) })
	}
	for _, r := range roles { // who may write everything is asked no more
		if !slices.ContainsFunc(m.fields, func(f *gField) bool {
			return !f.implicit() && !(m.grants(r, op, f) && (op == "create" || m.grants(r, "delete", f)))
		}) {
			return false, nil
		}
	}
	for name, v := range input {
		f := m.field(name)
		if f.implicit() { // of no rule; only who may write everything may take it away
			if op == "update" && v == nil {
				fields = append(fields, name)
			}
			continue
		}
		named := op == "update" && slices.Contains(m.key.fields, name) // which names the row
		if !named && !some(op, f) || op == "update" && v == nil && !some("delete", f) {
			fields = append(fields, name)
		}
	}
	slices.Sort(fields)
	return len(fields) > 0, fields
}

// late says that only the row tells whether the caller has one of some roles.
func (g *generated) late(roles []gRole) bool {
	return slices.ContainsFunc(roles, func(r gRole) bool { return g.who.ever(r) && !g.who.always(r) })
}

// deletes are the roles that may delete every field.
func (m *gModel) deletes() []gRole {
	return slices.DeleteFunc(m.roles(), func(r gRole) bool {
		return slices.ContainsFunc(m.fields, func(f *gField) bool { return !f.implicit() && !m.grants(r, "delete", f) })
	})
}
