package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
	"preamp/internal/keys"
)

const (
	largeSchema  = 50   // models of the schema whose compilation is timed
	usualSchema  = 15   // models of the APIs that are weighed
	weighed      = 24   // APIs on either side of the weighing
	manyQueries  = 4000 // distinct queries to one API
	compilations = 15
)

// sizeReport is what does not depend on the store.
type sizeReport struct {
	compile []time.Duration // parse and expand
	pushes  []time.Duration // CreateBackendAPI to COMPLETED
	// heap and rss are the bytes of one idle API: on the heap after a garbage
	// collection, and as the server's resident memory grows.
	heap, rss int64
	// plans is the growth of the heap by many distinct queries to one API, and
	// again by as many other ones.
	plans, more int64
}

func measureSize(ctx context.Context, o options) (*sizeReport, error) {
	r := &sizeReport{}
	source := appSchema(largeSchema)
	for range compilations {
		began := time.Now()
		if _, err := expand(source); err != nil {
			return nil, err
		}
		r.compile = append(r.compile, time.Since(began))
	}
	if err := r.inProcess(ctx, filepath.Join(o.dir, "weigh")); err != nil {
		return nil, err
	}
	return r, r.inServer(ctx, o)
}

var sizeOptions = transform.Options{DefaultAuth: authn.APIKey, Sandbox: true}

func expand(source string) (*transform.API, error) {
	doc, err := schema.Parse(source)
	if err != nil {
		return nil, err
	}
	return transform.Expand(doc, sizeOptions)
}

const weighKey = "da2-abcdefghijklmnopqrstuvwxyz"

// inProcess weighs idle APIs of a registry on the heap.
func (r *sizeReport) inProcess(ctx context.Context, dir string) (err error) {
	set, err := openSet(ctx, place{dir: dir})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	ring, err := keys.Open(ctx, set.Control(), keys.NewSecret([]byte(strings.Repeat("k", 32))))
	if err != nil {
		return err
	}
	const uid = "weighweighweigh"
	if err := set.Create(ctx, uid); err != nil {
		return err
	}
	env, release, err := set.Acquire(ctx, uid)
	if err != nil {
		return err
	}
	defer release()
	if err := env.Tx(ctx, func(tx *db.Tx) error { return ring.CreateEnv(tx, uid) }); err != nil {
		return err
	}
	sealer, err := ring.Env(ctx, uid, env)
	if err != nil {
		return err
	}
	ids, err := weighedAPIs(ctx, env, sealer)
	if err != nil {
		return err
	}
	registry, err := endpoint.New(endpoint.Config{
		Locate: func(context.Context, string) (*db.DB, *keys.Sealer, func(), error) {
			return env, sealer, func() {}, nil
		},
	})
	if err != nil {
		return err
	}
	ask := func(id, query string) error { return askHandler(ctx, registry, id, query) }
	half := func(ids []string) (int64, error) {
		for _, id := range ids {
			if err := ask(id, firstQuery); err != nil {
				return 0, err
			}
		}
		return heap(), nil
	}
	// The first API also makes what all of them share.
	if err := ask(ids[0], firstQuery); err != nil {
		return err
	}
	one, err := half(ids[:weighed])
	if err != nil {
		return err
	}
	two, err := half(ids[weighed:])
	if err != nil {
		return err
	}
	r.heap = (two - one) / weighed
	last := two
	for i, out := range []*int64{&r.plans, &r.more} {
		for n := range manyQueries {
			query := fmt.Sprintf(`query Q%d_%d { listEntity01s(limit: 20) { items { id name alias%d_%d: count place { city zip } parts { items { id name } } } nextToken } }`, i, n, i, n)
			if err := ask(ids[0], query); err != nil {
				return err
			}
		}
		now := heap()
		*out, last = now-last, now
	}
	runtime.KeepAlive(registry)
	return nil
}

// firstQuery is what an API has answered before it is idle.
const firstQuery = `query First { listEntity01s(limit: 20) { items { id name count place { city } parts { items { id name } nextToken } } nextToken } }`

func askHandler(ctx context.Context, h http.Handler, id, query string) error {
	q := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/"+id+"/graphql", strings.NewReader(string(graphqlBody(query, "{}"))))
	q.Header = jsonHeader(apiKey(weighKey))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, q)
	if !strings.HasPrefix(w.Body.String(), `{"data":{"listEntity01s":{`) {
		return fmt.Errorf("answer %d: %.300s", w.Code, w.Body)
	}
	return nil
}

// weighedAPIs makes the APIs that are weighed, without a server.
func weighedAPIs(ctx context.Context, env *db.DB, sealer *keys.Sealer) ([]string, error) {
	source := appSchema(usualSchema)
	var ids []string
	for i := range 2 * weighed {
		id := fmt.Sprintf("weigh%021d", i)
		if err := install(ctx, env, id, fmt.Sprintf("w%d_", i), source, sizeOptions); err != nil {
			return nil, err
		}
		err := env.Tx(ctx, func(tx *db.Tx) error {
			return endpoint.PutKey(tx, sealer, id, weighKey, time.Now().Add(time.Hour).UnixMilli())
		})
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// install makes an API live in an environment.
func install(ctx context.Context, env *db.DB, id, prefix, source string, o transform.Options) error {
	doc, err := schema.Parse(source)
	if err != nil {
		return err
	}
	o.Version, o.TablePrefix = doc.Effective(0), prefix
	api, err := transform.Expand(doc, o)
	if err != nil {
		return err
	}
	merged, changes, err := transform.Merge(transform.Layout{}, api.Layout)
	if err != nil {
		return err
	}
	return env.Tx(ctx, func(tx *db.Tx) error {
		return errors.Join(
			endpoint.CreateAPI(tx, id, id, 1),
			endpoint.ApplyChanges(tx, env.Dialect(), changes),
			endpoint.PutVersion(tx, id, endpoint.Version{Number: 1, Source: source, Options: o, Layout: merged}),
			endpoint.Publish(tx, id, 1),
		)
	})
}

// heap is the size of what is reachable.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what finalizers let go
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// inServer times a push of the large schema, and weighs idle APIs as resident
// memory of a server that has just been started.
func (r *sizeReport) inServer(ctx context.Context, o options) error {
	at := place{dir: filepath.Join(o.dir, "size")}
	p, err := start(o.bin, at)
	if err != nil {
		return err
	}
	defer func() { p.kill() }()
	c, err := newControl(ctx, p)
	if err != nil {
		return err
	}
	for i := range 5 {
		took, err := c.push(ctx, definition{name: fmt.Sprintf("large%d", i), schema: appSchema(largeSchema)})
		if err != nil {
			return err
		}
		r.pushes = append(r.pushes, took)
	}
	for i := range 2 * weighed {
		if _, err := c.push(ctx, definition{name: fmt.Sprintf("usual%d", i), schema: appSchema(usualSchema)}); err != nil {
			return err
		}
	}
	if err := p.stop(); err != nil {
		return err
	}
	if p, err = start(o.bin, at); err != nil {
		return err
	}
	c.process = p
	apis, err := c.apis(ctx)
	if err != nil {
		return err
	}
	var sizes [2]int64
	for half := range sizes {
		for i := range weighed {
			a := apis[fmt.Sprintf("usual%d", half*weighed+i)]
			t := target{
				url: a.Endpoint, header: jsonHeader(apiKey(a.APIKey)), want: []byte(`{"data":{"listEntity01s":{`),
				body: func(int) []byte { return graphqlBody(firstQuery, "{}") },
			}
			if err := t.send(http.DefaultClient, 0); err != nil {
				return err
			}
		}
		time.Sleep(time.Second) // the collector gives back in the background
		if sizes[half], err = p.rss(); err != nil {
			return err
		}
	}
	r.rss = (sizes[1] - sizes[0]) / weighed
	return p.stop()
}
