package notify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/notify"
)

// each runs fn on both stores with two environments.
func each(t *testing.T, fn func(t *testing.T, one, two *db.DB)) {
	t.Helper()
	dbtest.Each(t, dbtest.Lines{Env: []db.Line{notify.EnvLine()}}, func(t *testing.T, set *db.Set) {
		var envs []*db.DB
		for _, uid := range []string{"env1", "env2"} {
			if err := set.Create(t.Context(), uid); err != nil {
				t.Fatal(err)
			}
			d, release, err := set.Acquire(t.Context(), uid)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(release)
			envs = append(envs, d)
		}
		fn(t, envs[0], envs[1])
	})
}

func send(t *testing.T, i *notify.Inbox, d *db.DB, m notify.Message) {
	t.Helper()
	if err := i.Sender(d).Send(t.Context(), m); err != nil {
		t.Error(err)
	}
}

func list(t *testing.T, i *notify.Inbox, d *db.DB, f notify.Filter) []notify.Stored {
	t.Helper()
	all, err := i.List(t.Context(), d, f)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestInbox(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, one, two *db.DB) {
		i := notify.NewInbox()
		if raw, err := json.Marshal(list(t, i, one, notify.Filter{})); err != nil || string(raw) != "[]" {
			t.Errorf("empty: %s, %v", raw, err)
		}
		began := time.Now().Truncate(time.Millisecond)
		first := mailTo("Alice@example.com")
		first.HTML = "<b>123456</b> ✓"
		send(t, i, one, first)
		send(t, i, one, sms("+15550100", "Code 7"))
		send(t, i, one, mailTo("bob@example.com"))
		send(t, i, two, mailTo("eve@example.com"))
		if err := i.Sender(one).Send(t.Context(), sms("5550100", "x")); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a bad message: %v", err)
		}
		all := list(t, i, one, notify.Filter{})
		if len(all) != 3 {
			t.Fatalf("%d messages", len(all))
		}
		for n, want := range []notify.Stored{
			{Channel: "email", To: "Alice@example.com", Subject: "Your code", Text: "Your code is 123456.", HTML: "<b>123456</b> ✓", Code: "123456"},
			{Channel: "sms", To: "+15550100", Text: "Code 7"},
			{Channel: "email", To: "bob@example.com", Subject: "Your code", Text: "Your code is 123456.", Code: "123456"},
		} {
			got := all[n]
			if got.ID == "" || got.At.Before(began) || got.At.After(time.Now()) || got.At.Location() != time.UTC {
				t.Errorf("id %q, at %s", got.ID, got.At)
			}
			got.ID, got.At = "", time.Time{}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		}
		for _, tt := range []struct {
			name string
			f    notify.Filter
			want []notify.Stored
		}{
			{"to, in another case", notify.Filter{To: "alice@EXAMPLE.com"}, all[:1]},
			{"to a number", notify.Filter{To: "+15550100"}, all[1:2]},
			{"to nobody", notify.Filter{To: "nobody@example.com"}, all[:0]},
			{"part of an address", notify.Filter{To: "example.com"}, all[:0]},
			{"after the first", notify.Filter{After: all[0].ID}, all[1:]},
			{"after the last", notify.Filter{After: all[2].ID}, all[:0]},
			{"after what is no id", notify.Filter{After: "x' OR 1=1"}, all},
		} {
			if d := cmp.Diff(tt.want, list(t, i, one, tt.f)); d != "" {
				t.Errorf("%s: %s", tt.name, d)
			}
		}
		if got := list(t, i, two, notify.Filter{}); len(got) != 1 || got[0].To != "eve@example.com" {
			t.Errorf("the other environment: %v", got)
		}
		// The names that scripts read.
		var members map[string]any
		raw, err := json.Marshal(all[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"id", "at", "channel", "to", "subject", "text", "html", "code"} {
			if _, ok := members[name]; !ok {
				t.Errorf("no member %s", name)
			}
		}
	})
}

func TestInboxIsBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, one, _ *db.DB) {
		i := notify.NewInbox()
		var wg sync.WaitGroup
		work := make(chan int)
		for range 16 {
			wg.Go(func() {
				for n := range work {
					send(t, i, one, sms("+15550100", fmt.Sprint(n)))
				}
			})
		}
		for n := range notify.InboxSize + 50 {
			work <- n
		}
		close(work)
		wg.Wait()
		send(t, i, one, sms("+15550100", "last"))
		all := list(t, i, one, notify.Filter{})
		if len(all) != notify.InboxSize || all[len(all)-1].Text != "last" {
			t.Errorf("%d messages, the last is %q", len(all), all[len(all)-1].Text)
		}
	})
}

func TestWait(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, one, two *db.DB) {
		i, ctx := notify.NewInbox(), t.Context()
		wait := func(ctx context.Context, f notify.Filter, timeout time.Duration) ([]notify.Stored, time.Duration, error) {
			began := time.Now()
			got, err := i.Wait(ctx, one, f, timeout)
			return got, time.Since(began), err
		}
		got, took, err := wait(ctx, notify.Filter{}, 50*time.Millisecond)
		if err != nil || got == nil || len(got) != 0 || took < 50*time.Millisecond {
			t.Errorf("nothing comes: %v, %v after %s", got, err, took)
		}
		send(t, i, one, mailTo("alice@example.com"))
		if got, took, err = wait(ctx, notify.Filter{To: "alice@example.com"}, 10*time.Second); err != nil || len(got) != 1 || took > 5*time.Second {
			t.Errorf("it is there: %v, %v after %s", got, err, took)
		}

		// What comes while one waits: for somebody else, elsewhere, and at last.
		done := make(chan []notify.Stored)
		alone := notify.Alone()
		for _, nodes := range [][2]*notify.Inbox{{alone, alone}, {i, notify.NewInbox()}} { // this node, and another one
			waits, other := nodes[0], nodes[1]
			go func() {
				got, err := waits.Wait(ctx, one, notify.Filter{To: "bob@example.com"}, 20*time.Second)
				if err != nil {
					t.Error(err)
				}
				done <- got
			}()
			send(t, other, one, mailTo("carol@example.com"))
			send(t, other, two, mailTo("bob@example.com"))
			select {
			case got := <-done:
				t.Fatalf("it does not wait: %v", got)
			case <-time.After(100 * time.Millisecond):
			}
			send(t, other, one, mailTo("bob@example.com"))
			if got := <-done; len(got) != 1 || got[0].To != "bob@example.com" {
				t.Errorf("%v", got)
			}
			err := one.Tx(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec(`DELETE FROM env.inbox WHERE recipient = $1`, "bob@example.com")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}

		ended, cancel := context.WithCancel(ctx)
		time.AfterFunc(50*time.Millisecond, cancel)
		if _, took, err := wait(ended, notify.Filter{To: "bob@example.com"}, 20*time.Second); !errors.Is(err, context.Canceled) || took > 10*time.Second {
			t.Errorf("cancelled: %v after %s", err, took)
		}
	})
}
