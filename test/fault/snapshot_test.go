package fault_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"preamp/test/harness"
)

// What differs between two runs of the same calls: ids, keys, times, ports.
var volatile = []struct {
	pattern *regexp.Regexp
	to      string
}{
	{regexp.MustCompile(`https?://127\.0\.0\.1:\d+`), "<base>"},
	{regexp.MustCompile(`da2-[a-z0-9]{26}`), "<api key>"},
	{regexp.MustCompile(`\b[a-z0-9]{26}\b`), "<api id>"},
	{regexp.MustCompile(`us-east-1_[A-Za-z0-9]{9}\b`), "<pool id>"},
	{regexp.MustCompile(`"a[a-z2-7]{16}"`), `"<domain>"`},
	{regexp.MustCompile(`importeduseast1[A-Za-z0-9]{9}\b`), "<imported>"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "<time>"},
	{regexp.MustCompile(`(amplify-[a-z0-9]+-[a-z0-9-]+?)-[0-9a-f]{5}\b`), "$1-<stack>"},
}

func stable(text string) string {
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.to)
	}
	return text
}

const (
	appID       = "shop"
	introspect  = `{ __schema { types { name fields { name args { name type { name } } type { name kind ofType { name } } } inputFields { name } enumValues { name } } } }`
	allTodos    = `{ listTodos(limit: 1000) { items { id title n } nextToken } }`
	resourceAPI = "api"
)

// snapshot is everything that a client can learn of the app, in a form that two
// runs of the same calls share, and what the store holds beside it.
func (w *world) snapshot(t *testing.T) harness.M {
	t.Helper()
	c := w.Client()
	out := harness.M{}
	uids, err := w.uids()
	if err != nil {
		t.Fatal(err)
	}
	out["environments stored"] = len(uids)

	shown := c.Call(t.Context(), "GetBackend", harness.M{"appId": appID})
	if shown.Status == http.StatusNotFound {
		out["app"] = shown.Body
		return out
	}
	if shown.Err != nil || shown.Status != http.StatusOK {
		t.Fatalf("GetBackend: %v", shown)
	}
	out["app"] = shown.Body
	envs, _ := shown.Body["backendEnvironmentList"].([]any)
	for _, e := range envs {
		out["environment "+fmt.Sprint(e)] = snapshotEnvironment(t, c, fmt.Sprint(e))
	}
	listed := c.Call(t.Context(), "ListBackendJobs", harness.M{"appId": appID, "backendEnvironmentName": "dev"})
	if listed.Err != nil {
		t.Fatal(listed)
	}
	// Without a job and without the environment the answer is 404.
	jobs, _ := listed.Body["jobs"].([]any)
	var list []string
	for _, j := range jobs {
		m := j.(harness.M)
		list = append(list, fmt.Sprint(m["operation"], " ", m["status"], " ", m["error"]))
	}
	out["jobs"] = list
	return out
}

func snapshotEnvironment(t *testing.T, c *harness.Client, env string) harness.M {
	t.Helper()
	at := harness.M{"appId": appID, "backendEnvironmentName": env}
	shown := c.Must(t, "GetBackend", at)
	out := harness.M{"meta": stable(fmt.Sprint(shown["amplifyMetaConfig"])), "flags": shown["amplifyFeatureFlags"]}
	var meta struct{ Auth map[string]any }
	if err := json.Unmarshal(fmt.Append(nil, shown["amplifyMetaConfig"]), &meta); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(meta.Auth)) {
		config := c.Must(t, "GetBackendAuth", harness.M{"appId": appID, "backendEnvironmentName": env, "resourceName": name})["resourceConfig"]
		text, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		out["auth "+stable(name)] = stable(string(text))
	}
	apis, err := c.APIs(t.Context(), appID, env)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(apis)) {
		named := harness.M{"appId": appID, "backendEnvironmentName": env, "resourceName": name}
		api := apis[name]
		out["api "+name] = harness.M{
			"config": c.Must(t, "GetBackendAPI", named)["resourceConfig"],
			"models": c.Must(t, "GetBackendAPIModels", named),
			"types":  api.Must(t, introspect, nil),
			"rows":   api.Must(t, allTodos, nil),
			"writes": writes(t, api),
		}
	}
	return out
}

// writes tries every kind of write and leaves nothing behind.
func writes(t *testing.T, api harness.API) []any {
	t.Helper()
	const id = "probe"
	var got []any
	for _, m := range []string{
		`mutation { createTodo(input: {id: "probe", title: "p"}) { id title } }`,
		`mutation { updateTodo(input: {id: "probe", n: 1}) { id n } }`,
		`mutation { deleteTodo(input: {id: "probe"}) { id n } }`,
	} {
		got = append(got, api.Must(t, m, nil))
	}
	if rest := api.Must(t, `query ($id: ID!) { getTodo(id: $id) { id } }`, harness.M{"id": id})["getTodo"]; rest != nil {
		t.Errorf("a deleted row is still there: %v", rest)
	}
	return got
}
