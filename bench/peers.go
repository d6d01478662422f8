package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// peer is a running product that does the same work.
type peer struct {
	name     string
	settings string // versions, and what an acknowledged write has survived
	// against is the preamp that it is compared with: the one on the same kind of
	// database.
	against string
	// requests are by the name of the comparison; one that is absent is not made.
	requests map[string]target
	stop     func()
}

// peerRequests are what every product is asked, in the order of the table.
var peerRequests = []string{"get", "list20", "create"}

const (
	onSQLite   = "preamp, SQLite"
	onPostgres = "preamp, PostgreSQL"
)

// peerRow is one request over a number of connections.
type peerRow struct {
	request     string
	connections int
	peers       []*peer
	samples     [][]sample // by peer
}

// comparePeers measures preamp and other products in the same rounds. One that
// cannot be run is told of in the notes.
func comparePeers(ctx context.Context, o options, recipes string) (string, error) {
	recipes, err := filepath.Abs(recipes)
	if err != nil {
		return "", err
	}
	pg, err := openPostgres(ctx, o.dir)
	if err != nil {
		return "", err
	}
	defer func() { _ = pg.close() }()
	fsyncs, err := fsyncRate(o.dir)
	if err != nil {
		return "", err
	}
	var peers []*peer
	var notes []string
	defer func() {
		for _, p := range peers {
			p.stop()
		}
	}()
	for _, p := range []struct {
		name     string
		required bool
		start    func() (*peer, error)
	}{
		{onSQLite, true, func() (*peer, error) { return startPreamp(ctx, o, &sqliteStore{dir: o.dir}, onSQLite) }},
		{onPostgres, true, func() (*peer, error) { return startPreamp(ctx, o, pg, onPostgres) }},
		{"PocketBase", false, func() (*peer, error) { return startPocketBase(ctx, o, recipes, false) }},
		{"PocketBase, synchronous=FULL", false, func() (*peer, error) { return startPocketBase(ctx, o, recipes, true) }},
		{"PostGraphile", false, func() (*peer, error) { return startPostGraphile(ctx, o, recipes, pg) }},
		{"AppSync simulator", false, func() (*peer, error) { return startSimulator(ctx, o, recipes) }},
	} {
		fmt.Fprintf(os.Stderr, "%s start %s\n", time.Now().Format(time.TimeOnly), p.name)
		running, err := p.start()
		switch {
		case err == nil:
			running.name = p.name
			peers = append(peers, running)
		case p.required || ctx.Err() != nil:
			return "", fmt.Errorf("%s: %w", p.name, err)
		default:
			notes = append(notes, fmt.Sprintf("%s could not be run here: %v", p.name, err))
		}
	}
	table, failed, err := racePeers(ctx, peers, o)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "preamp and others: equal work on the same machine, in the same rounds\n\n")
	machine(&b, fsyncs)
	writePeers(&b, peers, table, append(notes, failed...))
	return b.String(), nil
}

// racePeers measures all products that answer; one that fails on the way is left
// out of that request, and told of.
func racePeers(ctx context.Context, peers []*peer, o options) (table []peerRow, notes []string, err error) {
	for _, request := range peerRequests {
		var able []*peer
		for _, p := range peers {
			t, ok := p.requests[request]
			if !ok {
				continue
			}
			// Engines that compile while they run get time for it.
			if _, err := t.run(4, max(2*o.each, time.Second)); err != nil {
				notes = append(notes, fmt.Sprintf("%s failed at %s: %v", p.name, request, err))
				continue
			}
			able = append(able, p)
		}
		for _, connections := range o.connections {
			fmt.Fprintf(os.Stderr, "%s measure %s at %d\n", time.Now().Format(time.TimeOnly), request, connections)
			var targets []target
			for _, p := range able {
				targets = append(targets, p.requests[request])
			}
			samples, err := race(ctx, targets, connections, o.each)
			if err != nil {
				return nil, nil, err
			}
			table = append(table, peerRow{request: request, connections: connections, peers: able, samples: samples})
		}
	}
	return table, notes, nil
}

func writePeers(b *strings.Builder, peers []*peer, table []peerRow, notes []string) {
	b.WriteString("\n")
	for _, p := range peers {
		fmt.Fprintf(b, "%-30s %s\n", p.name, p.settings)
	}
	for _, n := range notes {
		fmt.Fprintf(b, "%s\n", n)
	}
	fmt.Fprintf(b, "\n%-8s %5s  %-30s %10s  %9s %9s  %s\n", "request", "conns", "", "per second", "p50", "p99", "preamp to it")
	for _, r := range table {
		for i, p := range r.peers {
			times := ""
			for j, other := range r.peers {
				if other.name == p.against {
					times = fmt.Sprintf("%.1f (%s)", ratio(r.samples[j], r.samples[i]), p.against)
				}
			}
			s := r.samples[i]
			fmt.Fprintf(b, "%-8s %5d  %-30s %10.0f  %9s %9s  %s\n", r.request, r.connections, p.name, rate(s), p50(s), p99(s), times)
		}
	}
	fmt.Fprintf(b, "\n%d rows; client and all products on the same cores; median of %d rounds. PocketBase is asked by its REST interface\n"+
		"(list without the total, sorted by id), the others by GraphQL; all answer the same fields. PocketBase and PostGraphile are open to\n"+
		"everybody, preamp and the simulator check an API key.\n", rows, rounds)
}

// startPreamp starts a server with the rows.
func startPreamp(ctx context.Context, o options, s store, name string) (p *peer, err error) {
	at, err := s.fresh(ctx, "peers_"+s.name())
	if err != nil {
		return nil, err
	}
	server, err := start(o.bin, at)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			server.kill()
		}
	}()
	c, err := newControl(ctx, server)
	if err != nil {
		return nil, err
	}
	if _, err := c.push(ctx, definition{name: openAPI, schema: openSchema}); err != nil {
		return nil, err
	}
	apis, err := c.apis(ctx)
	if err != nil {
		return nil, err
	}
	api := apis[openAPI]
	if err := seed(api.Endpoint, apiKey(api.APIKey), rows, taskRow); err != nil {
		return nil, err
	}
	p = &peer{requests: graphqlRequests(api.Endpoint, api.APIKey), stop: server.kill}
	p.settings, err = s.describe(ctx)
	return p, err
}

// graphqlRequests are the comparisons as preamp and the simulator are asked.
func graphqlRequests(url, key string) map[string]target {
	out := map[string]target{}
	for _, c := range comparisons() {
		for _, name := range peerRequests {
			if c.name == name {
				out[name] = c.at(url, apiKey(key))
			}
		}
	}
	return out
}

// errNoTool is for what has to be on the machine.
func errNoTool(name, how string) error {
	return errors.New(name + " is not installed (" + how + ")")
}

func plain(content string) func(int) []byte {
	return func(int) []byte { return []byte(content) }
}

func openHeader() http.Header { return jsonHeader(nil) }
