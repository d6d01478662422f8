package amplifybackend_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"strings"
	"sync"
	"testing"

	"preamp/internal/db"
	"preamp/internal/userpool"
)

// newAppleKey makes the one private key of these tests, as Apple gives them out.
var newAppleKey = sync.OnceValue(func() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
})

// What the request itself shows to be wrong is refused by the name of the member,
// and nothing is written.
func TestCreateBackendAuthRefused(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	message := func(member string, settings obj) obj {
		m := obj{"deliveryMethod": "EMAIL"}
		maps.Copy(m, settings)
		return obj{member: m}
	}
	provider := func(name string, members obj) obj {
		return obj{"oAuth": oauth(obj{"socialProviderSettings": obj{name: members}})}
	}
	const at = "'resourceConfig.userPoolConfigs."
	tests := []struct {
		name    string
		members obj
		want    []string
	}{
		{"an empty name", obj{"userPoolName": ""}, []string{at + "userPoolName'"}},
		{"a name with a slash", obj{"userPoolName": "a/b"}, []string{"'a/b'", at + "userPoolName'"}},
		{"a long name", obj{"userPoolName": long(129)}, []string{at + "userPoolName'"}},
		{"another way to sign in", obj{"signInMethod": "FACE"}, []string{"'FACE'", at + "signInMethod'"}},
		{"another attribute", obj{"requiredSignUpAttributes": []string{"SHOE_SIZE"}}, []string{"'SHOE_SIZE'", "requiredSignUpAttributes[0]"}},
		{"no attributes", obj{"requiredSignUpAttributes": nil}, []string{at + "requiredSignUpAttributes'"}},
		{"a short password", obj{"passwordPolicy": obj{"minimumLength": 5}}, []string{"'5'", at + "passwordPolicy.minimumLength'", "6 to 99"}},
		{"a long password", obj{"passwordPolicy": obj{"minimumLength": 100}}, []string{"'100'", at + "passwordPolicy.minimumLength'"}},
		{"half a character", obj{"passwordPolicy": obj{"minimumLength": 8.5}}, []string{"'8.5'", "whole"}},
		{"a policy without length", obj{"passwordPolicy": obj{}}, []string{at + "passwordPolicy.minimumLength'"}},
		{"another constraint", obj{"passwordPolicy": obj{"minimumLength": 8, "additionalConstraints": []string{"REQUIRE_POEM"}}}, []string{"REQUIRE_POEM"}},
		{"an e-mail without the code", message("verificationMessage", obj{"emailSettings": obj{"emailMessage": "your code is coming"}}), []string{at + "verificationMessage.emailSettings.emailMessage'", "{####}"}},
		{"an SMS without the code", message("forgotPassword", obj{"smsSettings": obj{"smsMessage": "your code is coming"}}), []string{at + "forgotPassword.smsSettings.smsMessage'", "{####}"}},
		{"an empty subject", message("forgotPassword", obj{"emailSettings": obj{"emailSubject": ""}}), []string{at + "forgotPassword.emailSettings.emailSubject'"}},
		{"a long subject", message("forgotPassword", obj{"emailSettings": obj{"emailSubject": long(141)}}), []string{"emailSubject'", "1 to 140"}},
		{"a long SMS", message("forgotPassword", obj{"smsSettings": obj{"smsMessage": "{####}" + long(135)}}), []string{"smsMessage'", "6 to 140"}},
		{"a long e-mail", message("forgotPassword", obj{"emailSettings": obj{"emailMessage": "{####}" + long(20000)}}), []string{"emailMessage'", "20000"}},
		{"delivery by pigeon", obj{"forgotPassword": obj{"deliveryMethod": "PIGEON"}}, []string{"'PIGEON'", at + "forgotPassword.deliveryMethod'"}},
		{"no delivery", obj{"verificationMessage": obj{}}, []string{at + "verificationMessage.deliveryMethod'"}},
		{"another mode", obj{"mfa": obj{"MFAMode": "MAYBE"}}, []string{"'MAYBE'", at + "mfa.MFAMode'"}},
		{"second factors without any", obj{"mfa": obj{"MFAMode": "ON"}}, []string{at + "mfa.settings.mfaTypes'"}},
		{"an empty list of factors", obj{"mfa": obj{"MFAMode": "OPTIONAL", "settings": obj{"mfaTypes": []string{}}}}, []string{at + "mfa.settings.mfaTypes'"}},
		{"another factor", obj{"mfa": obj{"MFAMode": "ON", "settings": obj{"mfaTypes": []string{"FINGER"}}}}, []string{"'FINGER'", "mfaTypes[0]"}},
		{"a factor's SMS without the code", obj{"mfa": obj{"MFAMode": "ON", "settings": obj{"mfaTypes": []string{"SMS"}, "smsMessage": "sign in!"}}}, []string{at + "mfa.settings.smsMessage'", "{####}"}},
		{"a domain in capitals", obj{"oAuth": oauth(obj{"domainPrefix": "Shop"})}, []string{"'Shop'", at + "oAuth.domainPrefix'"}},
		{"an empty domain", obj{"oAuth": oauth(obj{"domainPrefix": ""})}, []string{at + "oAuth.domainPrefix'"}},
		{"a reserved domain", obj{"oAuth": oauth(obj{"domainPrefix": "my-cognito"})}, []string{at + "oAuth.domainPrefix'", "cognito"}},
		{"a long domain", obj{"oAuth": oauth(obj{"domainPrefix": long(64)})}, []string{at + "oAuth.domainPrefix'"}},
		{"another grant", obj{"oAuth": oauth(obj{"oAuthGrantType": "CLIENT"})}, []string{"'CLIENT'", at + "oAuth.oAuthGrantType'"}},
		{"no scopes", obj{"oAuth": oauth(obj{"oAuthScopes": []string{}})}, []string{at + "oAuth.oAuthScopes'"}},
		{"another scope", obj{"oAuth": oauth(obj{"oAuthScopes": []string{"ALL"}})}, []string{"'ALL'", "oAuthScopes[0]"}},
		{"no way back", obj{"oAuth": oauth(obj{"redirectSignInURIs": []string{}})}, []string{at + "oAuth.redirectSignInURIs'"}},
		{"a way back in clear", obj{"oAuth": oauth(obj{"redirectSignInURIs": []string{"http://shop.example/"}})}, []string{"'http://shop.example/'", at + "oAuth.redirectSignInURIs'"}},
		{"a way back by script", obj{"oAuth": oauth(obj{"redirectSignOutURIs": []string{"javascript:alert(1)"}})}, []string{at + "oAuth.redirectSignOutURIs'"}},
		{"a way back with a fragment", obj{"oAuth": oauth(obj{"redirectSignOutURIs": []string{"https://shop.example/#x"}})}, []string{at + "oAuth.redirectSignOutURIs'"}},
		{"Google without an id", provider("Google", obj{"client_secret": "s"}), []string{at + "oAuth.socialProviderSettings.Google.client_id'"}},
		{"Google without a secret", provider("Google", obj{"client_id": "i"}), []string{at + "oAuth.socialProviderSettings.Google.client_secret'"}},
		{"Facebook without a secret", provider("Facebook", obj{"client_id": "i", "client_secret": ""}), []string{"Facebook.client_secret'"}},
		{"Amazon with a line break", provider("LoginWithAmazon", obj{"client_id": "i\nj", "client_secret": "s"}), []string{"LoginWithAmazon.client_id'"}},
		{"Apple without a team", provider("SignInWithApple", obj{"client_id": "i", "key_id": "k", "private_key": newAppleKey()}), []string{"SignInWithApple.team_id'"}},
		{"Apple without a key id", provider("SignInWithApple", obj{"client_id": "i", "team_id": "t", "private_key": newAppleKey()}), []string{"SignInWithApple.key_id'"}},
		{"Apple without a key", provider("SignInWithApple", obj{"client_id": "i", "team_id": "t", "key_id": "k"}), []string{"SignInWithApple.private_key'"}},
		{"Apple with a key that is none", provider("SignInWithApple", obj{"client_id": "i", "team_id": "t", "key_id": "k", "private_key": "canary"}), []string{"SignInWithApple.private_key'"}},
	}
	onStores(t, func(t *testing.T, w *world) {
		for _, tc := range tests {
			t.Run(tc.name, func(t *testing.T) { w.in(t).refused(createPath, creation(auth(tc.members)), 400, tc.want...) })
		}
		t.Run("around them", func(t *testing.T) {
			w := w.in(t)
			with := func(change func(c obj)) obj {
				c := auth(nil)
				change(c)
				return creation(c)
			}
			w.refused(createPath, with(func(c obj) { c["authResources"] = "NOTHING" }), 400, "resourceConfig.authResources")
			w.refused(createPath, with(func(c obj) { delete(c, "authResources") }), 400, "resourceConfig.authResources")
			w.refused(createPath, with(func(c obj) { c["service"] = "AUTH0" }), 400, "resourceConfig.service")
			w.refused(createPath, with(func(c obj) { delete(c, "userPoolConfigs") }), 400, "resourceConfig.userPoolConfigs")
			w.refused(createPath, with(func(c obj) { c["authResources"] = "USER_POOL_ONLY" }), 400, "resourceConfig.identityPoolConfigs")
			w.refused(createPath, with(func(c obj) { c["identityPoolConfigs"] = obj{"identityPoolName": "a/b", "unauthenticatedLogin": true} }), 400, "identityPoolName")
			w.refused(createPath, with(func(c obj) { c["identityPoolConfigs"] = obj{"identityPoolName": "a"} }), 400, "unauthenticatedLogin")
			bad := creation(auth(nil))
			bad["resourceName"] = "a b"
			w.refused(createPath, bad, 400, "resourceName")
			bad["resourceName"], bad["backendEnvironmentName"] = "users", "prod"
			w.refused(createPath, bad, 404)
			w.refused("/backend/none/auth", creation(auth(nil)), 404)
			w.create(auth(nil))
			w.refused(createPath, creation(auth(nil)), 400, "users already exists")
		})
	})
}

// A domain leads to one pool of the server.
func TestDomainInUse(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(auth(obj{"oAuth": oauth(obj{"domainPrefix": "taken"})}))
		second := creation(auth(obj{"oAuth": oauth(obj{"domainPrefix": "taken"})}))
		second["resourceName"] = "more"
		w.refused(createPath, second, 400, "'taken'", "oAuth.domainPrefix'")
		w.run("/backend", obj{"appId": "other", "appName": "Other", "backendEnvironmentName": "dev"})
		w.refused("/backend/other/auth", creation(auth(obj{"oAuth": oauth(obj{"domainPrefix": "taken"})})), 400, "'taken'")

		// An own one may be repeated, given up and taken by the next.
		w.run(updatePath, update(obj{"oAuth": obj{"domainPrefix": "taken"}}))
		w.run(updatePath, update(obj{"oAuth": obj{"domainPrefix": "moved"}}))
		a := w.auth("dev")
		if got := w.things(a); got.domain != "moved" || a.Domain != "moved" || w.leads(userpool.RouteDomain, "taken.us-east-1") {
			t.Errorf("domain %s, %s", got.domain, a.Domain)
		}
		w.run("/backend/other/auth", creation(auth(obj{"oAuth": oauth(obj{"domainPrefix": "taken"})})))
		w.refused(updatePath, update(obj{"oAuth": obj{"domainPrefix": "taken"}}), 400, "'taken'")
	})
}

// A job that fails or is cancelled gives its domain back.
func TestDomainOfAFailedJob(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(auth(obj{"oAuth": oauth(obj{"domainPrefix": "first"})}))
		a := w.auth("dev")
		// Somebody gives the pool another domain by the operations of Cognito.
		env, release, err := w.provision.Directory().Find(t.Context(), userpool.RoutePool, a.UserPool)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		err = env.DB.Tx(t.Context(), func(tx *db.Tx) error {
			if err := userpool.DropDomain(tx, a.UserPool, "first"); err != nil {
				return err
			}
			return userpool.SetDomain(tx, env.Sealer, a.UserPool, "by-hand", a.Pushed)
		})
		if err != nil {
			t.Fatal(err)
		}
		before := w.good(getPath, obj{"resourceName": "users"})
		if text := w.ended(updatePath, update(obj{"oAuth": obj{"domainPrefix": "second"}})); !strings.Contains(text, "already has a domain") {
			t.Fatalf("job error %q", text)
		}
		if w.leads(userpool.RouteDomain, "second.us-east-1") {
			t.Error("the domain of the failed job is still kept")
		}
		if after := w.good(getPath, obj{"resourceName": "users"}); plain(t, after) == nil || len(after) != len(before) || w.auth("dev").Domain != "first" {
			t.Errorf("the failed job left %v", after)
		}
	})
}
