package identitypool_test

import (
	"slices"
	"sync"
	"testing"

	"preamp/internal/identitypool/wire"
)

// TestIdentityOf is who gets the credentials of which identity.
func TestIdentityOf(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		two := func(in *wire.CreateIdentityPoolInput) {
			in.CognitoIdentityProviders = append(in.CognitoIdentityProviders,
				wire.CognitoIdentityProvider{ProviderName: provider2, ClientID: client})
		}
		pool := f.pool(t, two)
		ask := func(id string, logins map[string]string) (string, error) {
			out, err := f.GetCredentialsForIdentity(t.Context(), &wire.GetCredentialsForIdentityInput{IdentityID: id, Logins: logins})
			if err != nil {
				return "", err
			}
			return out.IdentityID, nil
		}
		expect := func(id string, logins map[string]string, wantID string) {
			t.Helper()
			if got, err := ask(id, logins); err != nil || got != wantID {
				t.Errorf("got %s, %v, want %s", got, err, wantID)
			}
		}
		a, b := f.getID(t, pool, logins("a")), f.getID(t, pool, logins("b"))
		expect(a, logins("a"), a)

		_, err := ask(a, nil)
		want(t, err, denied, "Logins don't match. Please include at least one valid login for this identity or identity pool.")
		_, err = ask(a, logins("new")) // whose login leads nowhere
		want(t, err, denied, "Logins don't match.")
		_, err = ask(b, logins("a"))
		want(t, err, denied, "Access to Identity '"+b+"' is forbidden.")
		_, err = ask(nobody, nil)
		want(t, err, gone, "Identity '"+nobody+"' not found.")
		_, err = ask("x", nil)
		want(t, err, gone, "")
		_, err = ask(a[:len(a)-1]+"g", nil)
		want(t, err, gone, "")

		// A guest who signs in for the first time stays who it was.
		guest := f.getID(t, pool, nil)
		expect(guest, nil, guest)
		expect(guest, logins("c"), guest)
		expect(guest, logins("c"), guest)
		if id := f.getID(t, pool, logins("c")); id != guest {
			t.Error("GetId answers another identity")
		}
		_, err = ask(guest, nil) // and is no guest any more
		want(t, err, denied, "Logins don't match.")

		// A guest who has an identity gets it.
		guest = f.getID(t, pool, nil)
		expect(guest, logins("a"), a)
		expect(guest, nil, guest)

		// Another provider is linked by a call with both logins.
		both := map[string]string{provider: token("a"), provider2: token("z")}
		expect(a, both, a)
		expect(a, map[string]string{provider2: token("z")}, a)
		if id := f.getID(t, pool, map[string]string{provider2: token("z")}); id != a {
			t.Error("GetId answers another identity")
		}
		_, err = ask(b, map[string]string{provider: token("b"), provider2: token("z")})
		want(t, err, wire.ResourceConflictException, "")
		_, err = ask(a, map[string]string{provider: token("b"), provider2: token("z")})
		want(t, err, wire.ResourceConflictException, "")
		_, err = ask(a, map[string]string{provider: token("a"), provider2: token("y")})
		want(t, err, wire.ResourceConflictException, "")
		_, err = f.GetId(t.Context(), &wire.GetIdInput{IdentityPoolID: pool, Logins: map[string]string{
			provider: token("b"), provider2: token("z"),
		}})
		want(t, err, wire.ResourceConflictException, "")

		// The identity of another pool.
		other := f.getID(t, f.pool(t, nil), logins("a"))
		expect(other, logins("a"), other)
		_, err = ask(other, logins("b"))
		want(t, err, denied, "Logins don't match.")
	})
}

// Two who take over the same guest at once: one gets it.
func TestGuestTakenTwice(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		for range 5 {
			guest := f.getID(t, pool, nil)
			var wg sync.WaitGroup
			got := make([]string, 6)
			for i := range got {
				wg.Go(func() {
					out, err := f.GetCredentialsForIdentity(t.Context(), &wire.GetCredentialsForIdentityInput{
						IdentityID: guest, Logins: logins(guest + string(rune('a'+i))),
					})
					if err == nil {
						got[i] = out.IdentityID
						return
					}
					want(t, err, denied, "Logins don't match.")
				})
			}
			wg.Wait()
			if n := len(slices.DeleteFunc(got, func(s string) bool { return s == "" })); n != 1 {
				t.Errorf("%d got the guest", n)
			}
		}
	})
}

func TestUnlinkIdentity(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, func(in *wire.CreateIdentityPoolInput) {
			in.CognitoIdentityProviders = append(in.CognitoIdentityProviders,
				wire.CognitoIdentityProvider{ProviderName: provider2, ClientID: client})
		})
		both := map[string]string{provider: token("a"), provider2: token("z")}
		a, b := f.getID(t, pool, both), f.getID(t, pool, logins("b"))
		unlink := func(id string, logins map[string]string, remove ...string) error {
			_, err := f.UnlinkIdentity(t.Context(), &wire.UnlinkIdentityInput{IdentityID: id, Logins: logins, LoginsToRemove: remove})
			return err
		}
		want(t, unlink(a, nil, provider), denied, "Logins don't match.")
		want(t, unlink(a, logins("new"), provider), denied, "Logins don't match.")
		want(t, unlink(a, logins("b"), provider), denied, "forbidden")
		want(t, unlink(b, both, provider), denied, "forbidden")
		want(t, unlink(nobody, both, provider), gone, "")
		if d := f.describe(t, a); !slices.Equal(d.Logins, []string{provider, provider2}) {
			t.Errorf("refusals left %v", d.Logins)
		}

		want(t, unlink(a, logins("a"), "example.com/us-east-1_ZyXwVuTsR"), "", "")
		if d := f.describe(t, a); !slices.Equal(d.Logins, []string{provider}) {
			t.Errorf("left %v", d.Logins)
		}
		if id := f.getID(t, pool, map[string]string{provider2: token("z")}); id == a {
			t.Error("the login still leads to the identity")
		}
		// Without any login the identity is closed, to guests too.
		want(t, unlink(a, logins("a"), provider), "", "")
		_, err := f.GetCredentialsForIdentity(t.Context(), &wire.GetCredentialsForIdentityInput{IdentityID: a})
		want(t, err, denied, "Access to Identity '"+a+"' is forbidden.")
		if id := f.getID(t, pool, logins("a")); id == a {
			t.Error("the login still leads to the identity")
		}
		out, err := f.ListIdentities(t.Context(), &wire.ListIdentitiesInput{IdentityPoolID: pool, MaxResults: 60, HideDisabled: new(true)})
		if err != nil || slices.ContainsFunc(out.Identities, func(d wire.IdentityDescription) bool { return d.IdentityID == a }) {
			t.Errorf("the closed identity is listed: %v, %v", out, err)
		}
		if n, all := len(out.Identities), len(f.list(t, pool)); n != all-1 {
			t.Errorf("%d of %d are open", n, all)
		}
	})
}

func (f *fixture) describe(t *testing.T, id string) *wire.DescribeIdentityOutput {
	t.Helper()
	out, err := f.DescribeIdentity(t.Context(), &wire.DescribeIdentityInput{IdentityID: id})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
