package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
)

func TestCreateAcquireDrop(t *testing.T) {
	dbtest.Each(t, testLines(), func(t *testing.T, set *db.Set) {
		ctx := t.Context()
		if _, _, err := set.Acquire(ctx, "env1"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("before Create: %v; want NotFound", err)
		}
		if err := set.Drop(ctx, "env1"); err != nil {
			t.Errorf("Drop of nothing: %v", err)
		}
		var wg sync.WaitGroup
		for range 4 { // idempotent, also at the same time
			wg.Go(func() {
				if err := set.Create(ctx, "env1"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		d, release, err := set.Acquire(ctx, "env1")
		if err != nil {
			t.Fatal(err)
		}
		insert(t, d, "a", 1)
		if err := set.Create(ctx, "env1"); err != nil {
			t.Errorf("Create of an open environment: %v", err)
		}
		if got := ids(t, d); len(got) != 1 {
			t.Errorf("items %v", got)
		}
		release()
		release() // the second call changes nothing
		if s := set.Stats(); s.Open != 1 || s.Pinned != 0 {
			t.Errorf("stats %+v", s)
		}
		for range 2 {
			if err := set.Drop(ctx, "env1"); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := set.Acquire(ctx, "env1"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("after Drop: %v; want NotFound", err)
		}
		if _, err := d.Text(ctx, "SELECT id FROM env.item"); err == nil {
			t.Error("a dropped environment was read")
		}
		if err := set.Create(ctx, "env1"); err != nil {
			t.Fatal(err)
		}
		d, release, err = set.Acquire(ctx, "env1")
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if got := ids(t, d); len(got) != 0 {
			t.Errorf("a new environment has items %v", got)
		}
	})
}

func TestEnvironmentsAreSeparate(t *testing.T) {
	dbtest.Each(t, testLines(), func(t *testing.T, set *db.Set) {
		one, two := newEnv(t, set, "env1"), newEnv(t, set, "env2")
		insert(t, one, "a", 1)
		if got := ids(t, two); len(got) != 0 {
			t.Errorf("env2 has %v", got)
		}
		insert(t, two, "b", 1)
		if got := ids(t, one); !cmp.Equal(got, []string{"a"}) {
			t.Errorf("env1 has %v", got)
		}
	})
}

func TestMalformedUIDs(t *testing.T) {
	dbtest.Each(t, testLines(), func(t *testing.T, set *db.Set) {
		for _, uid := range []string{
			"", "a", "ENV1", "../etc", "a/b", "a.b", `a"b`, "a b", "a\x00b", "äö", strings.Repeat("a", 41),
		} {
			if err := set.Create(t.Context(), uid); errs.KindOf(err) != errs.Invalid {
				t.Errorf("Create %q: %v; want Invalid", uid, err)
			}
			if _, _, err := set.Acquire(t.Context(), uid); errs.KindOf(err) != errs.NotFound {
				t.Errorf("Acquire %q: %v; want NotFound", uid, err)
			}
			if err := set.Drop(t.Context(), uid); err != nil {
				t.Errorf("Drop %q: %v", uid, err)
			}
		}
	})
}

// The order is that in which environments are closed.
func TestOpenEnvs(t *testing.T) {
	dbtest.Each(t, testLines(), func(t *testing.T, set *db.Set) {
		if got := set.OpenEnvs(); len(got) != 0 {
			t.Errorf("at first %v", got)
		}
		for _, uid := range []string{"env1", "env2", "env3"} {
			newEnv(t, set, uid)
		}
		_, release, err := set.Acquire(t.Context(), "env1")
		if err != nil {
			t.Fatal(err)
		}
		release()
		if got := set.OpenEnvs(); !cmp.Equal(got, []string{"env2", "env3", "env1"}) {
			t.Errorf("open: %v", got)
		}
	})
}

func TestDropWaitsForPins(t *testing.T) {
	dbtest.Each(t, testLines(), func(t *testing.T, set *db.Set) {
		ctx := t.Context()
		if err := set.Create(ctx, "env1"); err != nil {
			t.Fatal(err)
		}
		d, release, err := set.Acquire(ctx, "env1")
		if err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		if err := set.Drop(short, "env1"); errs.KindOf(err) != errs.Timeout {
			t.Errorf("Drop of a pinned environment: %v; want Timeout", err)
		}
		if _, _, err := set.Acquire(ctx, "env1"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("Acquire while it is dropped: %v; want NotFound", err)
		}
		if err := set.Create(ctx, "env1"); errs.KindOf(err) != errs.Conflict {
			t.Errorf("Create while it is dropped: %v; want Conflict", err)
		}
		insert(t, d, "a", 1) // who has it may finish
		done := make(chan error, 2)
		for range 2 {
			go func() { done <- set.Drop(ctx, "env1") }()
		}
		select {
		case err := <-done:
			t.Errorf("Drop returned %v before the pin was released", err)
		case <-time.After(20 * time.Millisecond):
		}
		release()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if s := set.Stats(); s.Open != 0 || s.Pinned != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestEviction(t *testing.T) {
	dbtest.Each(t, testLines(), func(t *testing.T, set *db.Set) {
		ctx := t.Context()
		db.LimitHandles(set, 3)
		use := func(uid string) {
			d, release, err := set.Acquire(ctx, uid)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			var n int
			if err := d.Row(ctx, "SELECT count(*) FROM env.item").Scan(&n); err != nil || n != 1 {
				t.Errorf("%s: %d items, %v", uid, n, err)
			}
		}
		for i := range 6 {
			uid := fmt.Sprintf("env%d", i)
			if err := set.Create(ctx, uid); err != nil {
				t.Fatal(err)
			}
			d, release, err := set.Acquire(ctx, uid)
			if err != nil {
				t.Fatal(err)
			}
			insert(t, d, "a", 1)
			release()
		}
		if s := set.Stats(); s.Open != 3 || s.Evicted != 3 || s.Opened != 6 {
			t.Errorf("stats %+v; want 3 open", s)
		}
		pinned, release, err := set.Acquire(ctx, "env0")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			for i := range 6 {
				use(fmt.Sprintf("env%d", i))
			}
		}
		insert(t, pinned, "b", 1) // still open
		opened := set.Stats().Opened
		release()
		d, release, err := set.Acquire(ctx, "env0")
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if set.Stats().Opened != opened || d != pinned {
			t.Error("the pinned handle was closed")
		}
	})
}

// Callers may pin more than the limit, up to twice, and never wait for each other.
func TestPinsBeyondTheLimit(t *testing.T) {
	dbtest.Each(t, testLines(), func(t *testing.T, set *db.Set) {
		ctx := t.Context()
		db.LimitHandles(set, 2)
		var releases []func()
		for i := range 5 {
			uid := fmt.Sprintf("env%d", i)
			if err := set.Create(ctx, uid); err != nil {
				t.Fatal(err)
			}
			_, release, err := set.Acquire(ctx, uid)
			if i < 4 && err != nil || i == 4 && errs.KindOf(err) != errs.Unavailable {
				t.Fatalf("handle %d: %v", i, err)
			}
			if err == nil {
				releases = append(releases, release)
			}
		}
		if s := set.Stats(); s.Open != 4 || s.Pinned != 4 {
			t.Errorf("stats %+v", s)
		}
		for _, release := range releases {
			release()
		}
		if s := set.Stats(); s.Open != 2 || s.Pinned != 0 {
			t.Errorf("stats %+v; want 2 open", s)
		}
		_, release, err := set.Acquire(ctx, "env4")
		if err != nil {
			t.Fatal(err)
		}
		release()
	})
}

// Many callers use, create and drop environments of a small set at once.
func TestSetUnderLoad(t *testing.T) {
	dbtest.Each(t, testLines(), func(t *testing.T, set *db.Set) {
		ctx := t.Context()
		db.LimitHandles(set, 2)
		for i := range 4 {
			if err := set.Create(ctx, fmt.Sprintf("env%d", i)); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		written := map[string]int{}
		for c := range 4 {
			wg.Go(func() {
				for r := range 25 {
					uid := fmt.Sprintf("env%d", (c+r)%4)
					d, release, err := set.Acquire(ctx, uid)
					if errs.KindOf(err) == errs.Unavailable {
						continue // all are pinned
					}
					if err != nil {
						t.Error(err)
						return
					}
					if err := d.Tx(ctx, inserter(fmt.Sprintf("%d-%d", c, r), r)); err != nil {
						t.Error(err)
					}
					release()
					mu.Lock()
					written[uid]++
					mu.Unlock()
				}
			})
		}
		wg.Go(func() {
			for range 10 {
				if err := errors.Join(set.Create(ctx, "other"), set.Drop(ctx, "other")); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Wait()
		for uid, want := range written {
			d, release, err := set.Acquire(ctx, uid)
			if err != nil {
				t.Fatal(err)
			}
			if got := len(ids(t, d)); got != want {
				t.Errorf("%s has %d items, %d were acknowledged", uid, got, want)
			}
			release()
		}
		if s := set.Stats(); s.Pinned != 0 || s.Open > 2 {
			t.Errorf("stats at rest %+v", s)
		}
	})
}

func TestAcquireEndsWithItsContext(t *testing.T) {
	dbtest.Each(t, testLines(), func(t *testing.T, set *db.Set) {
		ctx, cancel := context.WithCancel(t.Context())
		if err := set.Create(ctx, "env1"); err != nil {
			t.Fatal(err)
		}
		cancel()
		_, release, err := set.Acquire(ctx, "env1")
		if err == nil { // opening may be quicker than looking
			release()
		} else if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		_, release, err = set.Acquire(t.Context(), "env1")
		if err != nil {
			t.Fatalf("after a caller that left: %v", err)
		}
		release()
	})
}

func TestClosedSet(t *testing.T) {
	lines := testLines()
	dbtest.EachConfig(t, db.Config{Control: lines.Control, Env: lines.Env}, func(t *testing.T, c db.Config) {
		set, err := db.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if err := set.Create(t.Context(), "env1"); err != nil {
			t.Fatal(err)
		}
		if err := set.Close(); err != nil {
			t.Fatal(err)
		}
		if _, _, err := set.Acquire(t.Context(), "env1"); errs.KindOf(err) != errs.Unavailable {
			t.Errorf("Acquire: %v", err)
		}
		if err := set.Drop(t.Context(), "env1"); errs.KindOf(err) != errs.Unavailable {
			t.Errorf("Drop: %v", err)
		}
		err = set.Control().Tx(t.Context(), func(*db.Tx) error { return nil })
		if err == nil {
			t.Error("a write after Close")
		}
	})
}
