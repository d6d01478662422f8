package identitypool_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"preamp/internal/authn"
	"preamp/internal/errs"
	"preamp/internal/identitypool"
	"preamp/internal/identitypool/wire"
)

func TestGetID(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		a := f.getID(t, pool, logins("a"))
		if !regexp.MustCompile(`^us-east-1:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(a) {
			t.Errorf("identity %q", a)
		}
		if again := f.getID(t, pool, logins("a")); again != a {
			t.Errorf("another identity %s for the same login", again)
		}
		b, g1, g2 := f.getID(t, pool, logins("b")), f.getID(t, pool, nil), f.getID(t, pool, map[string]string{})
		ids := []string{a, b, g1, g2}
		slices.Sort(ids)
		if len(slices.Compact(ids)) != 4 {
			t.Errorf("identities %v are not different", ids)
		}
		for _, id := range ids { // all of one environment
			if id[:18] != a[:18] {
				t.Errorf("%s does not begin as %s", id, a)
			}
		}
		if n := f.dir.shards(); n != 1 {
			t.Errorf("%d shards", n)
		}
		if other := f.getID(t, f.pool(t, nil), logins("a")); other == a {
			t.Error("two pools share an identity")
		}
	})
}

// Both names of a provider mean the same, in logins and in settings.
func TestProviderNames(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, func(in *wire.CreateIdentityPoolInput) {
			in.CognitoIdentityProviders[0].ProviderName = "127.0.0.1:7072/base/" + userPool
		})
		got, err := f.DescribeIdentityPool(t.Context(), &wire.DescribeIdentityPoolInput{IdentityPoolID: pool})
		if err != nil || got.CognitoIdentityProviders[0].ProviderName != provider {
			t.Errorf("%+v, %v", got, err)
		}
		id := f.getID(t, pool, logins("a"))
		for _, name := range []string{"127.0.0.1:7072/" + userPool, "auth.example.com/" + userPool, "example.com:8443/a/b/" + userPool} {
			if other := f.getID(t, pool, map[string]string{name: token("a")}); other != id {
				t.Errorf("%s: another identity", name)
			}
			both := map[string]string{name: token("a"), provider: token("a")}
			if other := f.getID(t, pool, both); other != id {
				t.Errorf("%s beside its other name: another identity", name)
			}
		}
		for _, asked := range f.asked {
			if asked != provider+" "+userPool {
				t.Errorf("asked for %q", asked)
			}
		}
	})
}

func TestParallelGetID(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		ids := make([]string, 24)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() {
				out, err := f.GetId(t.Context(), &wire.GetIdInput{IdentityPoolID: pool, Logins: logins("a")})
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = out.IdentityID
			})
		}
		wg.Wait()
		slices.Sort(ids)
		if len(slices.Compact(ids)) != 1 {
			t.Errorf("%d identities", len(slices.Compact(ids)))
		}
		list, err := f.ListIdentities(t.Context(), &wire.ListIdentitiesInput{IdentityPoolID: pool, MaxResults: 60})
		if err != nil || len(list.Identities) != 1 {
			t.Errorf("%v, %v", list, err)
		}
		if n := f.dir.shards(); n != 1 {
			t.Errorf("%d shards", n)
		}
	})
}

func TestShardInUse(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		f.dir.taken = 3
		f.getID(t, pool, nil)
		if f.dir.puts != 4 || f.dir.shards() != 1 {
			t.Errorf("%d puts, %d shards", f.dir.puts, f.dir.shards())
		}
	})
}

// TestLogins are logins that are refused, by every operation that takes some. The
// control is the login of the same identity.
func TestLogins(t *testing.T) {
	const unsupported = "Token is not from a supported provider of this identity pool."
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, func(in *wire.CreateIdentityPoolInput) {
			in.CognitoIdentityProviders = append(in.CognitoIdentityProviders, wire.CognitoIdentityProvider{
				ProviderName: provider, ClientID: "checked", ServerSideTokenCheck: new(true),
			})
			in.SupportedLoginProviders = map[string]string{social: "app1;app2"}
		})
		id := f.getID(t, pool, logins("a"))
		before := len(f.list(t, pool))
		for _, tt := range []struct {
			name, text string
			logins     map[string]string
		}{
			{"good", "", logins("a")},
			{"of a checked client", "", map[string]string{provider: "a/checked"}},
			{"ended session that nobody checks", "", map[string]string{provider: token("a") + "/ended"}},
			{"not a token", "Invalid login token.", map[string]string{provider: "x"}},
			{"expired", "Invalid login token. Token expired: 1793606709 >= 1793606708", map[string]string{provider: token("a") + "/expired"}},
			{"deleted user", "Invalid login token.", map[string]string{provider: token("a") + "/gone"}},
			{"ended session", "Invalid login token. Token has been revoked.", map[string]string{provider: "a/checked/ended"}},
			{"other client", "Incorrect token audience.", map[string]string{provider: "a/other"}},
			{"no client", "Incorrect token audience.", map[string]string{provider: "a/"}},
			{"no subject", "Invalid login token.", map[string]string{provider: "/" + client}},
			{"long subject", "Invalid login token.", map[string]string{provider: strings.Repeat("a", 513) + "/" + client}},
			{"subject with NUL", "Invalid login token.", map[string]string{provider: "a\x00/" + client}},
			{"other user pool", unsupported, map[string]string{provider2: token("a")}},
			{"other user pool of this host", unsupported, map[string]string{"127.0.0.1:80/us-east-1_ZyXwVuTsR": token("a")}},
			{"pool without a host", unsupported, map[string]string{userPool: token("a")}},
			{"unknown provider", unsupported, map[string]string{"graph.facebook.com": token("a")}},
			{"empty name", unsupported, map[string]string{"": token("a")}},
			{"one good and one unknown", unsupported, map[string]string{provider: token("a"), "graph.facebook.com": "x"}},
			{"one good and one bad", "Invalid login token.", map[string]string{provider: token("a"), social: "x"}},
			{"app of another provider", "Incorrect token audience.", map[string]string{social: token("a")}},
			{"list of apps as an app", "Incorrect token audience.", map[string]string{social: "a/app1;app2"}},
		} {
			code := denied
			if tt.text == "" {
				code = ""
			}
			ctx := t.Context()
			_, err := f.GetId(ctx, &wire.GetIdInput{IdentityPoolID: pool, Logins: tt.logins})
			want(t, err, code, tt.text)
			_, err = f.GetCredentialsForIdentity(ctx, &wire.GetCredentialsForIdentityInput{IdentityID: id, Logins: tt.logins})
			want(t, err, code, tt.text)
			_, err = f.GetOpenIdToken(ctx, &wire.GetOpenIdTokenInput{IdentityID: id, Logins: tt.logins})
			want(t, err, code, tt.text)
			_, err = f.UnlinkIdentity(ctx, &wire.UnlinkIdentityInput{IdentityID: id, Logins: tt.logins})
			want(t, err, code, tt.text)
			if err != nil && strings.Contains(err.Error(), "secret reason") {
				t.Errorf("%s: the reason is shown", tt.name)
			}
			if t.Failed() {
				t.Fatalf("at %q", tt.name)
			}
		}
		_, err := f.GetId(t.Context(), &wire.GetIdInput{IdentityPoolID: pool, Logins: map[string]string{
			provider: token("a"), "example.com/" + userPool: token("b"),
		}})
		want(t, err, badParameter, "more than one login")
		_, err = f.GetId(t.Context(), &wire.GetIdInput{IdentityPoolID: pool, Logins: map[string]string{provider: "a/b/down"}})
		if errs.KindOf(err) != errs.Unavailable {
			t.Errorf("a failure is %v", err)
		}
		if n := len(f.list(t, pool)); n != before {
			t.Errorf("refusals made %d identities", n-before)
		}
	})
}

func (f *fixture) list(t *testing.T, pool string) []wire.IdentityDescription {
	t.Helper()
	out, err := f.ListIdentities(t.Context(), &wire.ListIdentitiesInput{IdentityPoolID: pool, MaxResults: 60})
	if err != nil {
		t.Fatal(err)
	}
	return out.Identities
}

func TestGuests(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		const text = "Unauthenticated access is not supported for this identity pool."
		pool := f.pool(t, nil)
		id := f.getID(t, pool, nil)
		c := f.get(t, id, nil)
		_, who, err := f.sessions.OpenSession(c.Credentials.AccessKeyID, c.Credentials.SessionToken, start)
		wantWho := authn.Federated{PoolID: pool, IdentityID: id, Guest: true, RoleARN: guestRole, Epoch: start.UnixMilli()}
		if err != nil || who != wantWho {
			t.Errorf("%+v, %v", who, err)
		}
		if !c.Credentials.Expiration.Equal(start.Add(time.Hour)) {
			t.Errorf("expires %s", c.Credentials.Expiration)
		}
		want(t, f.Check(t.Context(), &who), "", "")

		f.allowGuests(t, pool, false)
		_, err = f.GetId(t.Context(), &wire.GetIdInput{IdentityPoolID: pool})
		want(t, err, denied, text)
		_, err = f.GetCredentialsForIdentity(t.Context(), &wire.GetCredentialsForIdentityInput{IdentityID: id})
		want(t, err, denied, text)
		_, err = f.GetOpenIdToken(t.Context(), &wire.GetOpenIdTokenInput{IdentityID: id})
		want(t, err, denied, text)
		want(t, f.Check(t.Context(), &who), unrecognized, "") // at once
		f.getID(t, pool, logins("a"))                         // others still may
		if n := len(f.list(t, pool)); n != 2 {
			t.Errorf("%d identities", n)
		}
	})
}

// A pool that no address leads to any more was switched off: its identities are as
// far away as itself.
func TestPoolOutOfReach(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		pool := f.pool(t, nil)
		guest, user := f.getID(t, pool, nil), f.getID(t, pool, logins("a"))
		env, release, err := f.dir.Find(ctx, identitypool.RoutePool, pool)
		if err != nil {
			t.Fatal(err)
		}
		release()
		if err := f.dir.Remove(ctx, identitypool.RoutePool, pool); err != nil {
			t.Fatal(err)
		}
		for name, call := range map[string]func(id string, l map[string]string) error{
			"credentials": func(id string, l map[string]string) error {
				_, err := f.GetCredentialsForIdentity(ctx, &wire.GetCredentialsForIdentityInput{IdentityID: id, Logins: l})
				return err
			},
			"token": func(id string, l map[string]string) error {
				_, err := f.GetOpenIdToken(ctx, &wire.GetOpenIdTokenInput{IdentityID: id, Logins: l})
				return err
			},
		} {
			for id, l := range map[string]map[string]string{guest: nil, user: logins("a")} {
				if err := call(id, l); errs.KindOf(err) != errs.NotFound {
					t.Errorf("%s of %s: %v", name, id, err)
				}
			}
		}
		if err := f.dir.Put(ctx, identitypool.RoutePool, pool, env.UID); err != nil {
			t.Fatal(err)
		}
		f.get(t, guest, nil)
		f.get(t, user, logins("a"))
	})
}

func (f *fixture) allowGuests(t *testing.T, pool string, allow bool) {
	t.Helper()
	_, err := f.UpdateIdentityPool(t.Context(), &wire.UpdateIdentityPoolInput{
		IdentityPoolID: pool, IdentityPoolName: "test", AllowUnauthenticatedIdentities: allow,
		CognitoIdentityProviders: []wire.CognitoIdentityProvider{{ProviderName: provider, ClientID: client}},
	})
	if err != nil {
		t.Fatal(err)
	}
}
