package fault_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"preamp/test/harness"
)

// writer creates todos and counts them up, one request at a time, and keeps book
// of what was acknowledged. It ends with the first answer that does not come.
func writer(ctx context.Context, api harness.API, l *ledger, prefix string) error {
	for i := 0; ; i++ {
		id := fmt.Sprint(prefix, "-", i)
		title := "title of " + id
		r := api.Do(ctx, `mutation ($input: CreateTodoInput!) { createTodo(input: $input) { id } }`,
			harness.M{"input": harness.M{"id": id, "title": title, "n": 0}})
		if r.Err != nil {
			return nil
		}
		if !r.OK() {
			return fmt.Errorf("create %s: %v", id, r)
		}
		l.put(id, row{title: title})
		for n := 1; n <= i%3; n++ {
			l.put(id, row{title: title, n: n - 1, ahead: true})
			r := api.Do(ctx, `mutation ($id: ID!, $n: Int) { updateTodo(input: {id: $id, n: $n}) { id } }`, harness.M{"id": id, "n": n})
			if r.Err != nil {
				return nil
			}
			if !r.OK() {
				return fmt.Errorf("update %s: %v", id, r)
			}
			l.put(id, row{title: title, n: n})
		}
	}
}

// turn is one call of a worker: what it sends, how its job ends, and what must
// hold then.
type turn struct {
	op    string
	in    harness.M
	want  string
	after func(ctx context.Context, w *world, app string) error
}

// worker goes round a fixed cycle of jobs on its own app. Where it stands
// survives the server: a call without an answer is made again, as the same call.
type worker struct {
	app     string
	step    int
	call    string // invocation id of the present step
	job     string // its job, once acknowledged
	done    int
	partial int // calls that were interrupted
}

func cycle(app string) []turn {
	at := func(more ...any) harness.M {
		m := in(more...)
		m["appId"] = app
		return m
	}
	api := func(schema string) harness.M {
		return at("resourceName", resourceAPI, "resourceConfig", harness.M{"apiName": resourceAPI, "transformSchema": schema})
	}
	return []turn{
		{"CreateBackend", at("appName", app), "COMPLETED", nil},
		{"CreateBackendAPI", api(schemaV1), "COMPLETED", serves("dev", `mutation { createTodo(input: {id: "1", title: "one"}) { id } }`)},
		{"UpdateBackendAPI", api(schemaBroken), "FAILED", serves("dev", `mutation { updateTodo(input: {id: "1", n: 1}) { n } }`)},
		{"UpdateBackendAPI", api(schemaV2), "COMPLETED", serves("dev", `mutation { updateTodo(input: {id: "1", extra: "x"}) { extra } createNote(input: {text: "t"}) { id } }`)},
		{"GenerateBackendAPIModels", at("resourceName", resourceAPI), "COMPLETED", latestModels},
		{"CloneBackend", at("targetEnvironmentName", "copy"), "COMPLETED", serves("copy", `mutation { createTodo(input: {id: "1", title: "own"}) { extra } }`)},
		{"CreateBackendAPI", at("resourceName", "second", "resourceConfig", harness.M{"transformSchema": schemaBroken + "broken {"}), "FAILED", oneAPI},
		{"DeleteBackendAPI", at("resourceName", resourceAPI), "COMPLETED", noAPI},
		{"DeleteBackend", at(), "COMPLETED", serves("copy", `{ listTodos { items { id } } }`)},
		{"RemoveAllBackends", harness.M{"appId": app, "cleanAmplifyApp": true}, "COMPLETED", noApp},
	}
}

// serves wants the API of an environment to run an operation.
func serves(env, operation string) func(context.Context, *world, string) error {
	return func(ctx context.Context, w *world, app string) error {
		api, ok, err := w.Client().FindAPI(ctx, app, env)
		if err != nil || !ok {
			return fmt.Errorf("API of %s: found %v: %w", env, ok, err)
		}
		r := api.Do(ctx, operation, nil)
		if r.Err != nil {
			return r.Err
		}
		// After a restart the step is checked again: what is created is there.
		if !r.OK() && !(len(r.Errors) == 1 && r.Errors[0]["errorType"] == "DynamoDB:ConditionalCheckFailedException") {
			return fmt.Errorf("%s: %v", operation, r)
		}
		return nil
	}
}

func latestModels(ctx context.Context, w *world, app string) error {
	a := w.Client().Call(ctx, "GetBackendAPIModels", harness.M{"appId": app, "backendEnvironmentName": "dev", "resourceName": resourceAPI})
	if a.Err != nil {
		return a.Err
	}
	if a.Text("status") != "LATEST" {
		return fmt.Errorf("models: %.300s", a)
	}
	return nil
}

func apiCount(want int) func(context.Context, *world, string) error {
	return func(ctx context.Context, w *world, app string) error {
		apis, err := w.Client().APIs(ctx, app, "dev")
		if err == nil && len(apis) != want {
			err = fmt.Errorf("%d APIs, want %d", len(apis), want)
		}
		return err
	}
}

func oneAPI(ctx context.Context, w *world, app string) error { return apiCount(1)(ctx, w, app) }
func noAPI(ctx context.Context, w *world, app string) error  { return apiCount(0)(ctx, w, app) }

func noApp(ctx context.Context, w *world, app string) error {
	a := w.Client().Call(ctx, "GetBackend", harness.M{"appId": app})
	if a.Err == nil && a.Status != http.StatusNotFound {
		return fmt.Errorf("the app is still there: %v", a)
	}
	return a.Err
}

// run works until the server dies. An error is a wrong answer; a missing one is
// the end of the round.
func (k *worker) run(ctx context.Context, w *world, l *ledger) error {
	for {
		if err := k.finish(ctx, w, l); err != nil {
			if w.gone(ctx) {
				k.partial++
				return nil
			}
			return err
		}
	}
}

// finish takes the present step to its end, from wherever it stands.
func (k *worker) finish(ctx context.Context, w *world, l *ledger) error {
	turns := cycle(k.app)
	t := turns[k.step]
	if k.call == "" {
		k.call = rand.Text()
	}
	if k.job == "" {
		a := w.Client().CallAs(ctx, k.call, t.op, t.in)
		if a.Err != nil || a.Status != http.StatusOK {
			return fmt.Errorf("%s of %s: %v", t.op, k.app, a)
		}
		k.job = a.Text("jobId")
		l.addJob(job{app: k.app, env: "dev", id: k.job, want: t.want})
	}
	if err := w.jobEnds(ctx, job{app: k.app, env: "dev", id: k.job, want: t.want}); err != nil {
		return err
	}
	if t.after != nil {
		if err := t.after(ctx, w, k.app); err != nil {
			return fmt.Errorf("after %s (%s) of %s: %w", t.op, t.want, k.app, err)
		}
	}
	k.call, k.job, k.step = "", "", (k.step+1)%len(turns)
	k.done++
	return nil
}

// gone reports whether the end of the round explains an error.
func (w *world) gone(ctx context.Context) bool { return w.over.Load() || ctx.Err() != nil }

// load runs writers and workers until ctx ends. The caller kills the server.
func (w *world) load(ctx context.Context, t *testing.T, l *ledger, api harness.API, workers []*worker, round string) *sync.WaitGroup {
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			if err := writer(ctx, api, l, fmt.Sprint(round, "-", n)); err != nil && !w.gone(ctx) {
				t.Error(err)
			}
		})
	}
	for _, k := range workers {
		wg.Go(func() {
			if err := k.run(ctx, w, l); err != nil {
				t.Error(err)
			}
		})
	}
	return &wg
}
