package userpool_test

import (
	"strings"
	"testing"

	"preamp/internal/db"
	"preamp/internal/userpool"
)

func TestDomains(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		const other = "us-east-1_other0000"
		_, err := f.CreatePool(ctx, f.call(), userpool.NewPool{ID: other, Name: "other"})
		must(t, "pool", err)
		_, err = f.PoolDomain(ctx, f.call(), poolID)
		want(t, "none yet", err, "ResourceNotFound: No such domain or user pool exists.")
		must(t, "set", f.SetDomain(ctx, f.call(), poolID, "my-app"))
		must(t, "set again", f.SetDomain(ctx, f.call(), poolID, "my-app"))
		for _, read := range []func() (userpool.Domain, error){
			func() (userpool.Domain, error) { return f.Domain(ctx, f.call(), "my-app") },
			func() (userpool.Domain, error) { return f.PoolDomain(ctx, f.call(), poolID) },
		} {
			if d, err := read(); err != nil || d.Pool != poolID || d.Prefix != "my-app" || !d.Created.Equal(f.now) {
				t.Errorf("%+v, %v", d, err)
			}
		}
		want(t, "another pool", f.SetDomain(ctx, f.call(), other, "my-app"), "InvalidParameter: Domain already associated with another user pool.")
		want(t, "another domain", f.SetDomain(ctx, f.call(), poolID, "mine"), "InvalidParameter: User pool already has a domain configured.")
		want(t, "no pool", f.SetDomain(ctx, f.call(), "us-east-1_none00000", "x"), "ResourceNotFound: User pool us-east-1_none00000 does not exist.")
		want(t, "drop of another", f.DropDomain(ctx, f.call(), other, "my-app"), "InvalidParameter: No such domain or user pool exists.")
		want(t, "drop of none", f.DropDomain(ctx, f.call(), poolID, "mine"), "InvalidParameter: No such domain or user pool exists.")
		must(t, "drop", f.DropDomain(ctx, f.call(), poolID, "my-app"))
		must(t, "the other gets it", f.SetDomain(ctx, f.call(), other, "my-app"))
		for _, name := range []string{"nobody", "\x00", "\xff"} {
			_, err := f.Domain(ctx, f.call(), name)
			want(t, "unknown", err, "ResourceNotFound: No such domain or user pool exists.")
		}
	})
}

func TestCheckDomain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, prefix, want string }{
		{"one letter", "a", ""},
		{"digits and dashes", "0-a-9", ""},
		{"63 characters", strings.Repeat("x", 63), ""},
		{"64 characters", strings.Repeat("x", 64), "validation error"},
		{"empty", "", "validation error"},
		{"upper case", "App", "validation error"},
		{"a dash in front", "-app", "validation error"},
		{"a dash at the end", "app-", "validation error"},
		{"a line break at the end", "app\n", "validation error"},
		{"underscore", "my_app", "validation error"},
		{"aws", "my-aws-app", "Domain cannot contain reserved word: aws"},
		{"amazon", "amazonas", "Domain cannot contain reserved word: amazon"},
		{"cognito", "xcognito", "Domain cannot contain reserved word: cognito"},
		{"custom", "auth.example.com", "A custom domain is not available in this version."},
	} {
		err := userpool.CheckDomain(tc.prefix)
		if got := errText(err); (tc.want == "") != (got == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// With a pool go its providers, domain and identities, and those of no other.
func TestDropPoolWithFederation(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for _, pool := range []string{poolID, "us-east-1_other0000"} {
			if pool != poolID {
				_, err := f.CreatePool(ctx, f.call(), userpool.NewPool{ID: pool, Name: "other"})
				must(t, "pool", err)
			}
			p := google(t)
			p.Pool, p.Identifiers = pool, []string{"g"}
			p = f.newProvider(t, p)
			must(t, "domain", f.SetDomain(ctx, f.call(), pool, strings.ToLower(pool[len(pool)-4:])))
			s := flows()
			s.Providers = []string{"Google"}
			client, err := f.CreateClient(ctx, f.call(), userpool.NewClient{Pool: pool, Name: "web", Settings: s})
			must(t, "client", err)
			_, err = f.FederatedSignIn(ctx, f.call(), client.ID, p, userpool.Profile{ID: "1"})
			must(t, "sign in", err)
		}
		count := func() (out []int64) {
			for _, table := range []string{
				"user_provider", "user_provider_identifier", "user_identity", "user_domain", "user_account", "user_member", "user_group",
			} {
				var n int64
				must(t, table, f.env.DB.Row(ctx, `SELECT count(*) FROM env.`+table).Scan(&n))
				out = append(out, n)
			}
			return out
		}
		for left := int64(2); left >= 0; left-- {
			for i, n := range count() {
				if n != left {
					t.Errorf("table %d has %d rows, want %d", i, n, left)
				}
			}
			pool := map[int64]string{2: poolID, 1: "us-east-1_other0000"}[left]
			must(t, "drop", f.env.DB.Tx(ctx, func(tx *db.Tx) error { return userpool.DropPool(tx, pool) }))
		}
	})
}
