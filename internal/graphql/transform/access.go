package transform

import (
	"slices"
	"strings"
)

// access is what the rules of version 2 say about a model whose fields are
// known; nil without @auth.
func (a *assembler) access(m *Model) *Access {
	if a.version == 1 {
		return nil
	}
	def := a.byName[m.Name].def
	for _, f := range m.Fields {
		f.Implicit = def.Fields.ForName(f.Name) == nil && !slices.Contains(serverFields, f.Name) &&
			f.Name != m.CreatedAt && f.Name != m.UpdatedAt
	}
	matrix := a.auth.models[m.Name]
	if matrix == nil {
		return nil
	}
	out := matrix.access()
	for i, r := range matrix.roles {
		if r.dynamic {
			if f := m.Field(r.entity); f != nil {
				out.Roles[i].Field = f
				f.Implicit = false
			}
		}
	}
	for _, r := range out.Roles {
		r.Mixed = r.Field != nil && slices.ContainsFunc(out.Roles, func(o *Role) bool {
			return o.Field == r.Field && o.Allow == "owner" && strings.Contains(o.Claim, "::")
		})
	}
	return out
}

// serverFields are fields that the compiler adds to a model for itself.
var serverFields = []string{"id", "_version", "_deleted", "_lastChangedAt"}

func (m *matrix) access() *Access {
	out := &Access{Fields: m.fields}
	for i, r := range m.roles {
		x := &Role{Provider: r.provider, Allow: r.allow, Claim: r.claim, may: m.allowed[i]}
		if sameProvider(r.provider, "iam") {
			x.Provider = "iam"
		}
		if r.allow == "groups" && !r.dynamic {
			x.Group = r.entity
		}
		out.Roles = append(out.Roles, x)
	}
	return out
}

// guards are the rules of fields outside of models.
func (a *assembler) guards() map[string]map[string]*Access {
	out := map[string]map[string]*Access{}
	for _, name := range a.auth.fieldOrder {
		typ, field := cutField(name)
		if out[typ] == nil {
			out[typ] = map[string]*Access{}
		}
		x := a.auth.fields[name].access()
		for _, r := range x.Roles { // the matrix knows the field by its whole name
			r.may = map[string]map[string]bool{field: r.may[name]}
		}
		x.Fields = []string{field}
		out[typ][field] = x
	}
	return out
}
