package amplifybackend_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/provision"
	"preamp/internal/userpool"
)

// The administration of an app has a login pool of its own, which goes with it.
func TestBackendConfig(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		config := func() provision.ConsoleConfig {
			t.Helper()
			var c provision.ConsoleConfig
			err := w.set.Control().Read(t.Context(), func(q *db.Query) error {
				raw, ok, err := w.registry.AppConfig(q, "shop")
				if err != nil || !ok {
					return err
				}
				c, err = decodeConfig(raw)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		const path = "/backend/shop/config"
		w.refused("/backend/none/config", obj{}, 404)
		w.run(path, obj{"backendManagerAppId": "manager"})
		first := config()
		l := first.LoginAuth
		if l == nil || l.UserPoolID != first.Pool.UserPool || l.UserPoolClientID != first.Pool.WebClient || l.IdentityPoolID != first.Pool.IdentityPool || l.Region != "us-east-1" {
			t.Fatalf("login %+v of %+v", l, first.Pool)
		}
		if got := w.things(provision.AuthView{AuthIDs: *first.Pool}); !got.pool.Settings.AdminCreateOnly || got.identities.Guests {
			t.Errorf("login pool %+v", got.pool.Settings)
		}
		shown := w.good(path+"/update", obj{})
		if diff := cmp.Diff(obj{
			"aws_cognito_identity_pool_id": l.IdentityPoolID, "aws_cognito_region": "us-east-1", "aws_user_pools_id": l.UserPoolID,
			"aws_user_pools_web_client_id": l.UserPoolClientID,
		}, shown["loginAuthConfig"]); diff != "" {
			t.Errorf("shown (-want +got):\n%s", diff)
		}
		// The environment of the pool is nobody's: it is not among those of the app.
		if list := w.good("/backend/shop/details", obj{})["backendEnvironmentList"]; len(list.([]any)) != 1 {
			t.Errorf("environments: %v", list)
		}
		w.run(path, obj{"backendManagerAppId": "second"})
		if again := config(); again.BackendManagerAppID != "second" || *again.Pool != *first.Pool || *again.LoginAuth != *l {
			t.Errorf("made again: %+v", again)
		}
		w.good(path+"/update", obj{"loginAuthConfig": obj{"aws_user_pools_id": "eu-west-1_other"}})
		w.run(path, obj{})
		if again := config(); again.LoginAuth.UserPoolID != "eu-west-1_other" || *again.Pool != *first.Pool {
			t.Errorf("made again after an update: %+v", again)
		}

		w.good(path+"/remove", "")
		if w.leads(userpool.RoutePool, first.Pool.UserPool) || config().Pool != nil {
			t.Error("the login pool is still there")
		}
		w.refused(path+"/remove", "", 404)
		w.run(path, obj{})
		second := config()
		if second.Pool == nil || second.Pool.UserPool == first.Pool.UserPool || !w.leads(userpool.RoutePool, second.Pool.UserPool) {
			t.Errorf("made anew: %+v", second.Pool)
		}
		w.run("/backend/shop/remove", obj{})
		if !w.leads(userpool.RoutePool, second.Pool.UserPool) {
			t.Error("the login pool belongs to the app, which is still there")
		}
		w.run("/backend/shop/remove", obj{"cleanAmplifyApp": true})
		if w.leads(userpool.RoutePool, second.Pool.UserPool) || strings.Contains(w.state(), ":console:") {
			t.Errorf("the login pool has outlived its app:\n%s", w.state())
		}
	})
}

// No secret is stored in clear, or shown, or logged.
func TestAuthSecretsStaySecret(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(whole())
		w.run(updatePath, update(obj{"oAuth": obj{"socialProviderSettings": obj{"Facebook": obj{"client_secret": "canary-facebook-2"}}}}))
		w.run("/backend/shop/environments/dev/clone", obj{"targetEnvironmentName": "copy"})
		w.refused(updatePath, update(obj{"oAuth": obj{"socialProviderSettings": obj{"SignInWithApple": obj{"private_key": "canary-broken-key"}}}}), 400)
		key := strings.Split(newAppleKey(), "\n")[1]
		canaries := []string{
			"canary-facebook-secret", "canary-facebook-2", "canary-google-secret", "canary-amazon-secret", "CANARYKEYID", "canary-broken-key", key,
		}
		texts := map[string]string{"the log": w.log.String(), "the control database": w.dump(w.set.Control(), "ctl.", "preamp_control")}
		for _, env := range []string{"dev", "copy"} {
			uid := w.view(env).Env.UID
			d, release, err := w.set.Acquire(t.Context(), uid)
			if err != nil {
				t.Fatal(err)
			}
			texts["the environment "+env] = w.dump(d, "env.", "preamp_e_"+uid)
			release()
			meta, err := provision.Encode(w.provision.Meta(w.view(env)))
			if err != nil {
				t.Fatal(err)
			}
			texts["amplify-meta.json of "+env] = meta
		}
		for where, text := range texts {
			if len(text) < 100 {
				t.Errorf("%s is empty: %q", where, text)
			}
			for _, c := range canaries {
				if strings.Contains(text, c) {
					t.Errorf("%q is in %s", c, where)
				}
			}
		}
		// The control: what is not secret is found by the same search.
		if !strings.Contains(texts["the control database"], "g-id") || !strings.Contains(texts["the environment dev"], "g-id") {
			t.Error("the search finds nothing at all")
		}
	})
}
