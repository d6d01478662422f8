package amplifybackend_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool"
)

// required are the attributes that the schema of a pool asks for.
func required(s userpool.Settings) []string {
	names := []string{}
	for name, a := range s.Schema() {
		if a.Required && name != "sub" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func text2(email, subject, sms string) obj {
	return obj{"emailSettings": obj{"emailMessage": email, "emailSubject": subject}, "smsSettings": obj{"smsMessage": sms}}
}

// Every member of userPoolConfigs has its effect on the pool.
func TestPoolMembers(t *testing.T) {
	type settings = userpool.Settings
	policy := func(length int, upper, lower, digit, symbol bool) userpool.PasswordPolicy {
		return userpool.PasswordPolicy{MinLength: length, Upper: upper, Lower: lower, Digit: digit, Symbol: symbol, TemporaryDays: 7}
	}
	message := func(method string) obj {
		m := text2("<b>{####}</b> is it", "A subject", "{####} by SMS")
		m["deliveryMethod"] = method
		return m
	}
	texts := userpool.Template{Subject: "A subject", Email: "<b>{####}</b> is it", SMS: "{####} by SMS"}
	tests := []struct {
		name    string
		members obj
		got     func(s settings) any
		want    any
	}{
		{"e-mail addresses sign in", obj{"signInMethod": "EMAIL"}, func(s settings) any { return s.UsernameAttributes }, []string{"email"}},
		{"telephones sign in", obj{"signInMethod": "PHONE_NUMBER"}, func(s settings) any { return s.UsernameAttributes }, []string{"phone_number"}},
		{"both sign in", obj{"signInMethod": "EMAIL_AND_PHONE_NUMBER"}, func(s settings) any { return s.UsernameAttributes }, []string{"email", "phone_number"}},
		{"user names sign in", obj{"signInMethod": "USERNAME"}, func(s settings) any { return len(s.UsernameAttributes) + len(s.AliasAttributes) }, 0},
		{
			"required attributes",
			obj{"requiredSignUpAttributes": []string{
				"ADDRESS", "BIRTHDATE", "EMAIL", "FAMILY_NAME", "GENDER", "GIVEN_NAME", "LOCALE", "MIDDLE_NAME", "NAME", "NICKNAME", "PHONE_NUMBER",
				"PICTURE", "PREFERRED_USERNAME", "PROFILE", "UPDATED_AT", "WEBSITE", "ZONE_INFO",
			}},
			func(s settings) any { return required(s) },
			[]string{
				"address", "birthdate", "email", "family_name", "gender", "given_name", "locale", "middle_name", "name", "nickname", "phone_number",
				"picture", "preferred_username", "profile", "updated_at", "website", "zoneinfo",
			},
		},
		{"no required attributes", obj{"requiredSignUpAttributes": []string{}}, func(s settings) any { return required(s) }, []string{}},
		{"no policy", nil, func(s settings) any { return s.Password }, policy(8, true, true, true, true)},
		{"a length alone", obj{"passwordPolicy": obj{"minimumLength": 6.0}}, func(s settings) any { return s.Password }, policy(6, false, false, false, false)},
		{
			"a policy",
			obj{"passwordPolicy": obj{"minimumLength": 99, "additionalConstraints": []string{"REQUIRE_DIGIT", "REQUIRE_UPPERCASE"}}},
			func(s settings) any { return s.Password }, policy(99, true, false, true, false),
		},
		{
			"the other half",
			obj{"passwordPolicy": obj{"minimumLength": 12, "additionalConstraints": []string{"REQUIRE_LOWERCASE", "REQUIRE_SYMBOL"}}},
			func(s settings) any { return s.Password }, policy(12, false, true, false, true),
		},
		{"verified by e-mail", obj{"verificationMessage": message("EMAIL")}, func(s settings) any { return s.AutoVerified }, []string{"email"}},
		{"verified by SMS", obj{"verificationMessage": message("SMS")}, func(s settings) any { return s.AutoVerified }, []string{"phone_number"}},
		{"verified as it signs in", obj{"signInMethod": "PHONE_NUMBER"}, func(s settings) any { return s.AutoVerified }, []string{"phone_number"}},
		{"verified, whatever was given", obj{"signInMethod": "EMAIL_AND_PHONE_NUMBER"}, func(s settings) any { return s.AutoVerified }, []string{"email", "phone_number"}},
		{"texts of verification", obj{"verificationMessage": message("EMAIL")}, func(s settings) any { return s.Messages.Verification }, texts},
		{"texts of recovery", obj{"forgotPassword": message("SMS")}, func(s settings) any { return s.Messages.Forgot }, texts},
		{"recovered by SMS", obj{"forgotPassword": message("SMS")}, func(s settings) any { return s.Recovery }, []string{"verified_phone_number"}},
		{"recovered by e-mail", obj{"forgotPassword": obj{"deliveryMethod": "EMAIL"}}, func(s settings) any { return s.Recovery }, []string{"verified_email"}},
		{"recovered by either", nil, func(s settings) any { return s.Recovery }, []string{"verified_email", "verified_phone_number"}},
		{"no second factor", nil, func(s settings) any { return s.MFA }, userpool.MFASettings{Mode: "OFF"}},
		{
			"a second factor",
			obj{"mfa": obj{"MFAMode": "ON", "settings": obj{"mfaTypes": []string{"TOTP"}}}},
			func(s settings) any { return s.MFA },
			userpool.MFASettings{Mode: "ON", TOTP: true},
		},
		{
			"second factors to choose",
			obj{"mfa": obj{"MFAMode": "OPTIONAL", "settings": obj{"mfaTypes": []string{"SMS", "TOTP"}, "smsMessage": "{####} it is"}}},
			func(s settings) any { return []any{s.MFA, s.Messages.Factor.SMS} },
			[]any{userpool.MFASettings{Mode: "OPTIONAL", SMS: true, TOTP: true}, "{####} it is"},
		},
		{"own issuer", nil, func(s settings) any { return s.AWSIssuer }, false},
	}
	onStores(t, func(t *testing.T, w *world) {
		for i, tc := range tests {
			t.Run(tc.name, func(t *testing.T) {
				in := creation(userPoolOnly(tc.members))
				in["resourceName"] = fmt.Sprint("pool", i)
				w.run(createPath, in)
				a := w.view("dev").Auths[i]
				if a.IdentityPool != "" || a.Domain != "" || a.DomainURL != "" {
					t.Errorf("made what was not asked for: %+v", a.AuthIDs)
				}
				got := w.things(a)
				if diff := cmp.Diff(tc.want, tc.got(got.pool.Settings)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if web := got.web.Settings; web.OAuth || len(web.Callbacks) != 0 {
					t.Errorf("hosted pages that were not asked for: %+v", web)
				}
			})
		}
	})
}

// Every member of oAuth has its effect on both clients, the domain and the
// providers.
func TestOAuthMembers(t *testing.T) {
	for _, tc := range []struct {
		name            string
		grant, flow     string
		scopes, cognito []string
	}{
		{"code", "CODE", "code", []string{"PHONE", "OPENID"}, []string{"openid", "phone"}},
		{
			"implicit", "IMPLICIT", "implicit",
			[]string{"AWS_COGNITO_SIGNIN_USER_ADMIN", "EMAIL", "OPENID", "PHONE", "PROFILE"},
			[]string{"aws.cognito.signin.user.admin", "email", "openid", "phone", "profile"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			onStores(t, func(t *testing.T, w *world) {
				w.create(auth(obj{"oAuth": oauth(obj{"oAuthGrantType": tc.grant, "oAuthScopes": tc.scopes, "domainPrefix": "shop-login"})}))
				a := w.auth("dev")
				got := w.things(a)
				for _, c := range []userpool.Client{got.web, got.native} {
					s := c.Settings
					if diff := cmp.Diff([]any{true, []string{tc.flow}, tc.cognito, []string{"http://localhost:3000/"}, []string{"http://localhost:3000/bye", "myapp://out"}, []string{"COGNITO"}},
						[]any{s.OAuth, s.OAuthFlows, s.OAuthScopes, s.Callbacks, s.Logouts, s.Providers}); diff != "" {
						t.Errorf("client %s (-want +got):\n%s", c.Name, diff)
					}
				}
				if got.domain != "shop-login" || a.Domain != "shop-login" || a.DomainURL != "https://127.0.0.1:4500/oauth/"+a.UserPool {
					t.Errorf("domain %q, %q at %s", got.domain, a.Domain, a.DomainURL)
				}
			})
		})
	}
}

// social are the four providers with secrets that can be looked for.
func social() obj {
	return obj{
		"Facebook":        obj{"client_id": "fb-id", "client_secret": "canary-facebook-secret"},
		"Google":          obj{"client_id": "g-id", "client_secret": "canary-google-secret"},
		"LoginWithAmazon": obj{"client_id": "a-id", "client_secret": "canary-amazon-secret"},
		"SignInWithApple": obj{"client_id": "services.id", "team_id": "TEAM", "key_id": "CANARYKEYID", "private_key": newAppleKey()},
	}
}

func TestSocialProviders(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		key := newAppleKey()
		w.create(auth(obj{"requiredSignUpAttributes": []string{"EMAIL", "GIVEN_NAME"}, "oAuth": oauth(obj{"socialProviderSettings": social()})}))
		got := w.things(w.auth("dev"))
		type provider struct {
			name, client, secret, scopes string
			mapping                      map[string]string
		}
		var have []provider
		for _, p := range got.providers {
			have = append(have, provider{p.Name, p.Details["client_id"], p.ClientSecret.Reveal(), p.Details["authorize_scopes"], p.Mapping})
		}
		want := []provider{
			{"Facebook", "fb-id", "canary-facebook-secret", "public_profile,email", map[string]string{"username": "id", "email": "email", "given_name": "first_name"}},
			{"Google", "g-id", "canary-google-secret", "openid email profile", map[string]string{"username": "sub", "email": "email", "given_name": "given_name"}},
			{"LoginWithAmazon", "a-id", "canary-amazon-secret", "profile", map[string]string{"username": "user_id", "email": "email", "given_name": "given_name"}},
			{"SignInWithApple", "services.id", "", "email name", map[string]string{"username": "sub", "email": "email", "given_name": "firstName"}},
		}
		if diff := cmp.Diff(want, have, cmp.AllowUnexported(provider{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		apple := got.providers[3]
		if apple.Details["team_id"] != "TEAM" || apple.Details["key_id"] != "CANARYKEYID" || apple.PrivateKey.Reveal() != key {
			t.Errorf("Apple: %v", apple.Details)
		}
		if all := []string{"COGNITO", "Facebook", "Google", "LoginWithAmazon", "SignInWithApple"}; !slices.Equal(got.web.Settings.Providers, all) {
			t.Errorf("providers of the client: %v", got.web.Settings.Providers)
		}
	})
}

func TestIdentityPoolMembers(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		config := auth(nil)
		config["identityPoolConfigs"] = obj{"identityPoolName": "no guests", "unauthenticatedLogin": false}
		w.create(config)
		v := w.view("dev")
		got := w.things(*v.Auth()).identities
		if got.Guests || got.Name != "no guests" {
			t.Errorf("identity pool: %+v", got.Settings)
		}
		meta := w.provision.Meta(v).Providers.CloudFormation
		if got.Authenticated != meta.AuthRoleArn || got.Unauthenticated != meta.UnauthRoleArn || meta.AuthRoleArn == "" {
			t.Errorf("roles %s and %s, want those of the environment", got.Authenticated, got.Unauthenticated)
		}
	})
}

// An identity pool that nobody configured has a name of its own and no guests.
func TestIdentityPoolDefaults(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		config := auth(nil)
		delete(config, "identityPoolConfigs")
		w.create(config)
		if got := w.things(w.auth("dev")).identities; got.Guests || got.Name != "users_identitypool" {
			t.Errorf("identity pool: %+v", got.Settings)
		}
		shown := w.good(getPath, obj{"resourceName": "users"})["resourceConfig"].(obj)
		if diff := cmp.Diff(obj{"identityPoolName": "users_identitypool", "unauthenticatedLogin": false}, shown["identityPoolConfigs"]); diff != "" {
			t.Error(diff)
		}
	})
}

// GetBackendAuth answers what was asked for, but for the secrets.
func TestGetBackendAuth(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		message := text2("Hello {####}", "Hello", "{####} hello")
		message["deliveryMethod"] = "EMAIL"
		config := auth(obj{
			"forgotPassword": message, "verificationMessage": message,
			"mfa":            obj{"MFAMode": "OPTIONAL", "settings": obj{"mfaTypes": []string{"SMS"}, "smsMessage": "{####} it is"}},
			"passwordPolicy": obj{"minimumLength": 10, "additionalConstraints": []string{"REQUIRE_DIGIT"}},
			"oAuth":          oauth(obj{"domainPrefix": "get-shop", "socialProviderSettings": social()}),
		})
		w.create(config)
		out := w.good(getPath, obj{"resourceName": "users"})
		providers := config["userPoolConfigs"].(obj)["oAuth"].(obj)["socialProviderSettings"].(obj)
		for _, p := range providers {
			for _, name := range []string{"client_secret", "key_id", "private_key"} {
				delete(p.(obj), name)
			}
		}
		want := obj{"appId": "shop", "backendEnvironmentName": "dev", "resourceName": "users", "resourceConfig": config}
		if diff := cmp.Diff(plain(t, want), plain(t, out)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		w.refused(getPath, obj{"resourceName": "nobody"}, 404, "nobody")
		w.refused("/backend/shop/auth/prod/details", obj{"resourceName": "users"}, 404)
		w.refused("/backend/none/auth/dev/details", obj{"resourceName": "users"}, 404)
	})
}

// plain is a value as it looks after a round trip through JSON.
func plain(t testing.TB, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// The setting tokenissuer counts from the next apply, and is warned of.
func TestTokenIssuer(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		set := func(value string) {
			t.Helper()
			if err := w.provision.PutSettings(t.Context(), "shop", "dev", map[string]string{"tokenissuer": value}); err != nil {
				t.Fatal(err)
			}
		}
		issuer := func() bool { return w.things(w.auth("dev")).pool.Settings.AWSIssuer }
		w.create(auth(nil))
		if issuer() || strings.Contains(w.log.String(), "issuer of AWS") {
			t.Error("the issuer of AWS is opt-in")
		}
		set("aws")
		if issuer() {
			t.Error("a setting counts from the next apply")
		}
		w.run(updatePath, update(obj{}))
		if !issuer() || !strings.Contains(w.log.String(), "issuer of AWS") {
			t.Errorf("the issuer is not that of AWS, or nobody was warned:\n%s", w.log)
		}
		set("self")
		w.run(updatePath, update(obj{}))
		if issuer() {
			t.Error("the issuer is still that of AWS")
		}
		if err := w.provision.PutSettings(t.Context(), "shop", "dev", map[string]string{"tokenissuer": "other"}); err == nil {
			t.Error("another issuer is accepted")
		}
	})
}
