package job_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/errs"
	"preamp/internal/job"
)

func TestGet(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		own := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{"x"}})
		all := f.enqueue(e, job.NewJob{App: "app2", AppLevel: true, Kind: "K", Args: args{"y"}})
		for _, c := range []struct {
			name, app, env, id string
			want               job.Job
		}{
			{name: "own environment", app: "app", env: "dev", id: own.ID, want: own},
			{name: "other environment", app: "app", env: "prod", id: own.ID},
			{name: "environment in another case", app: "app", env: "DEV", id: own.ID},
			{name: "other app", app: "app2", env: "dev", id: own.ID},
			{name: "app-level, any environment", app: "app2", env: "never-existed", id: all.ID, want: all},
			{name: "app-level, other app", app: "app", env: "dev", id: all.ID},
			{name: "no such job", app: "app", env: "dev", id: "x"},
			{name: "id that cannot be stored", app: "app", env: "dev", id: "\x00"},
			{name: "environment that cannot be stored", app: "app", env: "\xff", id: own.ID},
		} {
			t.Run(c.name, func(t *testing.T) {
				got, err := e.Get(t.Context(), c.app, c.env, c.id)
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if c.want.ID == "" && (errs.KindOf(err) != errs.NotFound || errs.Public(err).Resource != "Job") || c.want.ID != "" && err != nil {
					t.Errorf("error %v", err)
				}
			})
		}
	})
}

func TestList(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("UpdateBackendAPI"), idle("updatebackendapi"), idle("RemoveAllBackends"))
		var ids []string // oldest first
		add := func(n job.NewJob, state string, ms int) {
			n.Args = args{}
			j := f.enqueue(e, n)
			f.exec(`UPDATE ctl.job SET active = 0, state = $2, create_ms = $3 WHERE id = $1`, j.ID, state, ms)
			ids = append(ids, j.ID)
		}
		add(job.NewJob{App: "app", Env: "dev", Kind: "UpdateBackendAPI"}, "completed", 1)
		add(job.NewJob{App: "app", Env: "dev", Kind: "UpdateBackendAPI"}, "failed", 2)
		add(job.NewJob{App: "app", Env: "prod", Kind: "UpdateBackendAPI"}, "completed", 3)
		add(job.NewJob{App: "app", Env: "dev", Kind: "updatebackendapi"}, "running", 4)
		add(job.NewJob{App: "app", AppLevel: true, Kind: "RemoveAllBackends"}, "completed", 5)
		add(job.NewJob{App: "other", Env: "dev", Kind: "UpdateBackendAPI"}, "completed", 6)
		add(job.NewJob{App: "app", Env: "dev", Kind: "UpdateBackendAPI"}, "queued", 7)
		for _, c := range []struct {
			name string
			f    job.ListFilter
			want []int // indexes into ids
		}{
			{name: "all, newest first", f: job.ListFilter{App: "app", Env: "dev"}, want: []int{6, 4, 3, 1, 0}},
			{name: "other environment", f: job.ListFilter{App: "app", Env: "prod"}, want: []int{4, 2}},
			{name: "environment without jobs", f: job.ListFilter{App: "app", Env: "test"}, want: []int{4}},
			{name: "unknown app", f: job.ListFilter{App: "none", Env: "dev"}},
			{name: "operation, with case", f: job.ListFilter{App: "app", Env: "dev", Operation: "UpdateBackendAPI"}, want: []int{6, 1, 0}},
			{name: "operation in lower case", f: job.ListFilter{App: "app", Env: "dev", Operation: "updatebackendapi"}, want: []int{3}},
			{name: "part of an operation", f: job.ListFilter{App: "app", Env: "dev", Operation: "UpdateBackend%"}},
			{name: "running", f: job.ListFilter{App: "app", Env: "dev", Status: "RUNNING"}, want: []int{6, 3}},
			{name: "completed", f: job.ListFilter{App: "app", Env: "dev", Status: "COMPLETED"}, want: []int{4, 0}},
			{name: "failed", f: job.ListFilter{App: "app", Env: "dev", Status: "FAILED"}, want: []int{1}},
			{name: "status in lower case", f: job.ListFilter{App: "app", Env: "dev", Status: "failed"}},
			{name: "id", f: job.ListFilter{App: "app", Env: "dev", ID: ids[1]}, want: []int{1}},
			{name: "id and another status", f: job.ListFilter{App: "app", Env: "dev", ID: ids[1], Status: "COMPLETED"}},
			{name: "all filters", f: job.ListFilter{App: "app", Env: "dev", ID: ids[0], Status: "COMPLETED", Operation: "UpdateBackendAPI"}, want: []int{0}},
			{name: "id of another environment", f: job.ListFilter{App: "app", Env: "dev", ID: ids[2]}},
			{name: "text that cannot be stored", f: job.ListFilter{App: "app", Env: "dev", Operation: "\x00"}},
			{name: "after a place", f: job.ListFilter{App: "app", Env: "dev", After: job.Cursor{CreateMS: 4, ID: ids[3]}}, want: []int{1, 0}},
		} {
			t.Run(c.name, func(t *testing.T) {
				got, next, err := e.List(t.Context(), c.f)
				if err != nil || next != nil || got == nil {
					t.Fatalf("List() = %v, %v, %v", got, next, err)
				}
				want := []string{}
				for _, i := range c.want {
					want = append(want, ids[i])
				}
				gotIDs := []string{}
				for _, j := range got {
					gotIDs = append(gotIDs, j.ID)
				}
				if diff := cmp.Diff(want, gotIDs); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	})
}

// Every page size gives every job once, also when many have the same time and
// new ones appear meanwhile.
func TestListPages(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		add := func(ms int) {
			j := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
			f.exec(`UPDATE ctl.job SET active = 0, state = 'completed', create_ms = $2 WHERE id = $1`, j.ID, ms)
		}
		const jobs = 30
		for i := range jobs {
			add(i / 10)
		}
		added := 0
		for _, limit := range []int{1, 7, 10, 29, 30, 31, 0} {
			seen := map[string]int{}
			var after job.Cursor
			for page := 0; ; page++ {
				got, next, err := e.List(t.Context(), job.ListFilter{App: "app", Env: "dev", Limit: limit, After: after})
				if err != nil {
					t.Fatal(err)
				}
				for _, j := range got {
					seen[j.ID]++
				}
				if limit > 0 && len(got) > limit || limit == 0 && len(got) > 25 {
					t.Errorf("limit %d: a page of %d", limit, len(got))
				}
				if next == nil {
					break
				}
				if page == 0 {
					add(1000) // newer than the place reached
					added++
				}
				after = *next
			}
			for id, n := range seen {
				if n != 1 {
					t.Errorf("limit %d: job %s came %d times", limit, id, n)
				}
			}
			if want := jobs + added; len(seen) != want && len(seen) != want-1 {
				t.Errorf("limit %d: %d jobs, want %d", limit, len(seen), want)
			}
		}
	})
}

func TestSweep(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		const day = 24 * 60 * 60 * 1000
		add := func(app string, age int, change string) job.Job {
			j := f.enqueue(e, job.NewJob{App: app, Env: "dev", Kind: "K", Args: args{}, Request: request(app)})
			f.exec(`INSERT INTO ctl.job_step (job, step, output, at_ms) VALUES ($1, 'a', 'null', 0)`, j.ID)
			f.exec(`UPDATE ctl.job SET update_ms = update_ms - $2, `+change+` WHERE id = $1`, j.ID, age)
			return j
		}
		old := add("old", 30*day+1000, `active = 0, state = 'completed'`)
		failed := add("failed", 31*day, `active = 0, state = 'failed'`)
		young := add("young", 30*day-60_000, `active = 0, state = 'completed'`)
		cleaning := add("cleaning", 40*day, `state = 'failed', undo = 1`)
		waiting := add("waiting", 40*day, `state = 'queued'`)
		f.exec(`UPDATE ctl.job_request SET create_ms = create_ms - 900000 WHERE job = $1`, young.ID)
		// More than one chunk of requests.
		for i := range 450 {
			f.exec(`INSERT INTO ctl.job_request (key, job, create_ms) VALUES ($1, $2, 0)`, fmt.Sprint(i), waiting.ID)
		}
		for range 2 { // the second time there is nothing to do
			if err := job.Sweep(e, t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				name string
				j    job.Job
				kept bool
			}{
				{"old", old, false},
				{"failed", failed, false},
				{"young", young, true},
				{"cleaning", cleaning, true},
				{"waiting", waiting, true},
			} {
				_, err := e.Get(t.Context(), c.j.App, "dev", c.j.ID)
				if kept := err == nil; kept != c.kept {
					t.Errorf("%s: kept %v", c.name, kept)
				}
				want := map[bool]int{true: 1}[c.kept]
				if n := f.count(`SELECT count(*) FROM ctl.job_step WHERE job = $1`, c.j.ID); n != want {
					t.Errorf("%s: %d steps, want %d", c.name, n, want)
				}
				if n := f.count(`SELECT count(*) FROM ctl.job_app WHERE app = $1`, c.j.App); n != want {
					t.Errorf("%s: %d app rows, want %d", c.name, n, want)
				}
			}
			if n := f.count(`SELECT count(*) FROM ctl.job_request`); n != 2 {
				t.Errorf("%d requests, want those of cleaning and waiting", n)
			}
		}
	})
}

func TestWait(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		e := f.engine(idle("K"))
		if _, err := e.Wait(t.Context(), "none"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("unknown job: %v", err)
		}
		j := f.enqueue(e, job.NewJob{App: "app", Env: "dev", Kind: "K", Args: args{}})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := e.Wait(ctx, j.ID); err == nil {
			t.Error("waited for a job that nobody runs")
		}
	})
}
