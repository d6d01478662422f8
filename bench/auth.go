package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"preamp/internal/sigv4"
	"preamp/internal/userpool/srp"
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
	name        string
	perSecond   float64
	cost, crypt time.Duration // CPU time of the server, and of the arithmetic alone
}

func (r signinRow) ratio() float64 { return float64(r.crypt) / float64(r.cost) }

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

// signins measures the cost of a sign-in, by both ways to prove a password.
func (m *measurement) signins(ctx context.Context, out *authReport, p userPool) error {
	crypt, err := cryptoCosts()
	if err != nil {
		return err
	}
	client := &http.Client{}
	defer client.CloseIdleConnections()
	for _, way := range []struct {
		name  string
		crypt time.Duration
		do    func(n int) error
	}{
		{"SRP", crypt.srp, func(n int) error { return p.bySRP(ctx, client, n) }},
		{"password", crypt.password, func(n int) error { _, err := p.byPassword(ctx, client, n); return err }},
	} {
		before, err := m.process.cpu()
		if err != nil {
			return err
		}
		n, began := 0, time.Now()
		for ; time.Since(began) < 4*m.each; n++ {
			if err := way.do(n); err != nil {
				return err
			}
		}
		took := time.Since(began)
		after, err := m.process.cpu()
		if err != nil {
			return err
		}
		out.signins = append(out.signins, signinRow{
			name: way.name, perSecond: float64(n) / took.Seconds(), cost: (after - before) / time.Duration(n), crypt: way.crypt,
		})
	}
	return nil
}

type cryptoCost struct{ srp, password time.Duration }

// cryptoCosts is the CPU time of the arithmetic that a sign-in cannot do without:
// the two halves of a handshake, or one check of a password, and two signatures.
func cryptoCosts() (out cryptoCost, err error) {
	const times = 100
	server := srp.New()
	who := srp.Identity{Pool: "abcdefghi", User: "user"}
	salt, err := srp.NewSalt(rand.Reader)
	if err != nil {
		return out, err
	}
	verifier := server.Verifier(who, poolPassword, salt)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return out, err
	}
	h, err := newHandshake()
	if err != nil {
		return out, err
	}
	wrong := base64.StdEncoding.EncodeToString(make([]byte, sha256.Size))
	proof, err := srp.ParseProof("YmxvY2s=", "Mon Nov 2 08:05:09 UTC 2026", wrong)
	if err != nil {
		return out, err
	}
	sign := func() {
		for range 2 {
			sum := sha256.Sum256([]byte("a token"))
			if _, e := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:]); e != nil {
				err = e
			}
		}
	}
	out.srp = threadCost(times, func() {
		public, e := server.ParsePublic(h.public.Text(16))
		if e != nil {
			err = e
			return
		}
		begun, e := server.Begin(verifier, public, rand.Reader)
		if e != nil {
			err = e
			return
		}
		_ = server.Verify(begun, who, verifier, proof) // refused, after the same arithmetic
		sign()
	})
	out.password = threadCost(times, func() {
		server.CheckPassword(who, poolPassword, salt, verifier)
		sign()
	})
	return out, err
}

// threadCost is the CPU time of fn.
func threadCost(times int, fn func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	fn() // warm
	before := threadTime()
	for range times {
		fn()
	}
	return (threadTime() - before) / time.Duration(times)
}

func threadTime() time.Duration {
	var u syscall.Rusage
	const thread = 1 // RUSAGE_THREAD
	if err := syscall.Getrusage(thread, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// cpu is the CPU time that the server has taken.
func (p *process) cpu() (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name in parentheses may hold spaces; what follows does not.
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc says %q", raw)
	}
	var ticks int64
	for _, f := range fields[11:13] { // utime, stime
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100, nil
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
		var done atomic.Int64
		began := time.Now()
		err = during(ctx, stormers, func(ctx context.Context, client *http.Client, n int) error {
			_, err := p.byPassword(ctx, client, n)
			if err == nil {
				done.Add(1)
			} else if strings.Contains(err.Error(), "TooManyRequestsException") {
				return nil // refused is what a storm is answered
			}
			return err
		}, func() error {
			time.Sleep(m.each / 4) // until it blows
			s, err := get.run(connections, m.each)
			out.storm = append(out.storm, s)
			return err
		})
		if err != nil {
			return out, err
		}
		out.signins += float64(done.Load()) / time.Since(began).Seconds() / rounds
	}
	return out, nil
}
