package scale_test

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const (
	// environments on one server, over apps of perApp environments each.
	environments = 1000
	perApp       = 50
	// callers at a time.
	callers = 16

	// The bounds. At most 128 environments are open at a time and 256 compiled
	// APIs are kept (limits.open_environments, limits.open_apis), so neither grows
	// with the number of environments.
	maxRSS   = 400 << 20
	maxFiles = 4096
)

const schema = `type Todo @model @auth(rules: [{allow: public}]) {
  id: ID!
  title: String! @index(name: "byTitle", queryField: "todosByTitle")
  done: Boolean
}
`

// place is one environment.
type place struct{ app, env string }

func (p place) in(more ...any) harness.M {
	m := harness.M{"appId": p.app, "backendEnvironmentName": p.env}
	for i := 0; i < len(more); i += 2 {
		m[more[i].(string)] = more[i+1]
	}
	return m
}

// TestManyEnvironments makes them through the wire, then uses each. Everything is
// measured while all exist.
func TestManyEnvironments(t *testing.T) {
	t.Parallel()
	count := environments
	if text := os.Getenv("PREAMP_SCALE_ENVIRONMENTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		count = n
	}
	s := harness.Dev(t)
	c := s.Client()
	first := len(s.EnvironmentFiles()) // dev has made one for its user
	watch := observe(t, s)
	places := make([]place, count)
	for i := range places {
		places[i] = place{fmt.Sprintf("app-%d", i/perApp), fmt.Sprintf("env-%d", i)}
	}

	each(t, "create", places, func(p place) error {
		if err := job(t, c, p, "CreateBackend", p.in("appName", p.app)); err != nil {
			return err
		}
		return job(t, c, p, "CreateBackendAPI", p.in("resourceName", "api", "resourceConfig", harness.M{"transformSchema": schema}))
	})
	each(t, "use", places, func(p place) error { return use(t, c, p) })
	// Again, from the last to the first: every one has been closed meanwhile.
	for i, j := 0, len(places)-1; i < j; i, j = i+1, j-1 {
		places[i], places[j] = places[j], places[i]
	}
	each(t, "use again", places, func(p place) error { return read(t, c, p) })
	watch.report(t, "running")

	// A restart with all of them is quick and just as small.
	s.Stop(t)
	begun := time.Now()
	s.Start(t)
	t.Logf("ready again after %v", time.Since(begun))
	c = s.Client()
	again := observe(t, s)
	each(t, "use after the restart", places[:min(200, count)], func(p place) error { return read(t, c, p) })
	again.report(t, "after a restart")
	if got := len(s.EnvironmentFiles()) - first; got != count {
		t.Errorf("%d databases, want %d", got, count)
	}
	s.Stop(t)
}

// each calls fn for every place, a bounded number at a time.
func each(t *testing.T, what string, places []place, fn func(place) error) {
	t.Helper()
	begun := time.Now()
	next := make(chan place)
	var failures atomic.Int32
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for p := range next {
				if err := fn(p); err != nil && failures.Add(1) <= 5 {
					t.Errorf("%s %s/%s: %v", what, p.app, p.env, err)
				}
			}
		})
	}
	for _, p := range places {
		if failures.Load() > 5 {
			break
		}
		next <- p
	}
	close(next)
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	t.Logf("%s: %d environments in %v", what, len(places), time.Since(begun).Round(time.Millisecond))
}

func job(t *testing.T, c *harness.Client, p place, op string, in harness.M) error {
	a := c.Call(t.Context(), op, in)
	if a.Err != nil || a.Status != 200 {
		return fmt.Errorf("%s: %v", op, a)
	}
	done, err := c.WaitJob(t.Context(), p.app, p.env, a.Text("jobId"), time.Minute)
	if err != nil {
		return err
	}
	if done["status"] != "COMPLETED" {
		return fmt.Errorf("%s: %v", op, done)
	}
	return nil
}

// use writes a row that names its environment and reads it back.
func use(t *testing.T, c *harness.Client, p place) error {
	api, ok, err := c.FindAPI(t.Context(), p.app, p.env)
	if err != nil || !ok {
		return fmt.Errorf("find API: %v, %w", ok, err)
	}
	r := api.Do(t.Context(), `mutation ($input: CreateTodoInput!) { createTodo(input: $input) { id } }`,
		harness.M{"input": harness.M{"id": "1", "title": p.env}})
	if !r.OK() {
		return fmt.Errorf("create: %v", r)
	}
	return read(t, c, p)
}

func read(t *testing.T, c *harness.Client, p place) error {
	api, ok, err := c.FindAPI(t.Context(), p.app, p.env)
	if err != nil || !ok {
		return fmt.Errorf("find API: %v, %w", ok, err)
	}
	r := api.Do(t.Context(), `{ getTodo(id: "1") { title } listTodos { items { id } } }`, nil)
	if !r.OK() {
		return fmt.Errorf("get: %v", r)
	}
	got, _ := r.Data["getTodo"].(harness.M)
	items, _ := r.Data["listTodos"].(harness.M)["items"].([]any)
	if got["title"] != p.env || len(items) != 1 {
		return fmt.Errorf("got %v, want the one row of %s", r.Data, p.env)
	}
	return nil
}

// observer keeps the peaks of a process.
type observer struct {
	stop       chan struct{}
	stopped    sync.WaitGroup
	rss, files int
}

func observe(t *testing.T, s *harness.Server) *observer {
	t.Helper()
	o := &observer{stop: make(chan struct{})}
	pid := s.PID()
	o.stopped.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			o.rss = max(o.rss, rss(pid))
			if fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid)); err == nil {
				o.files = max(o.files, len(fds))
			}
			select {
			case <-tick.C:
			case <-o.stop:
				return
			}
		}
	})
	t.Cleanup(o.end)
	return o
}

func (o *observer) end() {
	select {
	case <-o.stop:
	default:
		close(o.stop)
	}
	o.stopped.Wait()
}

func (o *observer) report(t *testing.T, when string) {
	t.Helper()
	o.end()
	t.Logf("%s: at most %d MiB resident, %d open files", when, o.rss>>20, o.files)
	if o.rss == 0 || o.files == 0 {
		t.Error("nothing could be read from /proc")
	}
	if o.rss > maxRSS {
		t.Errorf("%s: %d MiB resident, bound %d MiB", when, o.rss>>20, maxRSS>>20)
	}
	if o.files > maxFiles {
		t.Errorf("%s: %d open files, bound %d", when, o.files, maxFiles)
	}
}

// rss is the resident memory of a process in bytes; 0 when it is gone.
func rss(pid int) int {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if rest, ok := strings.CutPrefix(sc.Text(), "VmRSS:"); ok {
			kb, _ := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return kb << 10
		}
	}
	return 0
}
