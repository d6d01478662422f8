package identitypool

import (
	"maps"

	"preamp/internal/awswire"
	"preamp/internal/identitypool/wire"
)

// Names of roles in Roles.
const (
	roleAuthenticated   = "authenticated"
	roleUnauthenticated = "unauthenticated"
)

// change writes what both operations that set up a pool say into settings: all of
// it, so that what a caller leaves out becomes the default. Tags are left alone
// when they are absent.
func change(s *Settings, in *wire.CreateIdentityPoolInput) error {
	for _, no := range []struct {
		name string
		set  bool
	}{
		{"DeveloperProviderName", in.DeveloperProviderName != ""},
		{"OpenIdConnectProviderARNs", len(in.OpenIDConnectProviderARNs) > 0},
		{"SamlProviderARNs", len(in.SamlProviderARNs) > 0},
	} {
		if no.set {
			return unavailable(no.name)
		}
	}
	s.Name, s.Guests, s.Classic = in.IdentityPoolName, in.AllowUnauthenticatedIdentities, in.AllowClassicFlow
	s.Social = maps.Clone(in.SupportedLoginProviders)
	s.Providers = nil
	for _, p := range in.CognitoIdentityProviders {
		s.Providers = append(s.Providers, Provider{
			Name: p.ProviderName, Client: p.ClientID, Check: p.ServerSideTokenCheck != nil && *p.ServerSideTokenCheck,
		})
	}
	if in.IdentityPoolTags != nil {
		s.Tags = maps.Clone(in.IdentityPoolTags)
	}
	return nil
}

// describe is a pool on the wire.
func describe(p *Pool) wire.DescribeIdentityPoolOutput {
	out := wire.DescribeIdentityPoolOutput{
		IdentityPoolID: p.ID, IdentityPoolName: p.Name, AllowUnauthenticatedIdentities: p.Guests, AllowClassicFlow: p.Classic,
		SupportedLoginProviders: p.Social, IdentityPoolTags: p.Tags,
	}
	for _, c := range p.Providers {
		out.CognitoIdentityProviders = append(out.CognitoIdentityProviders, wire.CognitoIdentityProvider{
			ProviderName: c.Name, ClientID: c.Client, ServerSideTokenCheck: new(c.Check),
		})
	}
	return out
}

// setRoles replaces the roles of a pool.
func setRoles(s *Settings, in *wire.SetIdentityPoolRolesInput) error {
	s.Authenticated, s.Unauthenticated = in.Roles[roleAuthenticated], in.Roles[roleUnauthenticated]
	for name := range in.Roles {
		if name != roleAuthenticated && name != roleUnauthenticated {
			return invalid("%s is not a role type.", printable(name))
		}
	}
	s.Mappings = nil
	for key, m := range in.RoleMappings {
		if s.Mappings == nil {
			s.Mappings = map[string]Mapping{}
		}
		mapping := Mapping{Type: m.Type, Ambiguous: m.AmbiguousRoleResolution}
		if m.RulesConfiguration != nil {
			for _, r := range m.RulesConfiguration.Rules {
				mapping.Rules = append(mapping.Rules, Rule{Claim: r.Claim, Match: r.MatchType, Value: r.Value, Role: r.RoleARN})
			}
		}
		s.Mappings[key] = mapping
	}
	return nil
}

// rolesOf are the roles of a pool on the wire.
func rolesOf(p *Pool) *wire.GetIdentityPoolRolesOutput {
	out := &wire.GetIdentityPoolRolesOutput{IdentityPoolID: p.ID}
	for name, arn := range map[string]string{roleAuthenticated: p.Authenticated, roleUnauthenticated: p.Unauthenticated} {
		if arn == "" {
			continue
		}
		if out.Roles == nil {
			out.Roles = map[string]string{}
		}
		out.Roles[name] = arn
	}
	for key, m := range p.Mappings {
		if out.RoleMappings == nil {
			out.RoleMappings = map[string]wire.RoleMapping{}
		}
		mapping := wire.RoleMapping{Type: m.Type, AmbiguousRoleResolution: m.Ambiguous}
		if m.Type == MapRules {
			mapping.RulesConfiguration = &wire.RulesConfigurationType{}
			for _, r := range m.Rules {
				mapping.RulesConfiguration.Rules = append(mapping.RulesConfiguration.Rules,
					wire.MappingRule{Claim: r.Claim, MatchType: r.Match, Value: r.Value, RoleARN: r.Role})
			}
		}
		out.RoleMappings[key] = mapping
	}
	return out
}

func describeIdentity(i identity) wire.IdentityDescription {
	return wire.IdentityDescription{
		IdentityID: i.id, Logins: i.logins,
		CreationDate: awswire.Timestamp{Time: i.created}, LastModifiedDate: awswire.Timestamp{Time: i.changed},
	}
}
