package codegen

// auth fills the defaults into all @auth rules, as clients want to see them.
func (g *generator) auth() {
	for _, m := range g.models {
		m.directives = processAuth(m.directives)
		for _, f := range m.fields {
			f.directives = processAuth(f.directives)
		}
	}
}

// processAuth moves @auth directives to the end and completes their rules.
func processAuth(list []*directive) []*directive {
	var others, auth []*directive
	for _, d := range list {
		if d.name != "auth" {
			others = append(others, d)
			continue
		}
		args := d.args.clone()
		rules := []any{}
		given, _ := d.args.get("rules").([]any)
		if o, ok := d.args.get("rules").(*object); ok {
			given = []any{o}
		}
		for _, r := range given {
			if rule, ok := r.(*object); ok {
				rules = append(rules, processRule(rule))
			}
		}
		args.set("rules", rules)
		auth = append(auth, &directive{name: d.name, args: args, field: d.field})
	}
	return append(others, auth...)
}

func processRule(rule *object) *object {
	operations := rule.get("operations")
	if operations == nil {
		operations = rule.get("mutations")
	}
	if operations == nil {
		operations = anyList([]string{"create", "update", "delete", "read"})
	}
	var out *object
	switch rule.text("allow") {
	case "owner":
		owner := "owner"
		if s := rule.text("ownerField"); s != "" {
			owner = s
		}
		claim := "username"
		for _, name := range []string{"identityField", "identityClaim"} {
			if s := rule.text(name); s != "" {
				claim = s
			}
		}
		if claim == "username" {
			claim = "cognito:username"
		}
		out = newObject("provider", "userPools", "ownerField", owner)
		merge(out, rule)
		out.set("identityClaim", claim)
	case "groups":
		out = newObject("groupClaim", "cognito:groups", "provider", "userPools")
		merge(out, rule)
		if rule.get("groups") == nil {
			out.set("groupField", "groups")
		}
	default:
		out = newObject()
		merge(out, rule)
	}
	out.set("operations", operations)
	return out
}

func merge(to, from *object) {
	for _, name := range from.names {
		to.set(name, from.get(name))
	}
}
