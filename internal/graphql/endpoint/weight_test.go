package endpoint_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
	"preamp/internal/keys"
)

// weightBound is how much memory an idle API of 15 models may take. Without
// transform.compactor it is over 1,200 kB.
const weightBound = 700 << 10

// modelsOf is a schema of n models as an app has them: scalars, a list, an enum, an
// embedded object, indexes, rules and relations.
func modelsOf(n int) string {
	var s strings.Builder
	s.WriteString("enum State { OPEN DONE DROPPED }\ntype Place { street: String city: String! latitude: Float longitude: Float }\n")
	for i := range n {
		fmt.Fprintf(&s, `type Thing%02d @model @auth(rules: [{allow: public}]) {
  id: ID!
  name: String! @index(name: "byName%02d", sortKeyFields: ["createdAt"], queryField: "thing%02dByName")
  state: State
  description: String
  count: Int
  price: Float
  active: Boolean
  tags: [String]
  place: Place
  seen: AWSDateTime
  createdAt: AWSDateTime!
  parentID: ID @index(name: "byParent%02d", sortKeyFields: ["createdAt"])
  parent: Thing%02d @belongsTo(fields: ["parentID"])
  parts: [Thing%02d] @hasMany(indexName: "byParent%02d", fields: ["id"])
}
`, i, i, i, i, (i+n-1)%n, (i+1)%n, (i+1)%n)
	}
	return s.String()
}

// TestWeightOfAnAPI weighs APIs that have answered a request and are idle. It is
// not parallel: nothing else allocates meanwhile.
func TestWeightOfAnAPI(t *testing.T) {
	set := dbtest.Open(t, db.Config{
		Dir: t.TempDir(), Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine(), endpoint.EnvLine()}, Relaxed: true,
	})
	w := newWorld(t, set, todoSchema, endpoint.Limits{})
	w.registry = nil
	d := w.acquire()
	registry, err := endpoint.New(endpoint.Config{Locate: w.locate, Now: w.clock})
	must(t, err)
	const each = 8
	source := modelsOf(15)
	ask := func(i int) {
		id := fmt.Sprintf("abc%d", i)
		o := transform.Options{TablePrefix: fmt.Sprintf("w%d_", i)}
		doc, err := schema.Parse(source)
		must(t, err)
		api, err := transform.Expand(doc, o)
		must(t, err)
		merged, changes, err := transform.Merge(transform.Layout{}, api.Layout)
		must(t, err)
		must(t, d.Tx(t.Context(), func(tx *db.Tx) error {
			if err := endpoint.CreateAPI(tx, id, id, 1); err != nil {
				return err
			}
			if err := endpoint.ApplyChanges(tx, d.Dialect(), changes); err != nil {
				return err
			}
			if err := endpoint.PutKey(tx, w.sealer, id, apiKey, w.clock().Add(1<<40).UnixMilli()); err != nil {
				return err
			}
			if err := endpoint.PutVersion(tx, id, endpoint.Version{Number: 1, Source: source, Options: o, Layout: merged}); err != nil {
				return err
			}
			return endpoint.Publish(tx, id, 1)
		}))
		q := httptest.NewRequest(http.MethodPost, "/api/"+id+"/graphql",
			strings.NewReader(`{"query":"{ listThing00s { items { id name place { city } parts { items { id } } } nextToken } }"}`))
		q.Header.Set("x-api-key", apiKey)
		rec := httptest.NewRecorder()
		registry.ServeHTTP(rec, q)
		if rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), "errors") {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
	}
	weigh := func(from, to int) uint64 {
		for i := from; i < to; i++ {
			ask(i)
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what was in pools is gone after two
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	weigh(0, 1) // what all APIs share
	before := weigh(1, 1+each)
	after := weigh(1+each, 1+2*each)
	one := (after - before) / each
	t.Logf("%d kB for an API", one>>10)
	if one > weightBound {
		t.Errorf("%d bytes for an API, more than %d", one, weightBound)
	}
	runtime.KeepAlive(registry)
}
