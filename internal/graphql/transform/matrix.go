package transform

import "slices"

// role is somebody who may do something: a provider, and for dynamic rules the
// field and claim that decide.
type role struct {
	name     string
	provider string
	allow    string
	dynamic  bool
	claim    string
	entity   string // owner or groups field, or group
}

// matrix says which role may do which operation on which field of a type.
type matrix struct {
	name   string
	fields []string
	roles  []*role
	// allowed is by role, field and operation.
	allowed []map[string]map[string]bool
}

func newMatrix(name string, fields []string) *matrix { return &matrix{name: name, fields: fields} }

func (m *matrix) index(name string) int {
	return slices.IndexFunc(m.roles, func(r *role) bool { return r.name == name })
}

// set grants operations to a role: on one field, or on all when field is
// empty. It says whether that was possible: a rule for all fields must be the
// first of its role unless it may overwrite.
func (m *matrix) set(r *role, field string, operations []string, overwrite bool) bool {
	ops := map[string]bool{}
	for _, op := range operations {
		ops[op] = true
	}
	i := m.index(r.name)
	switch {
	case i < 0:
		i = len(m.roles)
		m.roles = append(m.roles, r)
		m.allowed = append(m.allowed, map[string]map[string]bool{})
	case field == "" && !overwrite:
		return false
	}
	if field != "" {
		m.allowed[i][field] = ops
		return true
	}
	for _, f := range m.fields {
		m.allowed[i][f] = ops
	}
	return true
}

// reset takes all rights on a field away: its own rules follow.
func (m *matrix) reset(field string) {
	for _, fields := range m.allowed {
		delete(fields, field)
	}
}

func (m *matrix) isAllowed(i int, field, operation string) bool {
	return m.allowed[i][field][operation]
}

// rolesFor are the roles that may do an operation on some field, or, for
// delete, on all fields.
func (m *matrix) rolesFor(operation string) []*role {
	var out []*role
	for i, r := range m.roles {
		allowed := func(f string) bool { return m.isAllowed(i, f, operation) }
		if operation == "delete" {
			if !slices.ContainsFunc(m.fields, func(f string) bool { return !allowed(f) }) {
				out = append(out, r)
			}
		} else if slices.ContainsFunc(m.fields, allowed) {
			out = append(out, r)
		}
	}
	return out
}

// providers are the distinct providers of roles.
func providersOf(roles []*role) []string {
	var out []string
	for _, r := range roles {
		if !slices.Contains(out, r.provider) {
			out = append(out, r.provider)
		}
	}
	return out
}
