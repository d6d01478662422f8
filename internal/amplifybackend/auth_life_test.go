package amplifybackend_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/identitypool"
	"preamp/internal/userpool"
)

// addClient makes an app client in a pool as CreateUserPoolClient does.
func (w *world) addClient(pool string) string {
	w.Helper()
	d := w.provision.Directory()
	env, release, err := d.Find(w.Context(), userpool.RoutePool, pool)
	if err != nil {
		w.Fatal(err)
	}
	defer release()
	id := userpool.NewClientID()
	if err := d.Put(w.Context(), userpool.RouteClient, id, env.UID); err != nil {
		w.Fatal(err)
	}
	err = env.DB.Tx(w.Context(), func(tx *db.Tx) error {
		_, err := userpool.InsertClient(tx, env.Sealer, userpool.NewClient{ID: id, Pool: pool, Name: "added"}, time.Now())
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return id
}

func (w *world) protect(pool string, on bool) {
	w.Helper()
	env, release, err := w.provision.Directory().Find(w.Context(), userpool.RoutePool, pool)
	if err != nil {
		w.Fatal(err)
	}
	defer release()
	err = env.DB.Tx(w.Context(), func(tx *db.Tx) error {
		_, err := userpool.UpdatePool(tx, env.Sealer, pool, func(_ *string, s *userpool.Settings) error { s.Protected = on; return nil }, time.Now())
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// A deleted auth resource is gone with all that leads to it, also what was added to
// the pool by the operations of Cognito.
func TestDeleteBackendAuth(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.refused(deletePath, obj{"resourceName": "users"}, 404)
		w.create(auth(obj{"oAuth": oauth(obj{"domainPrefix": "gone"})}))
		a := w.auth("dev")
		added := w.addClient(a.UserPool)
		w.protect(a.UserPool, true)
		if text := w.ended(deletePath, obj{"resourceName": "users"}); !strings.Contains(text, "protected from deletion") || !w.leads(userpool.RoutePool, a.UserPool) {
			t.Fatalf("a protected pool: %q", text)
		}
		w.protect(a.UserPool, false)
		env, release, err := w.provision.Directory().Find(t.Context(), userpool.RoutePool, a.UserPool)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		w.run(deletePath, obj{"resourceName": "users"})
		for _, k := range []backend.RouteKey{
			{Kind: userpool.RoutePool, Key: a.UserPool},
			{Kind: userpool.RouteClient, Key: a.WebClient},
			{Kind: userpool.RouteClient, Key: a.NativeClient},
			{Kind: userpool.RouteClient, Key: added},
			{Kind: userpool.RouteDomain, Key: "gone.us-east-1"},
			{Kind: identitypool.RoutePool, Key: a.IdentityPool},
		} {
			if w.leads(k.Kind, k.Key) {
				t.Errorf("%s %s still leads somewhere", k.Kind, k.Key)
			}
		}
		err = env.DB.Read(t.Context(), func(q *db.Query) error {
			if _, err := userpool.ReadPool(q, env.Sealer, a.UserPool); errs.KindOf(err) != errs.NotFound {
				t.Errorf("the pool: %v", err)
			}
			if _, err := identitypool.ReadPool(q, a.IdentityPool); errs.KindOf(err) != errs.NotFound {
				t.Errorf("the identity pool: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(w.changed.String(), a.UserPool) {
			t.Error("nobody was told that the pool is gone")
		}
		w.refused(getPath, obj{"resourceName": "users"}, 404)
		w.refused(deletePath, obj{"resourceName": "users"}, 404)
		w.refused(updatePath, update(obj{}), 404)
		w.create(auth(obj{"oAuth": oauth(obj{"domainPrefix": "gone"})})) // also the domain is free again
	})
}

// An imported pool is used and not owned.
func TestImportBackendAuth(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(whole())
		a := w.auth("dev")
		w.run("/backend", obj{"appId": "shop", "appName": "Shop", "backendEnvironmentName": "prod"})
		const at = "/backend/shop/auth/prod/import"
		ids := obj{"userPoolId": a.UserPool, "webClientId": a.WebClient, "nativeClientId": a.NativeClient, "identityPoolId": a.IdentityPool}
		w.run(at, ids)
		got := w.auth("prod")
		name := "imported" + strings.ReplaceAll(strings.ReplaceAll(a.UserPool, "-", ""), "_", "")
		if got.AuthIDs != a.AuthIDs || !got.Imported || got.Name != name || got.SignIn != "EMAIL" {
			t.Errorf("imported %+v", got)
		}
		// What it shows is what CreateBackendAuth was asked for.
		shown := w.good("/backend/shop/auth/prod/details", obj{"resourceName": name})["resourceConfig"]
		want := w.good(getPath, obj{"resourceName": "users"})["resourceConfig"].(obj)
		if diff := cmp.Diff(plain(t, want), plain(t, shown)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		w.refused("/backend/shop/auth/prod", obj{"resourceName": name, "resourceConfig": update(obj{})["resourceConfig"]}, 400, "was imported")
		w.refused(at, ids, 400, "already exists")
		// Detached, and all is there.
		w.run("/backend/shop/auth/prod/remove", obj{"resourceName": name})
		if w.view("prod").Auth() != nil || !w.leads(userpool.RoutePool, a.UserPool) || !w.leads(identitypool.RoutePool, a.IdentityPool) {
			t.Error("the pool was not only detached")
		}
		if got := w.things(a); got.pool.ID != a.UserPool {
			t.Error("the pool is gone")
		}
		delete(ids, "identityPoolId")
		w.run(at, ids)
		if got := w.auth("prod"); got.IdentityPool != "" {
			t.Errorf("an identity pool that was not imported: %s", got.IdentityPool)
		}
	})
}

func TestImportRefused(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(auth(nil))
		second := creation(auth(nil))
		second["resourceName"] = "second"
		w.run(createPath, second)
		w.run("/backend", obj{"appId": "shop", "appName": "Shop", "backendEnvironmentName": "prod"})
		a, b := w.view("dev").Auths[0], w.view("dev").Auths[1]
		const none = "us-east-1_000000000"
		for _, tc := range []struct {
			name                       string
			pool, web, native, ofUsers string
			status                     int
			want                       string
		}{
			{"no such pool", none, a.WebClient, a.NativeClient, a.IdentityPool, 404, "user pool"},
			{"a pool id that is none", "a'b", a.WebClient, a.NativeClient, a.IdentityPool, 404, "user pool"},
			{"no such web client", a.UserPool, "none", a.NativeClient, a.IdentityPool, 404, "app client"},
			{"no such native client", a.UserPool, a.WebClient, "none", a.IdentityPool, 404, "app client"},
			{"no such identity pool", a.UserPool, a.WebClient, a.NativeClient, "us-east-1:11111111-2222-4333-8444-555555555555", 404, "identity pool"},
			{"a web client of another pool", a.UserPool, b.WebClient, a.NativeClient, a.IdentityPool, 400, "'webClientId'"},
			{"a native client of another pool", a.UserPool, a.WebClient, b.NativeClient, a.IdentityPool, 400, "'nativeClientId'"},
			{"an identity pool of another", a.UserPool, a.WebClient, a.NativeClient, b.IdentityPool, 400, "'identityPoolId'"},
			{"an empty identity pool", a.UserPool, a.WebClient, a.NativeClient, "", 400, "'identityPoolId'"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				w := w.in(t)
				in := obj{"userPoolId": tc.pool, "webClientId": tc.web, "nativeClientId": tc.native, "identityPoolId": tc.ofUsers}
				w.refused("/backend/shop/auth/prod/import", in, tc.status, tc.want)
				if _, out := w.send("/backend/shop/auth/prod/import", in); tc.status == 404 && out["resourceType"] != "Auth" {
					t.Errorf("resourceType %v", out["resourceType"])
				}
			})
		}
		w.refused("/backend/shop/auth/none/import", obj{"userPoolId": a.UserPool, "webClientId": a.WebClient, "nativeClientId": a.NativeClient}, 404)
	})
}

// An API that names no pool goes by the one of its environment, whichever that is
// and whenever it was made.
func TestOwnPoolOfAPIs(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		const schema = `type Note @model @auth(rules: [{allow: owner}]) { id: ID! }`
		api := func(name string, settings obj) {
			t.Helper()
			w.run("/backend/shop/api", obj{"backendEnvironmentName": "dev", "resourceName": name, "resourceConfig": obj{
				"transformSchema": schema, "defaultAuthType": obj{"mode": "AMAZON_COGNITO_USER_POOLS", "settings": settings},
			}})
		}
		pools := func() map[string]string {
			t.Helper()
			out := map[string]string{}
			for _, a := range w.view("dev").APIs {
				d, _, release, err := w.provision.Locate(t.Context(), a.ID)
				if err != nil {
					t.Fatal(err)
				}
				err = d.Read(t.Context(), func(q *db.Query) error {
					v, err := endpoint.LiveVersion(q, a.ID)
					out[a.Name] = v.Auth.UserPool
					return err
				})
				release()
				if err != nil {
					t.Fatal(err)
				}
				if shown := a.Auth().UserPool; shown != out[a.Name] {
					t.Errorf("%s is shown with the pool %q and has %q", a.Name, shown, out[a.Name])
				}
			}
			return out
		}
		want := func(when string, pools, want map[string]string) {
			t.Helper()
			if diff := cmp.Diff(want, pools); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
		}
		const foreign = "eu-west-1_AbCdEfGhI"
		api("before", nil)
		api("fixed", obj{"cognitoUserPoolId": foreign})
		want("without a pool", pools(), map[string]string{"before": "", "fixed": foreign})
		w.create(auth(nil))
		first := w.auth("dev").UserPool
		api("after", nil)
		want("with a pool", pools(), map[string]string{"before": first, "fixed": foreign, "after": first})
		second := creation(auth(nil))
		second["resourceName"] = "second"
		w.run(createPath, second)
		want("with two", pools(), map[string]string{"before": first, "fixed": foreign, "after": first})
		next := w.view("dev").Auths[1].UserPool
		w.run(deletePath, obj{"resourceName": "users"})
		want("with the second", pools(), map[string]string{"before": next, "fixed": foreign, "after": next})
		w.run(deletePath, obj{"resourceName": "second"})
		want("without any", pools(), map[string]string{"before": "", "fixed": foreign, "after": ""})

		w.create(auth(nil))
		w.run("/backend/shop/environments/dev/clone", obj{"targetEnvironmentName": "copy"})
		own := w.auth("copy").UserPool
		for _, a := range w.view("copy").APIs {
			d, _, release, err := w.provision.Locate(t.Context(), a.ID)
			if err != nil {
				t.Fatal(err)
			}
			err = d.Read(t.Context(), func(q *db.Query) error {
				v, err := endpoint.LiveVersion(q, a.ID)
				if wanted := map[bool]string{true: foreign, false: own}[a.Name == "fixed"]; err == nil && v.Auth.UserPool != wanted {
					t.Errorf("the clone of %s has the pool %q, want %q", a.Name, v.Auth.UserPool, wanted)
				}
				return err
			})
			release()
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A clone has ids and keys of its own, the settings and secrets of the source, and
// no users.
func TestCloneAuth(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(whole())
		w.run("/backend", obj{"appId": "shop", "appName": "Shop", "backendEnvironmentName": "prod"})
		source := w.auth("dev")
		w.run(importPath, obj{"userPoolId": source.UserPool, "webClientId": source.WebClient, "nativeClientId": source.NativeClient})
		w.run("/backend/shop/environments/dev/clone", obj{"targetEnvironmentName": "copy"})
		auths := w.view("copy").Auths
		if len(auths) != 2 || auths[0].Name != "users" || !auths[1].Imported || auths[1].UserPool != source.UserPool {
			t.Fatalf("cloned %+v", auths)
		}
		clone := auths[0]
		for _, pair := range [][2]string{
			{source.UserPool, clone.UserPool},
			{source.WebClient, clone.WebClient},
			{source.NativeClient, clone.NativeClient},
			{source.IdentityPool, clone.IdentityPool},
			{source.Domain, clone.Domain},
		} {
			if pair[0] == pair[1] || pair[1] == "" {
				t.Errorf("the clone has %q of %q", pair[1], pair[0])
			}
		}
		from, to := w.things(source), w.things(clone)
		if diff := cmp.Diff(from.pool.Settings, to.pool.Settings); diff != "" {
			t.Errorf("settings (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(from.web.Settings, to.web.Settings); diff != "" {
			t.Errorf("client (-want +got):\n%s", diff)
		}
		if to.domain != clone.Domain || !w.leads(userpool.RouteDomain, clone.Domain+".us-east-1") || !to.identities.Guests {
			t.Errorf("domain %q, want %q; identity pool %+v", to.domain, clone.Domain, to.identities.Settings)
		}
		for i, p := range to.providers {
			if q := from.providers[i]; p.Name != q.Name || !p.ClientSecret.Equal(q.ClientSecret) || !p.PrivateKey.Equal(q.PrivateKey) || p.Details["key_id"] != q.Details["key_id"] {
				t.Errorf("provider %s", p.Name)
			}
		}
		// The secrets of the clone open under its own names: an update keeps them.
		w.run("/backend/shop/auth/copy", obj{"resourceName": "users", "resourceConfig": update(obj{"passwordPolicy": obj{"minimumLength": 11}})["resourceConfig"]})
		to = w.things(w.auth("copy"))
		if i := slices.IndexFunc(to.providers, func(p userpool.Provider) bool { return p.Name == "Google" }); to.providers[i].ClientSecret.Reveal() != "canary-google-secret" {
			t.Error("the secret of the clone is another one")
		}
		w.run("/backend/shop/environments/copy/remove", "")
		if w.leads(userpool.RoutePool, clone.UserPool) || !w.leads(userpool.RoutePool, source.UserPool) {
			t.Error("what was deleted is not the clone")
		}
	})
}

// Deleting an environment forgets whatever leads to it, whoever made it; a deletion
// that is cancelled brings all of it back.
func TestDeleteBackendForgetsAllRoutes(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(auth(obj{"oAuth": oauth(obj{"domainPrefix": "all"})}))
		a := w.auth("dev")
		routes := []backend.RouteKey{
			{Kind: userpool.RoutePool, Key: a.UserPool},
			{Kind: userpool.RouteClient, Key: w.addClient(a.UserPool)},
			{Kind: userpool.RouteDomain, Key: "all.us-east-1"},
			{Kind: identitypool.RoutePool, Key: a.IdentityPool},
		}
		lead := func(want bool) {
			t.Helper()
			for _, k := range routes {
				if w.leads(k.Kind, k.Key) != want {
					t.Errorf("%s leads: %v", k.Kind, !want)
				}
			}
		}
		lead(true)
		w.pause()
		id, _ := w.good("/backend/shop/environments/dev/remove", "")["jobId"].(string)
		if _, err := w.jobs.Cancel(t.Context(), "shop", "dev", id); err != nil {
			t.Fatal(err)
		}
		w.resume()
		if _, err := w.jobs.Wait(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		lead(true)
		w.run("/backend/shop/environments/dev/remove", "")
		lead(false)
	})
}
