package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"preamp/internal/sigv4"
)

// poolSizes are the numbers of users that are compared.
var poolSizes = [2]int{1_000, 100_000}

// stormers are the connections that sign in again and again in a storm.
const stormers = 64

// authReport is what was measured of user pools.
type authReport struct {
	signins []signinRow
	token   []row       // get with a token of a pool; the limit is the same with an API key
	growth  []growthRow // a pool of 1,000 users to one of 100,000
	storm   []stormRow
}

// signinRow compares what a sign-in costs the server with the arithmetic in it.
type signinRow struct {
	name    string
	samples []signinSample // one per round
}

// signinSample is one round: CPU time of the server, and of a bare handler that does
// the arithmetic alone.
type signinSample struct {
	perSecond   float64
	cost, crypt time.Duration
}

func (r signinRow) ratio() float64 {
	var all []float64
	for _, s := range r.samples {
		all = append(all, float64(s.crypt)/float64(s.cost))
	}
	return median(all)
}

// middle is the round in the middle of those of the ratio.
func (r signinRow) middle() signinSample {
	for _, s := range r.samples {
		if float64(s.crypt)/float64(s.cost) == r.ratio() {
			return s
		}
	}
	return signinSample{}
}

// stormRow is getItem beside sign-ins, and alone.
type stormRow struct {
	connections  int
	quiet, storm []sample
	signins      float64 // per second, in the storm
}

func (r stormRow) ratio() float64 {
	var all []float64
	for i := range r.quiet {
		all = append(all, float64(r.storm[i].p99)/float64(r.quiet[i].p99))
	}
	return median(all)
}

const (
	leastCrypto = 0.8
	leastToken  = 0.9
	mostStorm   = 3.0
)

// auth measures user pools on the running server.
func (m *measurement) auth(ctx context.Context) (*authReport, error) {
	var err error
	// The address is another one since the data was made.
	if m.control, err = newControl(ctx, m.process); err != nil {
		return nil, err
	}
	var pools [2]userPool
	for i, n := range poolSizes {
		m.say(fmt.Sprintf("import %d users", n))
		if pools[i], err = m.newPool(ctx, fmt.Sprintf("bench%d", i), n); err != nil {
			return nil, err
		}
		if err := pools[i].warm(ctx); err != nil {
			return nil, err
		}
	}
	out := &authReport{}
	m.say("measure sign-ins")
	if err := m.signins(ctx, out, pools[0]); err != nil {
		return nil, err
	}
	if err := m.users(ctx, out, pools); err != nil {
		return nil, err
	}
	return out, m.tokens(ctx, out, pools[0])
}

// signins measures the cost of a sign-in, by both ways to prove a password, in
// turns with that of the arithmetic.
func (m *measurement) signins(ctx context.Context, out *authReport, p userPool) error {
	bare, limit, err := startCrypto(ctx)
	if err != nil {
		return err
	}
	defer limit.kill()
	client := &http.Client{}
	defer client.CloseIdleConnections()
	for _, way := range []struct {
		name string
		do   func(p userPool, n int) error
	}{
		{"SRP", func(p userPool, n int) error { return p.bySRP(ctx, client, n) }},
		{"password", func(p userPool, n int) error { _, err := p.byPassword(ctx, client, n); return err }},
	} {
		row := signinRow{name: way.name}
		for range rounds {
			var s signinSample
			if s.crypt, _, err = m.costOf(limit, func(n int) error { return way.do(bare, n) }); err != nil {
				return err
			}
			if s.cost, s.perSecond, err = m.costOf(m.process, func(n int) error { return way.do(p, n) }); err != nil {
				return err
			}
			row.samples = append(row.samples, s)
		}
		out.signins = append(out.signins, row)
	}
	return nil
}

// costOf is the CPU time that a server takes for one of what do does, and how often
// a second it is done.
func (m *measurement) costOf(p *process, do func(n int) error) (cost time.Duration, perSecond float64, err error) {
	before, err := p.cpu()
	if err != nil {
		return 0, 0, err
	}
	n, began := 0, time.Now()
	for ; time.Since(began) < 2*m.each; n++ {
		if err := do(n); err != nil {
			return 0, 0, err
		}
	}
	took := time.Since(began)
	after, err := p.cpu()
	return (after - before) / time.Duration(n), float64(n) / took.Seconds(), err
}

// cpu is the CPU time that the threads of the server have taken, to the nanosecond:
// what /proc/<pid>/stat says is counted in ticks of 10 ms.
func (p *process) cpu() (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	var all time.Duration
	for _, t := range threads {
		raw, err := os.ReadFile(t)
		if err != nil {
			continue // the thread has ended
		}
		fields := strings.Fields(string(raw))
		if len(fields) == 0 {
			return 0, fmt.Errorf("%s is empty", t)
		}
		n, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return 0, err
		}
		all += time.Duration(n)
	}
	if all == 0 {
		return 0, fmt.Errorf("no CPU time of the server in /proc")
	}
	return all, nil
}

// users compares a small pool with a large one.
func (m *measurement) users(ctx context.Context, out *authReport, pools [2]userPool) error {
	for _, request := range []struct {
		name string
		of   func(p userPool) target
	}{
		{"sign-in", userPool.passwordTarget},
		{"list 60", func(p userPool) target {
			return m.signed(p.target("ListUsers", `"Username"`, func(int) map[string]any {
				return map[string]any{"UserPoolId": p.id, "Limit": 60}
			}))
		}},
		{"find mail", func(p userPool) target {
			return m.signed(p.target("ListUsers", `"Username"`, func(n int) map[string]any {
				return map[string]any{"UserPoolId": p.id, "Limit": 60, "Filter": fmt.Sprintf(`email = "%s@example.com"`, p.member(n))}
			}))
		}},
	} {
		samples, err := race(ctx, []target{request.of(pools[0]), request.of(pools[1])}, 1, m.each)
		if err != nil {
			return fmt.Errorf("%s: %w", request.name, err)
		}
		out.growth = append(out.growth, growthRow{name: request.name, connections: 1, small: samples[0], large: samples[1]})
	}
	return nil
}

// signed makes the requests of a target those of an administrator.
func (m *measurement) signed(t target) target {
	env := m.control.env
	t.sign = func(q *http.Request, body []byte) {
		sigv4.Sign(q, body, env.AccessKeyID, env.SecretAccessKey, env.Region, "cognito-idp", time.Now())
	}
	return t
}

// tokens compares a get with a token of a pool to one with an API key, and its
// latency in a storm of sign-ins to that on a quiet server.
func (m *measurement) tokens(ctx context.Context, out *authReport, p userPool) error {
	d := definition{name: poolAPI, schema: poolSchema, pool: p.id}
	if _, err := m.control.push(ctx, d); err != nil {
		return err
	}
	apis, err := m.control.apis(ctx)
	if err != nil {
		return err
	}
	m.ids[poolAPI] = apis[poolAPI].ID
	key := apiKey(apis[poolAPI].APIKey)
	if err := seed(m.endpoint(poolAPI), key, rows, func(n int) string {
		return fmt.Sprintf(`createItem(input: {id: "row-%d", title: "item %d", notes: "%s"})`, n, n, filler)
	}); err != nil {
		return err
	}
	signedIn, err := p.byPassword(ctx, http.DefaultClient, 0)
	if err != nil {
		return err
	}
	body := graphqlBody(`query Get($id: ID!) { getItem(id: $id) { id title notes createdAt updatedAt } }`, `{"id":"row-5000"}`)
	get := func(h http.Header) target {
		return target{url: m.endpoint(poolAPI), header: jsonHeader(h), body: func(int) []byte { return body }, want: []byte(`{"data":{"getItem":{`)}
	}
	own := get(bearer(signedIn.AuthenticationResult.AccessToken))
	for _, connections := range m.connections {
		samples, err := race(ctx, []target{own, get(key)}, connections, m.each)
		if err != nil {
			return err
		}
		out.token = append(out.token, row{name: "get", connections: connections, own: samples[0], limit: samples[1], target: leastToken})
	}
	for _, connections := range []int{1, 8} {
		r, err := m.storm(ctx, p, own, connections)
		if err != nil {
			return err
		}
		out.storm = append(out.storm, r)
	}
	return nil
}

func (m *measurement) storm(ctx context.Context, p userPool, get target, connections int) (stormRow, error) {
	out := stormRow{connections: connections}
	for range rounds {
		s, err := get.run(connections, m.each)
		if err != nil {
			return out, err
		}
		out.quiet = append(out.quiet, s)
		stop, err := startStorm(ctx, p)
		if err != nil {
			return out, err
		}
		time.Sleep(m.each / 2) // until it blows
		s, err = get.run(connections, m.each)
		perSecond, e := stop()
		if err := errors.Join(err, e); err != nil {
			return out, err
		}
		out.storm, out.signins = append(out.storm, s), out.signins+perSecond/rounds
	}
	return out, nil
}
