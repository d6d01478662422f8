package amplifybackend_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/identitypool"
	"preamp/internal/job"
	"preamp/internal/userpool"
)

// whole is a configuration with every member.
func whole() obj {
	message := text2("Hello {####}", "Hello", "{####} hello")
	message["deliveryMethod"] = "EMAIL"
	return auth(obj{
		"forgotPassword": message, "verificationMessage": maps.Clone(message),
		"mfa":            obj{"MFAMode": "OPTIONAL", "settings": obj{"mfaTypes": []string{"SMS"}, "smsMessage": "{####} it is"}},
		"passwordPolicy": obj{"minimumLength": 10, "additionalConstraints": []string{"REQUIRE_DIGIT"}},
		"oAuth":          oauth(obj{"domainPrefix": "whole", "socialProviderSettings": social()}),
	})
}

// An update changes what it names, member by member, and nothing else.
func TestUpdateIsAMergePatch(t *testing.T) {
	type change struct {
		name  string
		patch obj
		// edit makes the configuration that was before the one that is wanted.
		edit func(users obj)
	}
	tests := []change{
		{"nothing", obj{}, func(obj) {}},
		{"null is nothing", obj{"mfa": nil, "oAuth": obj{"oAuthScopes": nil}, "passwordPolicy": obj{"additionalConstraints": nil}}, func(obj) {}},
		{"a text", obj{"forgotPassword": obj{"emailSettings": obj{"emailSubject": "Again"}}}, func(u obj) {
			u["forgotPassword"].(obj)["emailSettings"].(obj)["emailSubject"] = "Again"
		}},
		{"a delivery", obj{"verificationMessage": obj{"deliveryMethod": "SMS"}}, func(u obj) { u["verificationMessage"].(obj)["deliveryMethod"] = "SMS" }},
		{"a list is replaced", obj{"mfa": obj{"settings": obj{"mfaTypes": []string{"TOTP"}}}}, func(u obj) {
			u["mfa"].(obj)["settings"].(obj)["mfaTypes"] = []string{"TOTP"}
		}},
		{"a mode", obj{"mfa": obj{"MFAMode": "ON"}}, func(u obj) { u["mfa"].(obj)["MFAMode"] = "ON" }},
		{"a length", obj{"passwordPolicy": obj{"minimumLength": 12}}, func(u obj) { u["passwordPolicy"].(obj)["minimumLength"] = 12 }},
		{"an empty list removes all", obj{"passwordPolicy": obj{"additionalConstraints": []string{}}}, func(u obj) {
			delete(u["passwordPolicy"].(obj), "additionalConstraints")
		}},
		{"a grant and the ways back", obj{"oAuth": obj{"oAuthGrantType": "IMPLICIT", "redirectSignInURIs": []string{"https://shop.example/"}, "redirectSignOutURIs": []string{}}}, func(u obj) {
			o := u["oAuth"].(obj)
			o["oAuthGrantType"], o["redirectSignInURIs"], o["redirectSignOutURIs"] = "IMPLICIT", []string{"https://shop.example/"}, []string{}
		}},
		{"a client of a provider", obj{"oAuth": obj{"socialProviderSettings": obj{"Google": obj{"client_id": "g2"}}}}, func(u obj) {
			u["oAuth"].(obj)["socialProviderSettings"].(obj)["Google"].(obj)["client_id"] = "g2"
		}},
	}
	onStores(t, func(t *testing.T, w *world) {
		w.create(whole())
		ids := w.auth("dev").AuthIDs
		config := plain(t, w.good(getPath, obj{"resourceName": "users"})["resourceConfig"]).(obj)
		for _, tc := range tests {
			t.Run(tc.name, func(t *testing.T) {
				w.in(t).run(updatePath, update(tc.patch))
				tc.edit(config["userPoolConfigs"].(obj))
				config = plain(t, config).(obj)
				got := w.in(t).good(getPath, obj{"resourceName": "users"})["resourceConfig"]
				if diff := cmp.Diff(config, plain(t, got)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
		if diff := cmp.Diff(ids, w.auth("dev").AuthIDs); diff != "" {
			t.Errorf("the ids have changed:\n%s", diff)
		}
		got := w.things(w.auth("dev"))
		google := got.providers[slices.IndexFunc(got.providers, func(p userpool.Provider) bool { return p.Name == "Google" })]
		if google.Details["client_id"] != "g2" || google.ClientSecret.Reveal() != "canary-google-secret" {
			t.Errorf("Google: %v; a secret that is absent must stay", google.Details)
		}
		s := got.pool.Settings
		if s.MFA != (userpool.MFASettings{Mode: "ON", TOTP: true}) || s.Password.MinLength != 12 || s.Password.Digit ||
			!slices.Equal(s.AutoVerified, []string{"phone_number"}) || s.Messages.Forgot.Subject != "Again" {
			t.Errorf("pool: %+v", s)
		}
		if c := got.native.Settings; !slices.Equal(c.OAuthFlows, []string{"implicit"}) || !slices.Equal(c.Callbacks, []string{"https://shop.example/"}) || len(c.Logouts) != 0 {
			t.Errorf("client: %+v", c)
		}
	})
}

// New secrets take the place of the ones before.
func TestUpdateSecrets(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(whole())
		w.run(updatePath, update(obj{"oAuth": obj{"socialProviderSettings": obj{"Facebook": obj{"client_secret": "second"}, "SignInWithApple": obj{"key_id": "KEY2"}}}}))
		for _, p := range w.things(w.auth("dev")).providers {
			switch p.Name {
			case "Facebook":
				if p.ClientSecret.Reveal() != "second" || p.Details["client_id"] != "fb-id" {
					t.Errorf("Facebook: %v", p.Details)
				}
			case "SignInWithApple":
				if p.Details["key_id"] != "KEY2" || p.PrivateKey.Reveal() != newAppleKey() {
					t.Errorf("Apple: %v", p.Details)
				}
			}
		}
	})
}

func TestUpdateRefused(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.refused(updatePath, update(obj{}), 404, "users")
		w.create(whole())
		immutable := func(change func(c obj)) obj {
			in := update(obj{})
			change(in["resourceConfig"].(obj))
			return in
		}
		users := func(member string, value any) obj {
			return immutable(func(c obj) { c["userPoolConfigs"].(obj)[member] = value })
		}
		for member, value := range map[string]any{
			"userPoolName": "other", "signInMethod": "USERNAME", "requiredSignUpAttributes": []string{"EMAIL", "NAME"},
		} {
			w.refused(updatePath, users(member, value), 400, "'resourceConfig.userPoolConfigs."+member+"' cannot be changed")
		}
		w.refused(updatePath, users("userPoolName", 1), 400, "cannot be changed")
		w.refused(updatePath, immutable(func(c obj) { c["identityPoolConfigs"] = obj{"identityPoolName": "other"} }), 400, "'resourceConfig.identityPoolConfigs.identityPoolName' cannot be changed")
		w.refused(updatePath, update(obj{"passwordPolicy": obj{"minimumLength": 3}}), 400, "passwordPolicy.minimumLength")
		w.refused(updatePath, update(obj{"mfa": obj{"settings": obj{"mfaTypes": []string{}}}}), 400, "mfa.settings.mfaTypes")
		w.refused(updatePath, update(obj{"oAuth": obj{"redirectSignInURIs": []string{}}}), 400, "oAuth.redirectSignInURIs")
		w.refused(updatePath, update(obj{"verificationMessage": obj{}}), 400, "verificationMessage.deliveryMethod")
		missing := update(obj{})
		delete(missing["resourceConfig"].(obj), "userPoolConfigs")
		w.refused(updatePath, missing, 400, "resourceConfig.userPoolConfigs")
		// Who repeats what is there changes nothing.
		w.run(updatePath, users("userPoolName", "shoppers"))
	})
}

// A provider of which only a part is known is refused; an update completes it.
func TestUpdateAddsAProvider(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(auth(nil))
		w.refused(updatePath, update(obj{"oAuth": obj{"oAuthGrantType": "CODE"}}), 400, "oAuth.oAuthScopes")
		w.run(updatePath, update(obj{"oAuth": oauth(obj{"socialProviderSettings": obj{"Google": obj{"client_id": "g", "client_secret": "s"}}})}))
		a := w.auth("dev")
		if got := w.things(a); len(got.providers) != 1 || !slices.Contains(got.web.Settings.Providers, "Google") || a.Domain == "" || got.domain != a.Domain ||
			!w.leads(userpool.RouteDomain, a.Domain+".us-east-1") {
			t.Errorf("%+v with the domain %q", got.web.Settings, a.Domain)
		}
	})
}

// What the operations of Cognito have set on the pool stays.
func TestUpdateKeepsWhatCognitoHasSet(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(auth(nil))
		a := w.auth("dev")
		env, release, err := w.provision.Directory().Find(t.Context(), userpool.RoutePool, a.UserPool)
		if err != nil {
			t.Fatal(err)
		}
		err = env.DB.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := userpool.UpdatePool(tx, env.Sealer, a.UserPool, func(_ *string, s *userpool.Settings) error {
				s.AdminCreateOnly, s.Password.History = true, 3
				s.Attributes = append(s.Attributes, userpool.Attribute{Name: "custom:team", Type: "String", Mutable: true})
				return nil
			}, time.Now())
			if err != nil {
				return err
			}
			_, err = userpool.UpdateClient(tx, env.Sealer, a.UserPool, a.WebClient, func(_ *string, s *userpool.ClientSettings) error {
				s.AuthSession, s.Flows = 10, []string{userpool.FlowSRP, userpool.FlowRefresh}
				return nil
			}, time.Now())
			return err
		})
		release()
		if err != nil {
			t.Fatal(err)
		}
		w.run(updatePath, update(obj{"passwordPolicy": obj{"minimumLength": 9}}))
		got := w.things(a)
		if s := got.pool.Settings; !s.AdminCreateOnly || s.Password.History != 3 || s.Schema()["custom:team"].Name == "" || s.Password.MinLength != 9 {
			t.Errorf("pool: %+v", s)
		}
		if s := got.web.Settings; s.AuthSession != 10 || len(s.Flows) != 2 {
			t.Errorf("client: %+v", s)
		}
	})
}

// An identity pool that is switched off is out of reach; its identities are there
// when it comes back.
func TestIdentityPoolOffAndOn(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(auth(nil))
		a := w.auth("dev")
		name := w.things(a).identities.Name
		off := update(obj{})
		off["resourceConfig"].(obj)["authResources"] = "USER_POOL_ONLY"
		w.run(updatePath, off)
		if w.leads(identitypool.RoutePool, a.IdentityPool) || w.auth("dev").IdentityPool != "" {
			t.Error("the identity pool is still there")
		}
		shown := w.good(getPath, obj{"resourceName": "users"})["resourceConfig"].(obj)
		if shown["identityPoolConfigs"] != nil {
			t.Errorf("shown: %v", shown)
		}
		on := update(obj{})
		on["resourceConfig"].(obj)["identityPoolConfigs"] = obj{"unauthenticatedLogin": true}
		w.run(updatePath, on)
		if got := w.auth("dev"); got.IdentityPool != a.IdentityPool || !w.leads(identitypool.RoutePool, a.IdentityPool) || !w.things(got).identities.Guests {
			t.Errorf("identity pool %q, had %q", got.IdentityPool, a.IdentityPool)
		}
		if got := w.things(w.auth("dev")).identities.Name; got != name {
			t.Errorf("the identity pool is called %q now and was %q", got, name)
		}
	})
}

// A job that is cancelled before it ran leaves what was there.
func TestCancelledAuthJobs(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(auth(obj{"oAuth": oauth(obj{"domainPrefix": "kept"})}))
		before := w.auth("dev")
		settings := w.things(before).pool.Settings
		cancelled := func(path string, in obj) {
			t.Helper()
			w.pause()
			id, _ := w.good(path, in)["jobId"].(string)
			if _, err := w.jobs.Cancel(t.Context(), "shop", "dev", id); err != nil {
				t.Fatal(err)
			}
			w.resume()
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			j, err := w.jobs.Wait(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			if j.Status() != job.StatusFailed {
				t.Fatalf("the job is %s", j.Status())
			}
		}
		second := creation(auth(obj{"oAuth": oauth(obj{"domainPrefix": "never"})}))
		second["resourceName"] = "second"
		cancelled(createPath, second)
		if w.leads(userpool.RouteDomain, "never.us-east-1") || len(w.view("dev").Auths) != 1 {
			t.Error("the cancelled job has left something")
		}
		w.refused(getPath, obj{"resourceName": "second"}, 404)
		cancelled(updatePath, update(obj{"passwordPolicy": obj{"minimumLength": 20}, "oAuth": obj{"domainPrefix": "other"}}))
		if diff := cmp.Diff(settings, w.things(w.auth("dev")).pool.Settings); diff != "" || w.leads(userpool.RouteDomain, "other.us-east-1") {
			t.Errorf("the cancelled job has changed something:\n%s", diff)
		}
		cancelled(deletePath, obj{"resourceName": "users"})
		if after := w.auth("dev"); after.AuthIDs != before.AuthIDs || !w.leads(userpool.RoutePool, before.UserPool) || !w.leads(userpool.RouteDomain, "kept.us-east-1") {
			t.Errorf("after a cancelled deletion: %+v", after.AuthIDs)
		}
	})
}
