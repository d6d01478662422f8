package harness

import (
	"encoding/json"
	"maps"
	"os"
	"testing"
)

// Auth are the ids of an auth resource as GetBackend tells them.
type Auth struct {
	UserPool     string `json:"UserPoolId"`
	WebClient    string `json:"AppClientIDWeb"`
	NativeClient string `json:"AppClientID"`
	IdentityPool string `json:"IdentityPoolId"`
	Domain       string `json:"HostedUIDomain"`
}

// Redirect is where hosted pages send the browser back to in AuthConfig.
const Redirect = "http://localhost:3000/"

// AuthConfig is a resourceConfig for CreateBackendAuth: e-mail addresses that sign
// in, an identity pool with guests, hosted pages with codes. pool replaces members
// of userPoolConfigs; a nil takes one out.
func AuthConfig(name string, pool M) M {
	users := M{
		"userPoolName": name, "signInMethod": "EMAIL", "requiredSignUpAttributes": []string{"EMAIL"},
		"passwordPolicy": M{"minimumLength": 8, "additionalConstraints": []string{"REQUIRE_LOWERCASE", "REQUIRE_UPPERCASE", "REQUIRE_DIGIT"}},
		"forgotPassword": M{"deliveryMethod": "EMAIL", "emailSettings": M{"emailSubject": "New password", "emailMessage": "Reset by {####}"}},
		"verificationMessage": M{
			"deliveryMethod": "EMAIL", "emailSettings": M{"emailSubject": "Welcome", "emailMessage": "Confirm by {####}"},
		},
		"mfa": M{"MFAMode": "OFF"},
		"oAuth": M{
			"oAuthGrantType": "CODE", "oAuthScopes": []string{"PHONE", "EMAIL", "OPENID", "PROFILE", "AWS_COGNITO_SIGNIN_USER_ADMIN"},
			"redirectSignInURIs": []string{Redirect}, "redirectSignOutURIs": []string{Redirect},
		},
	}
	maps.Copy(users, pool)
	maps.DeleteFunc(users, func(_ string, v any) bool { return v == nil })
	return M{
		"authResources": "IDENTITY_POOL_AND_USER_POOL", "service": "COGNITO",
		"identityPoolConfigs": M{"identityPoolName": name + "_identities", "unauthenticatedLogin": true},
		"userPoolConfigs":     users,
	}
}

// Backend makes an app with an environment "dev", an auth resource and, with a
// schema file, a GraphQL API for its users and for AWS signatures.
func (c *Client) Backend(t testing.TB, app string, auth M, schemaFile string) Auth {
	t.Helper()
	at := func(members M) M {
		in := M{"appId": app, "backendEnvironmentName": "dev"}
		maps.Copy(in, members)
		return in
	}
	c.Job(t, "CreateBackend", at(M{"appName": app}))
	c.Job(t, "CreateBackendAuth", at(M{"resourceName": app + "auth", "resourceConfig": auth}))
	ids := c.Auth(t, app, "dev")
	if schemaFile != "" {
		schema, err := os.ReadFile(schemaFile)
		if err != nil {
			t.Fatal(err)
		}
		c.Job(t, "CreateBackendAPI", at(M{"resourceName": app + "api", "resourceConfig": M{
			"apiName": app + "api", "service": "AppSync", "transformSchema": string(schema),
			"defaultAuthType":     M{"mode": "AMAZON_COGNITO_USER_POOLS", "settings": M{"cognitoUserPoolId": ids.UserPool}},
			"additionalAuthTypes": []M{{"mode": "AWS_IAM"}},
		}}))
	}
	return ids
}

// Auth reads the ids of the auth resource of an environment.
func (c *Client) Auth(t testing.TB, app, env string) Auth {
	t.Helper()
	a := c.Must(t, "GetBackend", M{"appId": app, "backendEnvironmentName": env})
	text, _ := a["amplifyMetaConfig"].(string)
	var meta struct {
		Auth map[string]struct{ Output Auth }
	}
	if err := json.Unmarshal([]byte(text), &meta); err != nil {
		t.Fatalf("amplifyMetaConfig: %v\n%s", err, text)
	}
	for _, r := range meta.Auth {
		return r.Output
	}
	t.Fatalf("environment %s of %s has no auth resource:\n%s", env, app, text)
	return Auth{}
}
