package exec_test

import (
	"slices"

	"preamp/internal/authn"
)

// person is a caller as the reference sees it.
type person struct {
	name   string // of a user
	mode   string // apiKey, userPools, iam
	admin  bool
	guest  bool
	groups []string
	caller authn.Caller
}

var everyone = func() []*person {
	member := authn.Caller{Mode: authn.IAM, ID: "member", Federated: &authn.Federated{PoolID: "pool", IdentityID: "id"}}
	list := []*person{
		{mode: "apiKey", caller: caller},
		{mode: "iam", admin: true, caller: root},
		{mode: "iam", admin: true, caller: root},
		{mode: "iam", guest: true, caller: guest},
		{mode: "iam", caller: member},
	}
	for _, name := range []string{"ann", "ben"} {
		for _, groups := range [][]string{nil, {"Red"}, {"Blue", "Audit"}, {"Re", "Red"}} {
			p := &person{name: name, mode: "userPools", groups: groups, caller: user(name)}
			if groups != nil {
				p.caller.Claims["cognito:groups"] = groups
			}
			list = append(list, p)
		}
	}
	return list
}()

func (p *person) forms() []string {
	return []string{"sub-" + p.name + "::" + p.name, "sub-" + p.name, p.name}
}

// always says whether somebody has a role in every row.
func (p *person) always(r gRole) bool {
	if r.provider != p.mode || r.field != "" {
		return false
	}
	switch {
	case p.mode == "iam":
		return p.guest == (r.allow == "public")
	case r.group != "":
		return slices.Contains(p.groups, r.group)
	}
	return true
}

// ever says whether somebody has a role in some row that could be.
func (p *person) ever(r gRole) bool {
	return p.always(r) || r.provider == p.mode && (r.allow == "owner" || r.field != "" && len(p.groups) > 0)
}

// has says whether somebody has a role in a row; nil is a row that is not there.
func (p *person) has(r gRole, row item) bool {
	if p.always(r) {
		return true
	}
	if r.provider != p.mode || r.field == "" || row == nil {
		return false
	}
	mine := p.groups
	if r.allow == "owner" {
		mine = p.forms()
	}
	switch v := row[r.field].(type) {
	case string:
		return slices.Contains(mine, v)
	case []string:
		return slices.ContainsFunc(v, func(s string) bool { return slices.Contains(mine, s) })
	}
	return false
}
