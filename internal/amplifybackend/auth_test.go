package amplifybackend_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/identitypool"
	"preamp/internal/userpool"
)

// What a new auth resource consists of, and that everything leads to it.
func TestCreateBackendAuth(t *testing.T) {
	onStores(t, func(t *testing.T, w *world) {
		w.create(auth(obj{"oAuth": oauth(nil)}))
		a := w.auth("dev")
		for kind, ids := range map[string][]string{
			userpool.RoutePool: {a.UserPool}, userpool.RouteClient: {a.WebClient, a.NativeClient},
			userpool.RouteDomain: {a.Domain + ".us-east-1"}, identitypool.RoutePool: {a.IdentityPool},
		} {
			for _, id := range ids {
				if !w.leads(kind, id) {
					t.Errorf("%s %s leads nowhere", kind, id)
				}
			}
		}
		got := w.things(a)
		if got.pool.Name != "shoppers" || got.domain != a.Domain || a.Domain == "" {
			t.Errorf("pool %q with the domain %q, want %q", got.pool.Name, got.domain, a.Domain)
		}
		if !got.web.Secret.Empty() || !got.native.Secret.Empty() || got.web.ID == got.native.ID {
			t.Error("the clients must be two public ones")
		}
		if !slices.Equal(got.web.Settings.Flows, []string{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}) ||
			!got.web.Settings.HideUsers {
			t.Errorf("web client: %+v", got.web.Settings)
		}
		name := identitypool.ProviderName(a.UserPool)
		want := []identitypool.Provider{{Name: name, Client: a.WebClient}, {Name: name, Client: a.NativeClient}}
		if diff := cmp.Diff(want, got.identities.Providers); diff != "" || !got.identities.Guests || got.identities.Name != "shop_identities" {
			t.Errorf("identity pool %+v\n%s", got.identities.Settings, diff)
		}
	})
}
