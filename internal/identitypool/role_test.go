package identitypool_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/identitypool/wire"
)

const (
	role1 = "arn:aws:iam::000000000000:role/one"
	role2 = "arn:aws:iam::000000000000:role/two"
)

func byToken(ambiguous string) wire.RoleMapping {
	return wire.RoleMapping{Type: wire.RoleMappingTypeToken, AmbiguousRoleResolution: ambiguous}
}

func byRules(ambiguous string, rules ...wire.MappingRule) wire.RoleMapping {
	return wire.RoleMapping{
		Type: wire.RoleMappingTypeRules, AmbiguousRoleResolution: ambiguous,
		RulesConfiguration: &wire.RulesConfigurationType{Rules: rules},
	}
}

func rule(claim, match, value, role string) wire.MappingRule {
	return wire.MappingRule{Claim: claim, MatchType: match, Value: value, RoleARN: role}
}

// TestRoles are the roles that logins get; an empty one is a refusal.
func TestRoles(t *testing.T) {
	const orAuth, orDeny = wire.AmbiguousRoleResolutionTypeAuthenticatedRole, wire.AmbiguousRoleResolutionTypeDeny
	groups := map[string]any{"cognito:roles": []any{role1, role2}}
	preferred := map[string]any{"cognito:roles": []any{role1, role2}, "cognito:preferred_role": role2}
	claims := map[string]any{
		"department": "sales", "level": json.Number("7"), "email_verified": true, "cognito:groups": []any{"Administrators", "staff"},
	}
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		id := f.getID(t, pool, logins("a"))
		for _, tt := range []struct {
			name    string
			mapping *wire.RoleMapping
			key     string // of the mapping; default is the provider
			claims  map[string]any
			custom  string
			want    string
		}{
			{name: "no mapping", claims: preferred, want: authRole},
			{name: "no mapping, custom", claims: preferred, custom: role1},
			{name: "mapping of another provider", mapping: new(byToken(orDeny)), key: provider2, claims: preferred, want: authRole},
			{name: "mapping of another client", mapping: new(byToken(orDeny)), key: provider + ":other", claims: preferred, want: authRole},
			{name: "mapping of the client", mapping: new(byToken(orDeny)), key: provider + ":" + client, claims: preferred, want: role2},
			{name: "mapping by another name", mapping: new(byToken(orDeny)), key: "127.0.0.1:80/" + userPool + ":" + client, claims: preferred, want: role2},
			{name: "preferred", mapping: new(byToken(orDeny)), claims: preferred, want: role2},
			{name: "custom", mapping: new(byToken(orDeny)), claims: preferred, custom: role1, want: role1},
			{name: "custom that is not one", mapping: new(byToken(orAuth)), claims: preferred, custom: authRole},
			{name: "custom without roles", mapping: new(byToken(orAuth)), custom: role1},
			{name: "one role", mapping: new(byToken(orDeny)), claims: map[string]any{"cognito:roles": []any{role1}}, want: role1},
			{name: "two roles, authenticated", mapping: new(byToken(orAuth)), claims: groups, want: authRole},
			{name: "two roles, denied", mapping: new(byToken(orDeny)), claims: groups},
			{name: "no roles, authenticated", mapping: new(byToken(orAuth)), want: authRole},
			{name: "no roles, denied", mapping: new(byToken(orDeny))},
			{name: "roles that are no list", mapping: new(byToken(orDeny)), claims: map[string]any{"cognito:roles": role1}},
			{name: "preferred that is no role", mapping: new(byToken(orAuth)), claims: map[string]any{"cognito:preferred_role": "x"}},
			{name: "equals", mapping: new(byRules(orDeny, rule("department", "Equals", "sales", role1))), claims: claims, want: role1},
			{name: "equals not", mapping: new(byRules(orDeny, rule("department", "Equals", "sale", role1))), claims: claims},
			{name: "equals in another case", mapping: new(byRules(orDeny, rule("department", "Equals", "Sales", role1))), claims: claims},
			{name: "equals a number", mapping: new(byRules(orDeny, rule("level", "Equals", "7", role1))), claims: claims, want: role1},
			{name: "equals a boolean", mapping: new(byRules(orDeny, rule("email_verified", "Equals", "true", role1))), claims: claims, want: role1},
			{name: "contains", mapping: new(byRules(orDeny, rule("department", "Contains", "ale", role1))), claims: claims, want: role1},
			{name: "contains not", mapping: new(byRules(orDeny, rule("department", "Contains", "ALE", role1))), claims: claims},
			{name: "starts", mapping: new(byRules(orDeny, rule("department", "StartsWith", "sal", role1))), claims: claims, want: role1},
			{name: "starts not", mapping: new(byRules(orDeny, rule("department", "StartsWith", "ales", role1))), claims: claims},
			{name: "not equal", mapping: new(byRules(orDeny, rule("department", "NotEqual", "it", role1))), claims: claims, want: role1},
			{name: "not equal, but equal", mapping: new(byRules(orDeny, rule("department", "NotEqual", "sales", role1))), claims: claims},
			{name: "not equal without the claim", mapping: new(byRules(orDeny, rule("other", "NotEqual", "x", role1))), claims: claims},
			{name: "group", mapping: new(byRules(orDeny, rule("cognito:groups", "Contains", "staff", role1))), claims: claims, want: role1},
			{name: "part of a group's name", mapping: new(byRules(orDeny, rule("cognito:groups", "Contains", "Admin", role1))), claims: claims},
			{name: "group that starts", mapping: new(byRules(orDeny, rule("cognito:groups", "StartsWith", "Admin", role1))), claims: claims, want: role1},
			{name: "no such group", mapping: new(byRules(orDeny, rule("cognito:groups", "NotEqual", "guests", role1))), claims: claims, want: role1},
			{name: "such a group", mapping: new(byRules(orDeny, rule("cognito:groups", "NotEqual", "staff", role1))), claims: claims},
			{
				name: "first rule", claims: claims, want: role2,
				mapping: new(byRules(orDeny, rule("x", "Equals", "y", authRole), rule("department", "Equals", "sales", role2), rule("department", "Contains", "s", role1))),
			},
			{name: "no rule, authenticated", mapping: new(byRules(orAuth, rule("x", "Equals", "y", role1))), claims: claims, want: authRole},
			{name: "rules and custom", mapping: new(byRules(orAuth, rule("department", "Equals", "sales", role1))), claims: claims, custom: role1},
		} {
			key := tt.key
			if key == "" {
				key = provider
			}
			var mappings map[string]wire.RoleMapping
			if tt.mapping != nil {
				mappings = map[string]wire.RoleMapping{key: *tt.mapping}
			}
			f.roles(t, pool, mappings)
			f.claims = tt.claims
			out, err := f.GetCredentialsForIdentity(t.Context(), &wire.GetCredentialsForIdentityInput{
				IdentityID: id, Logins: logins("a"), CustomRoleARN: tt.custom,
			})
			if tt.want == "" {
				if err == nil {
					t.Errorf("%s: accepted", tt.name)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
				continue
			}
			_, who, err := f.sessions.OpenSession(out.Credentials.AccessKeyID, out.Credentials.SessionToken, start)
			if err != nil || who.RoleARN != tt.want {
				t.Errorf("%s: got %s, %v, want %s", tt.name, who.RoleARN, err, tt.want)
			}
		}
	})
}

func TestNoRoles(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		const text = "Invalid identity pool configuration. Check assigned IAM roles for this pool."
		pool := f.pool(t, nil)
		a, guest := f.getID(t, pool, logins("a")), f.getID(t, pool, nil)
		_, err := f.GetCredentialsForIdentity(t.Context(), &wire.GetCredentialsForIdentityInput{IdentityID: guest, CustomRoleARN: guestRole})
		want(t, err, badParameter, "CustomRoleArn")
		if _, err := f.SetIdentityPoolRoles(t.Context(), &wire.SetIdentityPoolRolesInput{IdentityPoolID: pool, Roles: map[string]string{}}); err != nil {
			t.Fatal(err)
		}
		_, err = f.GetCredentialsForIdentity(t.Context(), &wire.GetCredentialsForIdentityInput{IdentityID: guest})
		want(t, err, wire.InvalidIdentityPoolConfigurationException, text)
		_, err = f.GetCredentialsForIdentity(t.Context(), &wire.GetCredentialsForIdentityInput{IdentityID: a, Logins: logins("a")})
		want(t, err, wire.InvalidIdentityPoolConfigurationException, text)
		// Who may not say to be a guest learns that first.
		_, err = f.GetCredentialsForIdentity(t.Context(), &wire.GetCredentialsForIdentityInput{IdentityID: a})
		want(t, err, denied, "Logins don't match.")
	})
}

func TestSetRoles(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		good := rule("x", "Equals", "y", role1)
		many := make([]wire.MappingRule, 26)
		for i := range many {
			many[i] = good
		}
		for _, tt := range []struct {
			name, text string
			roles      map[string]string
			mappings   map[string]wire.RoleMapping
		}{
			{"unknown role", "role type", map[string]string{"admin": role1}, nil},
			{"no ARN", "ARN of a role", map[string]string{"authenticated": "arn:aws:iam::000000000000:user/x"}, nil},
			{"ARN with a slash at the end", "ARN of a role", map[string]string{"authenticated": "arn:aws:iam::000000000000:role/x/"}, nil},
			{"no resolution", "AmbiguousRoleResolution", nil, map[string]wire.RoleMapping{provider: byToken("")}},
			{"token with rules", "has rules", nil, map[string]wire.RoleMapping{provider: {
				Type: "Token", AmbiguousRoleResolution: "Deny", RulesConfiguration: &wire.RulesConfigurationType{Rules: []wire.MappingRule{good}},
			}}},
			{"unknown type", "type", nil, map[string]wire.RoleMapping{provider: {Type: "x", AmbiguousRoleResolution: "Deny"}}},
			{"no rules", "1 to 25 rules", nil, map[string]wire.RoleMapping{provider: {Type: "Rules", AmbiguousRoleResolution: "Deny"}}},
			{"many rules", "1 to 25 rules", nil, map[string]wire.RoleMapping{provider: byRules("Deny", many...)}},
			{"rule without an ARN", "ARN of a role", nil, map[string]wire.RoleMapping{provider: byRules("Deny", rule("x", "Equals", "y", "x"))}},
			{"rule without a claim", "no claim", nil, map[string]wire.RoleMapping{provider: byRules("Deny", rule("", "Equals", "y", role1))}},
			{"unknown match", "match type", nil, map[string]wire.RoleMapping{provider: byRules("Deny", rule("x", "Like", "y", role1))}},
			{"two for one provider", "more than one", nil, map[string]wire.RoleMapping{provider: byToken("Deny"), "a.b/" + userPool: byToken("Deny")}},
		} {
			_, err := f.SetIdentityPoolRoles(t.Context(), &wire.SetIdentityPoolRolesInput{IdentityPoolID: pool, Roles: tt.roles, RoleMappings: tt.mappings})
			want(t, err, badParameter, tt.text)
			if t.Failed() {
				t.Fatalf("at %q", tt.name)
			}
		}
		mappings := map[string]wire.RoleMapping{provider + ":" + client: byRules("Deny", good), provider2: byToken("AuthenticatedRole")}
		f.roles(t, pool, mappings)
		got, err := f.GetIdentityPoolRoles(t.Context(), &wire.GetIdentityPoolRolesInput{IdentityPoolID: pool})
		if err != nil {
			t.Fatal(err)
		}
		expected := &wire.GetIdentityPoolRolesOutput{
			IdentityPoolID: pool, Roles: map[string]string{"authenticated": authRole, "unauthenticated": guestRole}, RoleMappings: mappings,
		}
		if d := cmp.Diff(expected, got); d != "" {
			t.Error(d)
		}
	})
}
