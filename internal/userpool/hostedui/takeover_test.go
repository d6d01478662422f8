package hostedui_test

import (
	"testing"

	"preamp/internal/userpool"
)

// TestForeignProviders proves that a browser's session opens only the clients whose
// users may sign in as this one has.
func TestForeignProviders(t *testing.T) {
	t.Parallel()
	eachFederated(t, func(t *testing.T, f *federated) {
		f.newUser(t, "alice", nil)
		plain := f.newClient(t, false, nil)
		google := f.newClient(t, false, func(s *userpool.ClientSettings) { s.Providers = []string{"Google"} })
		social := f.browser(t).begin("identity_provider", "Google")
		social.back(f.away(social)).code()
		own := f.browser(t).signIn("alice", goodPass)
		own.code()
		for _, row := range []struct {
			name    string
			browser *browser
			client  userpool.Client
			want    string
		}{
			{"by Google, at a client of the pool's own users", social, plain, "login_required"},
			{"by Google, at a client with Google", social, google, ""},
			{"by password, at a client without passwords", own, google, "login_required"},
			{"by password, at a client with passwords", own, plain, ""},
		} {
			if got := row.browser.silent("client_id", row.client.ID); got != row.want {
				t.Errorf("%s: %q; want %q", row.name, got, row.want)
			}
		}
	})
}
