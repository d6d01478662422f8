package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// measurement is one run on one store.
type measurement struct {
	options
	store  store
	issuer *issuer
	report storeReport

	process *process
	control control
	ids     map[string]string // of the APIs, by name
	// credentials are those of the measured callers, by API.
	credentials map[string]http.Header
}

// measureStore runs everything that a store is measured for.
func measureStore(ctx context.Context, o options, name string, i *issuer) (out storeReport, err error) {
	s, err := openStore(ctx, name, filepath.Join(o.dir, name))
	if err != nil {
		return out, err
	}
	defer func() {
		if e := s.close(); err == nil {
			err = e
		}
	}()
	m := &measurement{options: o, store: s, issuer: i, ids: map[string]string{}, credentials: map[string]http.Header{}}
	m.report.name = name
	if m.report.settings, err = s.describe(ctx); err != nil {
		return out, err
	}
	defer func() {
		if m.process != nil {
			m.process.kill()
		}
	}()
	if o.only.has("start") {
		if m.report.starts, err = m.startTimes(ctx, 5); err != nil {
			return out, err
		}
	}
	if err := m.comparisons(ctx); err != nil {
		return out, fmt.Errorf("%s: %w", name, err)
	}
	return m.report, nil
}

// say tells who waits what is being done.
func (m *measurement) say(what string) {
	fmt.Fprintf(os.Stderr, "%s %s: %s\n", time.Now().Format(time.TimeOnly), m.store.name(), what)
}

// startTimes starts an empty server n times, each time on a new place.
func (m *measurement) startTimes(ctx context.Context, n int) ([]time.Duration, error) {
	var all []time.Duration
	for i := range n {
		at, err := m.store.fresh(ctx, fmt.Sprintf("start%d", i))
		if err != nil {
			return nil, err
		}
		p, err := start(m.bin, at)
		if err != nil {
			return nil, err
		}
		all = append(all, p.ready)
		if err := p.stop(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// comparisons prepares the data, copies it for the limit, and measures.
func (m *measurement) comparisons(ctx context.Context) error {
	list := selected(m.only)
	if len(list) == 0 && !m.only.has("start") && !m.only.has("growth") && !m.only.has("auth") {
		return nil
	}
	at, err := m.store.fresh(ctx, "data")
	if err != nil {
		return err
	}
	m.say("make the APIs and their rows")
	if err := m.prepare(ctx, at, list); err != nil {
		return err
	}
	limitURL := ""
	if len(list) > 0 {
		copied, err := m.store.copy(ctx, at, "limit")
		if err != nil {
			return err
		}
		url, stopLimit, err := startLimit(ctx, limitOptions{Dir: copied.dir, URL: copied.url, APIs: m.ids, Only: m.only})
		if err != nil {
			return err
		}
		defer stopLimit()
		limitURL = url
	}
	if m.only.has("growth") {
		m.say("fill the tables of the growth")
		if err := fillGrowth(ctx, at, m.ids[growthAPI], growthSizes); err != nil {
			return err
		}
	}
	if m.process, err = start(m.bin, at); err != nil {
		return err
	}
	m.say("measure")
	for i, c := range list {
		for _, connections := range m.connections {
			row, err := m.compare(ctx, c, limitURL+limitPath(i), connections)
			if err != nil {
				return fmt.Errorf("%s at %d: %w", c.name, connections, err)
			}
			m.report.rows = append(m.report.rows, row)
		}
	}
	if m.report.loaded, err = m.process.rss(); err != nil {
		return err
	}
	if m.only.has("growth") {
		m.say("measure the growth")
		if err := m.growth(ctx); err != nil {
			return err
		}
	}
	if m.only.has("auth") {
		if m.report.auth, err = m.auth(ctx); err != nil {
			return fmt.Errorf("auth: %w", err)
		}
	}
	return m.process.stop()
}

// prepare makes the APIs and their rows, and stops the server.
func (m *measurement) prepare(ctx context.Context, at place, list []comparison) error {
	var err error
	if m.process, err = start(m.bin, at); err != nil {
		return err
	}
	if m.control, err = newControl(ctx, m.process); err != nil {
		return err
	}
	if m.only.has("start") {
		time.Sleep(2 * time.Second) // settle before the idle figure
		if m.report.idle, err = m.process.rss(); err != nil {
			return err
		}
		for i := range 5 {
			took, err := m.control.push(ctx, definition{name: fmt.Sprintf("push%d", i), schema: pushSchema(15)})
			if err != nil {
				return err
			}
			m.report.pushes = append(m.report.pushes, took)
		}
	}
	used := map[string]bool{growthAPI: m.only.has("growth")}
	for _, c := range list {
		used[c.api] = true
	}
	for _, d := range []definition{
		{name: openAPI, schema: openSchema},
		{name: noteAPI, schema: noteSchema, issuer: m.issuer.url},
		{name: growthAPI, schema: growthSchema()},
	} {
		if used[d.name] {
			if _, err := m.control.push(ctx, d); err != nil {
				return err
			}
		}
	}
	apis, err := m.control.apis(ctx)
	if err != nil {
		return err
	}
	for name, a := range apis {
		m.ids[name], m.credentials[name] = a.ID, apiKey(a.APIKey)
	}
	if used[openAPI] {
		if err := seedOpen(m.endpoint(openAPI), apis[openAPI].APIKey); err != nil {
			return err
		}
	}
	if used[noteAPI] {
		now := time.Now()
		own, err := m.issuer.token(claims(m.issuer.url, subject, username, now))
		if err != nil {
			return err
		}
		other, err := m.issuer.token(claims(m.issuer.url, "another-subject", "another-user", now))
		if err != nil {
			return err
		}
		m.credentials[noteAPI] = bearer(own)
		if err := seedNotes(m.endpoint(noteAPI), own, other); err != nil {
			return err
		}
	}
	return m.process.stop()
}

// endpoint is where an API is served now; the address changes with each start.
func (m *measurement) endpoint(api string) string {
	return m.process.url + "/api/" + m.ids[api] + "/graphql"
}

func (m *measurement) compare(ctx context.Context, c comparison, limitURL string, connections int) (row, error) {
	out := row{name: c.name, connections: connections, target: c.target}
	if c.write && connections == 1 {
		out.target = 0 // one writer waits for the fsync: nothing to compare
	}
	credential := m.credentials[c.api]
	samples, err := race(ctx, []target{c.at(m.endpoint(c.api), credential), c.at(limitURL, credential)}, connections, m.each)
	if err != nil {
		return row{}, err
	}
	out.own, out.limit = samples[0], samples[1]
	return out, nil
}
