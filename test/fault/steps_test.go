package fault_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/test/harness"
)

// scenario is a job, and where in it the server can die.
type scenario struct {
	kind    string
	prepare func(t *testing.T, c *harness.Client)
	in      harness.M
	// late, if set, makes in of what prepare has made.
	late func(t *testing.T, c *harness.Client) harness.M
	// points are "step:point"; {uid} stands for the environment's own key.
	points []string
}

// The points of a step: around an effect outside of the databases or in the
// control database; with "env" between the commits of the two databases.
func step(name string) []string { return []string{name + ":before", name + ":after"} }

func envStep(name string) []string { return []string{name + ":before", name + ":env", name + ":after"} }

func points(lists ...[]string) (all []string) {
	for _, l := range append(lists, step("complete")) {
		all = append(all, l...)
	}
	return all
}

func nothing(*testing.T, *harness.Client) {}

// environment makes the app with its environment "dev".
func environment(t *testing.T, c *harness.Client) {
	t.Helper()
	c.Job(t, "CreateBackend", harness.M{"appId": appID, "appName": "Shop", "backendEnvironmentName": "dev"})
}

// liveAPI adds an API with rows in it.
func liveAPI(t *testing.T, c *harness.Client) {
	t.Helper()
	environment(t, c)
	c.Job(t, "CreateBackendAPI", harness.M{
		"appId": appID, "backendEnvironmentName": "dev", "resourceName": resourceAPI,
		"resourceConfig": harness.M{"apiName": resourceAPI, "transformSchema": schemaV1},
	})
	api := c.MustAPI(t, appID, "dev")
	for n := range 3 {
		api.Must(t, `mutation ($input: CreateTodoInput!) { createTodo(input: $input) { id } }`,
			harness.M{"input": harness.M{"id": fmt.Sprint("row-", n), "title": "kept", "n": n}})
	}
}

const resourceAuth = "users"

// authConfig is an auth resource with every part, and a domain that two runs share.
func authConfig() harness.M {
	oAuth := harness.M{
		"domainPrefix": "shop-fault", "oAuthGrantType": "CODE", "oAuthScopes": []string{"OPENID"}, "redirectSignInURIs": []string{harness.Redirect},
		"redirectSignOutURIs": []string{}, "socialProviderSettings": harness.M{"Google": harness.M{"client_id": "id", "client_secret": "secret"}},
	}
	return harness.AuthConfig("shoppers", harness.M{"oAuth": oAuth})
}

// addAuth adds an auth resource.
func addAuth(t *testing.T, c *harness.Client, env string) {
	t.Helper()
	c.Job(t, "CreateBackendAuth", harness.M{"appId": appID, "backendEnvironmentName": env, "resourceName": resourceAuth, "resourceConfig": authConfig()})
}

// liveAuth is an environment with an auth resource.
func liveAuth(t *testing.T, c *harness.Client) {
	t.Helper()
	environment(t, c)
	addAuth(t, c, "dev")
}

// liveAll adds an auth resource to an API.
func liveAll(t *testing.T, c *harness.Client) {
	t.Helper()
	liveAPI(t, c)
	addAuth(t, c, "dev")
}

// elsewhere makes an auth resource in another environment than "dev".
func elsewhere(t *testing.T, c *harness.Client) {
	t.Helper()
	environment(t, c)
	c.Job(t, "CreateBackend", harness.M{"appId": appID, "appName": "Shop", "backendEnvironmentName": "prod"})
	addAuth(t, c, "prod")
}

// configured is an app with its administration.
func configured(t *testing.T, c *harness.Client) {
	t.Helper()
	environment(t, c)
	c.Job(t, "CreateBackendConfig", harness.M{"appId": appID})
}

// importOf imports the auth resource of "prod" into "dev".
func importOf(t *testing.T, c *harness.Client) harness.M {
	t.Helper()
	ids := c.Auth(t, appID, "prod")
	return in("userPoolId", ids.UserPool, "webClientId", ids.WebClient, "nativeClientId", ids.NativeClient, "identityPoolId", ids.IdentityPool)
}

// input is what the job is asked for.
func (sc scenario) input(t *testing.T, c *harness.Client) harness.M {
	t.Helper()
	if sc.late != nil {
		return sc.late(t, c)
	}
	return sc.in
}

func in(more ...any) harness.M {
	m := harness.M{"appId": appID, "backendEnvironmentName": "dev"}
	for i := 0; i < len(more); i += 2 {
		m[more[i].(string)] = more[i+1]
	}
	return m
}

var scenarios = []scenario{
	{
		kind: "CreateBackend", prepare: nothing, in: in("appName", "Shop"),
		points: points(step("database"), envStep("data-key")),
	},
	{
		kind: "CreateBackendAPI", prepare: environment,
		in:     in("resourceName", resourceAPI, "resourceConfig", harness.M{"apiName": resourceAPI, "transformSchema": schemaV1}),
		points: points(envStep("build")),
	},
	{
		kind: "UpdateBackendAPI", prepare: liveAPI,
		in:     in("resourceName", resourceAPI, "resourceConfig", harness.M{"transformSchema": schemaV2}),
		points: points(envStep("build")),
	},
	{
		kind: "GenerateBackendAPIModels", prepare: liveAPI, in: in("resourceName", resourceAPI),
		points: points(envStep("generate")),
	},
	{
		kind: "CloneBackend", prepare: liveAll, in: in("targetEnvironmentName", "copy"),
		points: points(step("database"), envStep("data-key"), envStep("auth-"+resourceAuth), envStep("api-"+resourceAPI)),
	},
	{
		kind: "DeleteBackendAPI", prepare: liveAPI, in: in("resourceName", resourceAPI),
		points: points(step("route"), envStep("tables")),
	},
	{
		kind: "DeleteBackend", prepare: liveAll, in: in(),
		points: points(step("routes-{uid}"), step("drop-{uid}")),
	},
	{
		kind: "RemoveAllBackends", prepare: liveAPI, in: harness.M{"appId": appID, "cleanAmplifyApp": true},
		points: points(step("routes-{uid}"), step("drop-{uid}")),
	},
	{
		kind: "CreateBackendAuth", prepare: environment, in: in("resourceName", resourceAuth, "resourceConfig", authConfig()),
		points: points(envStep("build")),
	},
	{
		kind: "UpdateBackendAuth", prepare: liveAuth,
		in: in("resourceName", resourceAuth, "resourceConfig", harness.M{
			"authResources": "IDENTITY_POOL_AND_USER_POOL", "service": "COGNITO",
			"userPoolConfigs": harness.M{"passwordPolicy": harness.M{"minimumLength": 12}, "oAuth": harness.M{"domainPrefix": "shop-moved"}},
		}),
		points: points(envStep("build")),
	},
	{
		kind: "ImportBackendAuth", prepare: elsewhere, late: importOf,
		points: points(envStep("build")),
	},
	{
		kind: "DeleteBackendAuth", prepare: liveAuth, in: in("resourceName", resourceAuth),
		points: points(step("routes"), envStep("drop")),
	},
	{
		kind: "CreateBackendConfig", prepare: environment, in: harness.M{"appId": appID, "backendManagerAppId": "m"},
		points: points(step("environment"), envStep("build")),
	},
	{
		kind: "RemoveBackendConfig", prepare: configured, in: harness.M{"appId": appID},
		points: points(),
	},
}

// TestKilledAtEachStep kills the server at each point of each job. After the
// restart the job ends COMPLETED by itself, and the result is that of a run that
// was not killed.
func TestKilledAtEachStep(t *testing.T) {
	t.Parallel()
	binary := harness.Build(t, "faults")
	eachStore(t, func(t *testing.T, st store) {
		for _, sc := range scenarios {
			t.Run(sc.kind, func(t *testing.T) {
				t.Parallel()
				want := undisturbed(t, st, binary, sc)
				for _, point := range sc.points {
					t.Run(point, func(t *testing.T) {
						t.Parallel()
						got := killedAt(t, st, binary, sc, point)
						if diff := cmp.Diff(want, got); diff != "" {
							t.Errorf("the result differs from that of an undisturbed run (-want +got):\n%s", diff)
						}
					})
				}
			})
		}
	})
}

// withoutJob is answered when its job has ended, and does not name it.
const withoutJob = "RemoveBackendConfig"

// undisturbed is what the job leads to when nobody kills it.
func undisturbed(t *testing.T, st store, binary string, sc scenario) harness.M {
	t.Helper()
	w := newWorld(t, st, binary)
	w.Start(t)
	sc.prepare(t, w.Client())
	if in := sc.input(t, w.Client()); sc.kind == withoutJob {
		w.Client().Must(t, sc.kind, in)
	} else {
		w.Client().Job(t, sc.kind, in)
	}
	defer w.Stop(t)
	return w.snapshot(t)
}

// killedAt lets the server die at a point of the job and starts it again.
func killedAt(t *testing.T, st store, binary string, sc scenario, point string) harness.M {
	t.Helper()
	w := newWorld(t, st, binary)
	w.Start(t)
	if strings.Contains(point, "{uid}") {
		point = strings.ReplaceAll(point, "{uid}", w.newUID(t, func() { sc.prepare(t, w.Client()) }))
	} else {
		sc.prepare(t, w.Client())
	}
	w.Stop(t)

	w.Start(t, "PREAMP_FAULT="+sc.kind+":"+point)
	const call = "one-call"
	in := sc.input(t, w.Client())
	first := w.Client().CallAs(t.Context(), call, sc.kind, in)
	if first.Err == nil && first.Status != http.StatusOK {
		t.Fatalf("%s: %v", sc.kind, first)
	}
	if err := w.AwaitKilled(20 * time.Second); err != nil {
		t.Fatalf("%s: %v", point, err)
	}

	w.Start(t)
	// What an SDK does that has lost the connection: the same call again.
	again := w.Client().CallAs(t.Context(), call, sc.kind, in)
	for range 3 { // the lease of the dead process outlasts the wait of one call
		if again.Status == http.StatusGatewayTimeout {
			again = w.Client().CallAs(t.Context(), call, sc.kind, in)
		}
	}
	if again.Err != nil || again.Status != http.StatusOK {
		t.Fatalf("the same call after the restart: %v", again)
	}
	if first.Err == nil && first.Text("jobId") != again.Text("jobId") {
		t.Errorf("the same call has job %s, had %s", again.Text("jobId"), first.Text("jobId"))
	}
	if sc.kind != withoutJob {
		if err := w.jobEnds(t.Context(), job{app: appID, env: "dev", id: again.Text("jobId"), want: "COMPLETED"}); err != nil {
			t.Fatal(err)
		}
	}
	got := w.snapshot(t)
	w.Stop(t)
	return got
}

// job is an acknowledged job and how it must end.
type job struct{ app, env, id, want string }

// jobEnds waits until a job has ended and compares.
func (w *world) jobEnds(ctx context.Context, j job) error {
	limit := 30 * time.Second
	if w.store == postgres {
		limit += 10 * time.Second // the lease of the dead process
	}
	done, err := w.Client().WaitJob(ctx, j.app, j.env, j.id, limit)
	if err != nil {
		return err
	}
	if done["status"] != j.want {
		return fmt.Errorf("job %s (%v) ended %v, want %s: %v", j.id, done["operation"], done["status"], j.want, done["error"])
	}
	return nil
}

// newUID is the key of the one environment that create makes.
func (w *world) newUID(t *testing.T, create func()) string {
	t.Helper()
	before, err := w.uids()
	if err != nil {
		t.Fatal(err)
	}
	create()
	after, err := w.uids()
	if err != nil {
		t.Fatal(err)
	}
	added := slices.DeleteFunc(after, func(uid string) bool { return slices.Contains(before, uid) })
	if len(added) != 1 {
		t.Fatalf("environments %v were made, want one", added)
	}
	return added[0]
}
