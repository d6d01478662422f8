package hostedui_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/userpool/hostedui"
)

// TestRates asks the limits of the API for everything that is more than a look.
func TestRates(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []string
	full := false
	refuse := func(is bool) {
		mu.Lock()
		defer mu.Unlock()
		full, asked = is, nil
	}
	counted := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return asked
	}
	o := options{config: func(c *hostedui.Config) {
		c.Limit = func(_ context.Context, operation string) error {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, operation)
			if full {
				return errs.E(errs.TooMany, "Too many requests")
			}
			return nil
		}
	}}
	each(t, o, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		refuse(false)
		b := f.browser(t).begin()
		if got := counted(); len(got) != 0 {
			t.Errorf("a look counts as %v", got)
		}
		b.submit("login", "username", "alice", "password", goodPass)
		f.exchange(t, b.code())
		if got := counted(); !slices.Equal(got, []string{"InitiateAuth", "GetTokensFromRefreshToken"}) {
			t.Errorf("%v", got)
		}
		refuse(true)
		b.begin("prompt", "login").submit("login", "username", "alice", "password", goodPass)
		if b.page.StatusCode != http.StatusTooManyRequests || b.alert() == "" {
			t.Errorf("%d %q", b.page.StatusCode, b.alert())
		}
		if a := f.post(t, "/oauth2/token", url.Values{}); a.StatusCode != http.StatusTooManyRequests {
			t.Errorf("%d", a.StatusCode)
		}
		if a := f.userInfo(t, "x"); a.StatusCode != http.StatusTooManyRequests {
			t.Errorf("%d", a.StatusCode)
		}
	})
}

// TestSweep leaves what may still be asked for.
func TestSweep(t *testing.T) {
	t.Parallel()
	each(t, options{}, func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		b := f.browser(t).signIn("alice", goodPass)
		b.code()
		count := func() (n [2]int64) {
			t.Helper()
			err := f.env.DB.Read(t.Context(), func(q *db.Query) error {
				if err := q.Row(`SELECT count(*) FROM env.hosted_code`).Scan(&n[0]); err != nil {
					return err
				}
				return q.Row(`SELECT count(*) FROM env.hosted_session`).Scan(&n[1])
			})
			must(t, "count", err)
			return n
		}
		for _, row := range []struct {
			after time.Duration
			want  [2]int64
		}{{0, [2]int64{1, 1}}, {59 * time.Minute, [2]int64{1, 1}}, {2 * time.Minute, [2]int64{1, 0}}, {24 * time.Hour, [2]int64{0, 0}}} {
			f.after(row.after)
			err := f.env.DB.Tx(t.Context(), func(tx *db.Tx) error {
				more, err := hostedui.Sweep(tx, f.clock())
				if more {
					t.Error("there is no more")
				}
				return err
			})
			must(t, "sweep", err)
			if got := count(); got != row.want {
				t.Errorf("after %s: %v, want %v", row.after, got, row.want)
			}
		}
	})
}
