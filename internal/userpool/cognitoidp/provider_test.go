package cognitoidp_test

import (
	"fmt"
	"testing"

	"preamp/internal/userpool"
)

func google(pool string) obj {
	return obj{
		"UserPoolId": pool, "ProviderName": "Google", "ProviderType": "Google",
		"ProviderDetails":  obj{"client_id": "id", "client_secret": "hush", "authorize_scopes": "openid email"},
		"AttributeMapping": obj{"email": "email"}, "IdpIdentifiers": list{"g"},
	}
}

func TestProviders(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		made := f.call(t, "CreateIdentityProvider", google(pool))["IdentityProvider"].(obj)
		if text(made, "ProviderDetails", "client_secret") != "hush" || text(made, "AttributeMapping", "username") != "sub" || made["UserPoolId"] != pool {
			t.Errorf("CreateIdentityProvider: %v", made)
		}
		f.refused(t, "CreateIdentityProvider", google(pool), "DuplicateProvider: A provider with the name Google already exists in the user pool.")
		f.refused(t, "CreateIdentityProvider", with(google(pool), obj{"ProviderType": "SAML", "ProviderName": "corp"}),
			"InvalidParameter: SAML is not available in this version.")
		by := obj{"UserPoolId": pool, "ProviderName": "Google"}
		for operation, in := range map[string]obj{
			"DescribeIdentityProvider": by, "GetIdentityProviderByIdentifier": {"UserPoolId": pool, "IdpIdentifier": "g"},
		} {
			if got := f.call(t, operation, in)["IdentityProvider"]; fmt.Sprint(got) != fmt.Sprint(made) {
				t.Errorf("%s: %v", operation, got)
			}
		}
		// What is not given stays, and so does a secret that is not among the details.
		changed := f.call(t, "UpdateIdentityProvider", with(by, obj{"AttributeMapping": obj{"name": "name"}}))["IdentityProvider"]
		if text(changed, "ProviderDetails", "client_id") != "id" || text(changed, "AttributeMapping", "name") != "name" || at(changed, "AttributeMapping", "email") != nil {
			t.Errorf("UpdateIdentityProvider: %v", changed)
		}
		changed = f.call(t, "UpdateIdentityProvider", with(by, obj{
			"ProviderDetails": obj{"client_id": "other", "authorize_scopes": "openid"}, "IdpIdentifiers": list{"h"},
		}))["IdentityProvider"]
		if text(changed, "ProviderDetails", "client_secret") != "hush" || text(changed, "ProviderDetails", "client_id") != "other" || fmt.Sprint(at(changed, "IdpIdentifiers")) != "[h]" {
			t.Errorf("UpdateIdentityProvider: %v", changed)
		}
		f.client(t, pool, obj{"SupportedIdentityProviders": list{"COGNITO", "Google"}})
		out := f.call(t, "ListIdentityProviders", obj{"UserPoolId": pool, "MaxResults": 1})
		if got := out["Providers"].(list); len(got) != 1 || len(got[0].(obj)) != 4 || text(got[0], "ProviderType") != "Google" || out["NextToken"] != nil {
			t.Errorf("ListIdentityProviders: %v", out)
		}
		f.call(t, "DeleteIdentityProvider", by)
		for _, operation := range []string{"DescribeIdentityProvider", "UpdateIdentityProvider", "DeleteIdentityProvider"} {
			f.refused(t, operation, by, "ResourceNotFound: Identity provider Google does not exist.")
			f.refused(t, operation, with(by, obj{"UserPoolId": "us-east-1_x"}), "ResourceNotFound: User pool us-east-1_x does not exist.")
		}
	})
}

func TestDomains(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool, other := f.pool(t, nil), f.pool(t, nil)
		in := obj{"UserPoolId": pool, "Domain": "shop"}
		const route = "shop.us-east-1"
		if out := f.call(t, "DescribeUserPoolDomain", obj{"Domain": "shop"}); fmt.Sprint(out) != "map[DomainDescription:map[]]" {
			t.Errorf("nobody's domain: %v", out)
		}
		f.refused(t, "CreateUserPoolDomain", with(in, obj{"Domain": "my-aws"}), "InvalidParameter: Domain cannot contain reserved word: aws")
		f.refused(t, "CreateUserPoolDomain", with(in, obj{"CustomDomainConfig": obj{"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/x"}}),
			"InvalidParameter: CustomDomainConfig is not available in this version.")
		f.refused(t, "CreateUserPoolDomain", with(in, obj{"ManagedLoginVersion": 2}),
			"InvalidParameter: A ManagedLoginVersion other than 1 is not available in this version.")
		if out := f.call(t, "CreateUserPoolDomain", in); fmt.Sprint(out) != "map[ManagedLoginVersion:1]" {
			t.Errorf("CreateUserPoolDomain: %v", out)
		}
		want := "map[DomainDescription:map[AWSAccountId:000000000000 Domain:shop ManagedLoginVersion:1 Status:ACTIVE UserPoolId:" + pool + "]]"
		if out := f.call(t, "DescribeUserPoolDomain", obj{"Domain": "shop"}); fmt.Sprint(out) != want {
			t.Errorf("DescribeUserPoolDomain: %v", out)
		}
		if got := text(f.call(t, "DescribeUserPool", obj{"UserPoolId": pool}), "UserPool", "Domain"); got != "shop" {
			t.Errorf("Domain: %s", got)
		}
		// The refusal must not take the way to the first pool's domain.
		f.refused(t, "CreateUserPoolDomain", with(in, obj{"UserPoolId": other}), "InvalidParameter: Domain already associated with another user pool.")
		f.refused(t, "CreateUserPoolDomain", with(in, obj{"Domain": "second"}), "InvalidParameter: User pool already has a domain configured.")
		if !f.routes.has(userpool.RouteDomain, route) || f.routes.has(userpool.RouteDomain, "second.us-east-1") {
			t.Error("the ways are not those to the domains")
		}
		// Of another environment the directory knows.
		must(t, f.routes.Put(t.Context(), userpool.RouteDomain, "taken.us-east-1", "app"))
		f.refused(t, "CreateUserPoolDomain", with(in, obj{"UserPoolId": other, "Domain": "taken"}), "InvalidParameter: Domain already associated with another user pool.")

		f.call(t, "UpdateUserPoolDomain", in)
		f.refused(t, "UpdateUserPoolDomain", with(in, obj{"UserPoolId": other}), "ResourceNotFound: No such domain or user pool exists.")
		f.refused(t, "DeleteUserPoolDomain", with(in, obj{"UserPoolId": other}), "InvalidParameter: No such domain or user pool exists.")
		f.call(t, "DeleteUserPoolDomain", in)
		f.call(t, "CreateUserPoolDomain", with(in, obj{"UserPoolId": other}))
		f.call(t, "DeleteUserPool", obj{"UserPoolId": other})
		if f.routes.has(userpool.RouteDomain, route) {
			t.Error("the domain of a pool that is gone is still found")
		}
	})
}
