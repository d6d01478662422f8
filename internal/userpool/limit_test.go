package userpool_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"preamp/internal/db"
	"preamp/internal/userpool"
)

// The limits of pools and clients, each at its edge and one beyond.
func TestLimits(t *testing.T) {
	t.Parallel()
	custom := func(n int) userpool.Settings {
		s := plain()
		for i := range n {
			s.Attributes = append(s.Attributes, userpool.Attribute{Name: fmt.Sprintf("custom:a%d", i), Type: "String", Mutable: true})
		}
		return s
	}
	policy := func(change func(p *userpool.PasswordPolicy)) userpool.Settings {
		s := plain()
		s.Password = userpool.DefaultPolicy()
		change(&s.Password)
		return s
	}
	urls := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("https://host.test/%d", i)
		}
		return list
	}
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		pools := 0
		pool := func(s userpool.Settings) error {
			pools++
			_, err := f.CreatePool(ctx, f.call(), userpool.NewPool{ID: fmt.Sprintf("us-east-1_Limit%04d", pools), Name: "test", Settings: s})
			return err
		}
		client := func(change func(s *userpool.ClientSettings)) error {
			s := flows()
			change(&s)
			_, err := f.CreateClient(ctx, f.call(), userpool.NewClient{Pool: poolID, Name: "web", Settings: s})
			return err
		}
		list := func(n int) error {
			_, _, err := f.Users(ctx, f.call(), poolID, "", userpool.Page{Limit: n})
			return err
		}
		password := func(n int) error {
			return f.AdminSetPassword(ctx, f.call(), poolID, "alice", "Aa1!"+strings.Repeat("x", n-4), true)
		}
		f.newUser(t, "alice", nil)
		for _, c := range []struct {
			name   string
			inside func() error
			beyond func() error
			text   string // begins the refusal
		}{
			{
				"custom attributes", func() error { return pool(custom(50)) }, func() error { return pool(custom(51)) },
				"LimitExceeded: A user pool has at most 50 custom attributes.",
			},
			{
				"shortest password", func() error { return pool(policy(func(p *userpool.PasswordPolicy) { p.MinLength = 6 })) },
				func() error { return pool(policy(func(p *userpool.PasswordPolicy) { p.MinLength = 5 })) },
				"InvalidParameter: The minimum length of passwords must be from 6 to 99.",
			},
			{
				"longest minimum", func() error { return pool(policy(func(p *userpool.PasswordPolicy) { p.MinLength = 99 })) },
				func() error { return pool(policy(func(p *userpool.PasswordPolicy) { p.MinLength = 100 })) },
				"InvalidParameter: The minimum length of passwords must be from 6 to 99.",
			},
			{
				"history", func() error { return pool(policy(func(p *userpool.PasswordPolicy) { p.History = 24 })) },
				func() error { return pool(policy(func(p *userpool.PasswordPolicy) { p.History = 25 })) },
				"InvalidParameter: The password history must be from 0 to 24.",
			},
			{
				"days of a temporary password", func() error { return pool(policy(func(p *userpool.PasswordPolicy) { p.TemporaryDays = 365 })) },
				func() error { return pool(policy(func(p *userpool.PasswordPolicy) { p.TemporaryDays = 366 })) },
				"InvalidParameter: The validity of temporary passwords must be from 0 to 365 days.",
			},
			{
				"password", func() error { return password(256) }, func() error { return password(257) },
				"InvalidParameter: 1 validation error detected: Value at 'password'",
			},
			{"attribute value", func() error {
				return f.AdminUpdateAttributes(ctx, f.call(), poolID, "alice", map[string]string{"name": strings.Repeat("x", 2048)})
			}, func() error {
				return f.AdminUpdateAttributes(ctx, f.call(), poolID, "alice", map[string]string{"name": strings.Repeat("x", 2049)})
			}, "InvalidParameter: Attributes did not conform to the schema: name: String must be no longer than 2048 characters"},
			{"attribute value in bytes", func() error {
				return f.AdminUpdateAttributes(ctx, f.call(), poolID, "alice", map[string]string{"name": strings.Repeat("ü", 1024)})
			}, func() error {
				return f.AdminUpdateAttributes(ctx, f.call(), poolID, "alice", map[string]string{"name": strings.Repeat("ü", 1025)})
			}, "InvalidParameter: Attributes did not conform to the schema: name: String must be no longer than 2048 characters"},
			{
				"callback URLs", func() error { return client(func(s *userpool.ClientSettings) { s.Callbacks = urls(100) }) },
				func() error { return client(func(s *userpool.ClientSettings) { s.Callbacks = urls(101) }) },
				"InvalidParameter: At most 100 URLs can be set.",
			},
			{
				"logout URLs", func() error { return client(func(s *userpool.ClientSettings) { s.Logouts = urls(100) }) },
				func() error { return client(func(s *userpool.ClientSettings) { s.Logouts = urls(101) }) },
				"InvalidParameter: At most 100 URLs can be set.",
			},
			{
				"session", func() error { return client(func(s *userpool.ClientSettings) { s.AuthSession = 15 }) },
				func() error { return client(func(s *userpool.ClientSettings) { s.AuthSession = 16 }) },
				"InvalidParameter: AuthSessionValidity must be from 3 to 15 minutes.",
			},
			{
				"shortest session", func() error { return client(func(s *userpool.ClientSettings) { s.AuthSession = 3 }) },
				func() error { return client(func(s *userpool.ClientSettings) { s.AuthSession = 2 }) },
				"InvalidParameter: AuthSessionValidity must be from 3 to 15 minutes.",
			},
			{"page", func() error { return list(60) }, func() error { return list(61) }, "InvalidParameter: 1 validation error detected: Value '61' at 'limit'"},
			{"negative page", func() error { return list(1) }, func() error { return list(-1) }, "InvalidParameter: 1 validation error detected: Value '-1' at 'limit'"},
		} {
			if err := c.inside(); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			if err := c.beyond(); !strings.HasPrefix(errText(err), c.text) {
				t.Errorf("%s: %q; want %q", c.name, errText(err), c.text)
			}
		}
		// 50 custom attributes that come one after the other are counted too.
		_, err := f.UpdatePool(ctx, f.call(), "us-east-1_Limit0001", func(_ *string, s *userpool.Settings) error {
			s.Attributes = append(s.Attributes, userpool.Attribute{Name: "custom:more", Type: "String", Mutable: true})
			return nil
		})
		want(t, "one more attribute", err, "LimitExceeded: A user pool has at most 50 custom attributes.")
	})
}

// The numbers of things in a pool: those that are there are put in as they are
// stored, and of several that come at once only as many as fit are made.
func TestNumbers(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		fill := func(rows int, row string) {
			t.Helper()
			must(t, "fill", f.env.DB.Tx(ctx, func(tx *db.Tx) error {
				for from := 0; from < rows; from += 500 {
					var values []string
					for i := from; i < min(rows, from+500); i++ {
						values = append(values, fmt.Sprintf("("+row[strings.Index(row, "VALUES ")+7:]+")", i))
					}
					if _, err := tx.Exec(row[:strings.Index(row, "VALUES ")] + "VALUES " + strings.Join(values, ",")); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		user := f.user(t, "alice").ID
		fill(9_998, `INSERT INTO env.user_group (pool, name, description, role_arn, created_ms, changed_ms) VALUES '`+poolID+`', 'g%d', '', '', 0, 0`)
		fill(998, `INSERT INTO env.user_client (id, row_id, pool, name, settings, created_ms, changed_ms) VALUES 'c%[1]d', 'r%[1]d', '`+poolID+`', 'web', '{"Version":1}', 0, 0`)
		fill(98, `INSERT INTO env.user_member (pool, group_name, user_id, created_ms) VALUES '`+poolID+`', 'g%d', '`+user+`', 0`)
		for _, c := range []struct {
			name string
			make func(i int) error
			fit  int
			text string
		}{
			{"groups", func(i int) error {
				_, err := f.CreateGroup(ctx, f.call(), userpool.Group{Pool: poolID, Name: fmt.Sprintf("new%d", i)})
				return err
			}, 2, "LimitExceeded: A user pool has at most 10000 groups."},
			{"clients", func(int) error {
				_, err := f.CreateClient(ctx, f.call(), userpool.NewClient{Pool: poolID, Name: "web", Settings: flows()})
				return err
			}, 1, "LimitExceeded: A user pool has at most 1000 app clients."}, // the fixture has one
			{
				"groups of a user", func(i int) error { return f.AddToGroup(ctx, f.call(), poolID, "alice", fmt.Sprintf("g%d", 500+i)) }, 2,
				"LimitExceeded: A user is in at most 100 groups.",
			},
		} {
			var mu sync.Mutex
			var wg sync.WaitGroup
			made := 0
			for i := range 6 {
				wg.Go(func() {
					err := c.make(i)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						made++
					} else if errText(err) != c.text {
						t.Errorf("%s: %v", c.name, err)
					}
				})
			}
			wg.Wait()
			if made != c.fit {
				t.Errorf("%s: %d were made; want %d", c.name, made, c.fit)
			}
		}
	})
}
