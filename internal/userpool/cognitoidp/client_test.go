package cognitoidp_test

import (
	"fmt"
	"strings"
	"testing"

	"preamp/internal/userpool"
)

func TestClients(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		given := obj{
			"UserPoolId": pool, "ClientName": "web", "RefreshTokenValidity": 12.0, "AccessTokenValidity": 10.0, "IdTokenValidity": 20.0,
			"TokenValidityUnits": obj{"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
			"ReadAttributes":     list{"email", "name"}, "WriteAttributes": list{"name"},
			"ExplicitAuthFlows": list{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH"}, "SupportedIdentityProviders": list{"COGNITO"},
			"CallbackURLs": list{"https://a.example/cb", "myapp://cb"}, "LogoutURLs": list{"https://a.example/"}, "DefaultRedirectURI": "https://a.example/cb",
			"AllowedOAuthFlows": list{"code"}, "AllowedOAuthScopes": list{"openid", "email"}, "AllowedOAuthFlowsUserPoolClient": true,
			"AnalyticsConfiguration":     obj{"ApplicationId": "abc", "UserDataShared": true},
			"PreventUserExistenceErrors": "ENABLED", "EnableTokenRevocation": false, "EnablePropagateAdditionalUserContextData": true,
			"AuthSessionValidity": 5.0, "RefreshTokenRotation": obj{"Feature": "ENABLED", "RetryGracePeriodSeconds": 10.0},
		}
		made := f.call(t, "CreateUserPoolClient", given)["UserPoolClient"].(obj)
		id := text(made, "ClientId")
		read := f.call(t, "DescribeUserPoolClient", obj{"UserPoolId": pool, "ClientId": id})["UserPoolClient"].(obj)
		if fmt.Sprint(read) != fmt.Sprint(made) || made["ClientSecret"] != nil || len(id) != 26 {
			t.Errorf("DescribeUserPoolClient: %v\nafter %v", read, made)
		}
		for name, v := range given {
			if fmt.Sprint(read[name]) != fmt.Sprint(v) {
				t.Errorf("%s: %v; given %v", name, read[name], v)
			}
		}
		out := f.call(t, "UpdateUserPoolClient", obj{"UserPoolId": pool, "ClientId": id, "ClientName": "other"})["UserPoolClient"].(obj)
		for name, want := range map[string]string{
			"ClientName": "other", "RefreshTokenValidity": "30", "AccessTokenValidity": "<nil>", "TokenValidityUnits": "map[]", "ReadAttributes": "<nil>",
			"ExplicitAuthFlows": "[ALLOW_USER_SRP_AUTH ALLOW_REFRESH_TOKEN_AUTH]", "CallbackURLs": "<nil>", "PreventUserExistenceErrors": "LEGACY",
			"EnableTokenRevocation": "true", "AllowedOAuthFlowsUserPoolClient": "false", "AuthSessionValidity": "3", "RefreshTokenRotation": "<nil>",
			"AnalyticsConfiguration": "<nil>", "EnablePropagateAdditionalUserContextData": "false",
		} {
			if got := fmt.Sprint(out[name]); got != want {
				t.Errorf("after the update %s: %s; want %s", name, got, want)
			}
		}
		f.call(t, "DeleteUserPoolClient", obj{"UserPoolId": pool, "ClientId": id})
		for _, operation := range []string{"DescribeUserPoolClient", "UpdateUserPoolClient", "DeleteUserPoolClient"} {
			f.refused(t, operation, obj{"UserPoolId": pool, "ClientId": id}, "ResourceNotFound: User pool client "+id+" does not exist.")
			f.refused(t, operation, obj{"UserPoolId": "us-east-1_x", "ClientId": id}, "ResourceNotFound: User pool us-east-1_x does not exist.")
		}
		if f.routes.has(userpool.RouteClient, id) {
			t.Error("the client is still found")
		}
	})
}

func TestClientSecrets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		in := obj{"UserPoolId": pool, "ClientName": "server"}
		made := f.call(t, "CreateUserPoolClient", with(in, obj{"GenerateSecret": true, "ExplicitAuthFlows": list{"ADMIN_NO_SRP_AUTH"}}))["UserPoolClient"].(obj)
		secret := text(made, "ClientSecret")
		by := obj{"UserPoolId": pool, "ClientId": made["ClientId"]}
		for _, operation := range []string{"DescribeUserPoolClient", "UpdateUserPoolClient"} {
			if got := f.call(t, operation, by); text(got, "UserPoolClient", "ClientSecret") != secret || len(secret) < 50 {
				t.Errorf("%s: %v", operation, got)
			}
		}
		if got := fmt.Sprint(made["ExplicitAuthFlows"]); got != "[ADMIN_NO_SRP_AUTH]" {
			t.Errorf("flows by their older names: %s", got)
		}
		chosen := strings.Repeat("x", 30)
		out := f.call(t, "CreateUserPoolClient", with(in, obj{"ClientSecret": chosen}))
		if text(out, "UserPoolClient", "ClientSecret") != chosen {
			t.Errorf("a chosen secret: %v", out)
		}
		f.refused(t, "CreateUserPoolClient", with(in, obj{"ClientSecret": chosen, "GenerateSecret": true}),
			"InvalidParameter: GenerateSecret and ClientSecret cannot be given together.")
		for _, c := range f.call(t, "ListUserPoolClients", obj{"UserPoolId": pool, "MaxResults": 60})["UserPoolClients"].(list) {
			if len(c.(obj)) != 3 {
				t.Errorf("ListUserPoolClients: %v", c)
			}
		}
	})
}

func TestClientsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		for _, c := range []struct {
			name string
			in   obj
			want string
		}{
			{"custom flow", obj{"ExplicitAuthFlows": list{"ALLOW_CUSTOM_AUTH"}}, "ALLOW_CUSTOM_AUTH is not available in this version."},
			{"older custom flow", obj{"ExplicitAuthFlows": list{"CUSTOM_AUTH_FLOW_ONLY"}}, "CUSTOM_AUTH_FLOW_ONLY is not available in this version."},
			{"client credentials", obj{"AllowedOAuthFlows": list{"client_credentials"}}, "client_credentials is not available in this version."},
			{"provider", obj{"SupportedIdentityProviders": list{"COGNITO", "Google"}}, "The provider Google does not exist for User Pool " + pool + "."},
			{
				"names with and without prefix",
				obj{"ExplicitAuthFlows": list{"ADMIN_NO_SRP_AUTH", "ALLOW_USER_SRP_AUTH"}},
				"ExplicitAuthFlows with the prefix ALLOW_ and without it cannot be given together.",
			},
			{"attribute", obj{"ReadAttributes": list{"custom:x"}}, "Invalid attributes specified while creating a client: custom:x"},
			{
				"OAuth without flows",
				obj{"AllowedOAuthFlowsUserPoolClient": true},
				"AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.",
			},
		} {
			t.Run(c.name, func(t *testing.T) {
				f.refused(t, "CreateUserPoolClient", with(c.in, obj{"UserPoolId": pool, "ClientName": "web"}), "InvalidParameter: "+c.want)
			})
		}
		ids, err := f.routes.List(t.Context(), userpool.RouteClient, "", 10)
		must(t, err)
		if len(ids) != 0 {
			t.Errorf("ways to clients that were refused: %v", ids)
		}
		f.refused(t, "CreateUserPoolClient", obj{"UserPoolId": "us-east-1_x", "ClientName": "web"}, "ResourceNotFound: User pool us-east-1_x does not exist.")
	})
}

func TestListClients(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		for range 3 {
			f.client(t, pool, nil)
		}
		first := f.call(t, "ListUserPoolClients", obj{"UserPoolId": pool, "MaxResults": 2})
		rest := f.call(t, "ListUserPoolClients", obj{"UserPoolId": pool, "MaxResults": 2, "NextToken": first["NextToken"]})
		if len(first["UserPoolClients"].(list)) != 2 || len(rest["UserPoolClients"].(list)) != 1 || rest["NextToken"] != nil {
			t.Errorf("%v, then %v", first, rest)
		}
		f.refused(t, "ListUserPoolClients", obj{"UserPoolId": pool, "NextToken": "x"}, "InvalidParameter: Invalid pagination token.")
		other := f.pool(t, nil)
		f.refused(t, "ListUserPoolClients", obj{"UserPoolId": other, "NextToken": first["NextToken"]}, "InvalidParameter: Invalid pagination token.")
	})
}
