package hostedui_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/httpx"
	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/hostedui"
	"preamp/internal/userpool/social"
	"preamp/internal/userpool/token"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const (
	poolID   = "us-east-1_AbCdEfGhI"
	domain   = "shop.auth.us-east-1.amazoncognito.com"
	goodPass = "Passw0rd!x"
	nextPass = "Passw0rd!y"
	callback = "https://app.example/cb"
)

var (
	start  = time.Date(2026, 11, 2, 8, 5, 9, 0, time.UTC)
	master = keys.NewSecret([]byte("0123456789abcdef0123456789abcdef"))
	// Making keys is slow, so the tests share a pair.
	pair = sync.OnceValues(token.NewPair)
)

// fixture is a server with a pool and an app client.
type fixture struct {
	users  *userpool.Service
	ui     *hostedui.UI
	server *httptest.Server
	env    keys.Env
	client userpool.Client
	// transport is shared by all browsers of the test.
	transport *http.Transport

	mu   sync.Mutex
	now  time.Time
	sent []userpool.Message
}

// options are what a test needs different.
type options struct {
	pool   userpool.Settings
	client func(*userpool.ClientSettings)
	secret bool
	social func(t testing.TB) social.Config
	config func(*hostedui.Config)
}

// each runs fn on both stores.
func each(t *testing.T, o options, fn func(t *testing.T, f *fixture)) {
	t.Helper()
	lines := dbtest.Lines{
		Control: []db.Line{keys.ControlLine()},
		Env:     []db.Line{keys.EnvLine(), token.EnvLine(), userpool.EnvLine(), hostedui.EnvLine()},
	}
	dbtest.Each(t, lines, func(t *testing.T, set *db.Set) { fn(t, newFixture(t, set, o)) })
}

func newFixture(t testing.TB, set *db.Set, o options) *fixture {
	t.Helper()
	f := &fixture{now: start}
	f.open(t, set)
	k, err := token.NewKeys()
	must(t, "keys", err)
	verifier, err := token.NewVerifier(k)
	must(t, "verifier", err)
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	issuer := func(pool string, _ bool) string { return "https://host.test/" + pool }
	f.users, err = userpool.New(userpool.Config{
		Keys: k, Verifier: verifier, Send: f.send, Proofs: 4, Logger: log, Issuer: issuer, NewPair: pair,
	})
	must(t, "service", err)
	config := hostedui.Config{
		Users: f.users, Keys: k, Directory: directory{f}, Issuer: issuer, Now: f.clock, Logger: log,
		BaseURL: func() string { return "http://" + strings.TrimPrefix(f.server.URL, "https://") },
	}
	if o.social != nil {
		sc := o.social(t)
		sc.Now, sc.Logger = f.clock, log
		config.Social, err = social.New(sc)
		must(t, "connector", err)
	}
	if o.config != nil {
		o.config(&config)
	}
	f.ui, err = hostedui.New(config)
	must(t, "pages", err)
	front := httpx.NewFront(httpx.FrontConfig{ControlPlane: http.NotFoundHandler(), Logger: log})
	f.ui.Mount(front)
	f.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hostedui.IsDomain(r.Host) {
			f.ui.Domain().ServeHTTP(w, r)
			return
		}
		front.ServeHTTP(w, r)
	}))
	t.Cleanup(f.server.Close)
	f.transport = f.server.Client().Transport.(*http.Transport).Clone()
	f.transport.TLSClientConfig = &tls.Config{RootCAs: f.transport.TLSClientConfig.RootCAs, ServerName: "example.com"}
	t.Cleanup(f.transport.CloseIdleConnections)
	if o.pool.AutoVerified == nil {
		o.pool.AutoVerified = []string{"email"}
	}
	_, err = f.users.CreatePool(t.Context(), f.call(), userpool.NewPool{ID: poolID, Name: "Corner shop", Settings: o.pool})
	must(t, "pool", err)
	f.client = f.newClient(t, o.secret, o.client)
	return f
}

func (f *fixture) open(t testing.TB, set *db.Set) {
	t.Helper()
	ctx := t.Context()
	ring, err := keys.Open(ctx, set.Control(), master)
	must(t, "ring", err)
	must(t, "environment", set.Create(ctx, "env1"))
	d, release, err := set.Acquire(ctx, "env1")
	must(t, "acquire", err)
	t.Cleanup(release)
	must(t, "key", d.Tx(ctx, func(tx *db.Tx) error { return ring.CreateEnv(tx, "env1") }))
	sealer, err := ring.Env(ctx, "env1", d)
	must(t, "sealer", err)
	f.env = keys.Env{UID: "env1", DB: d, Sealer: sealer}
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fixture) after(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *fixture) call() userpool.Call { return userpool.Call{Env: f.env, Now: f.clock()} }

func (f *fixture) send(_ context.Context, m userpool.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, m)
	return nil
}

// code is the code of the last message.
func (f *fixture) code(t testing.TB) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.sent) == 0 {
		t.Fatal("nothing was sent")
	}
	return f.sent[len(f.sent)-1].Code
}

func (f *fixture) newClient(t testing.TB, secret bool, change func(*userpool.ClientSettings)) userpool.Client {
	t.Helper()
	s := userpool.ClientSettings{
		Flows: []string{userpool.FlowRefresh}, OAuth: true, OAuthFlows: []string{"code", "implicit"},
		OAuthScopes: []string{"openid", "email", "phone", "profile", token.AdminScope},
		Callbacks:   []string{callback}, Logouts: []string{"https://app.example/bye"}, Providers: []string{"COGNITO"},
	}
	if change != nil {
		change(&s)
	}
	c, err := f.users.CreateClient(t.Context(), f.call(), userpool.NewClient{Pool: poolID, Name: "web", GenerateSecret: secret, Settings: s})
	must(t, "client", err)
	return c
}

// newUser makes a confirmed user.
func (f *fixture) newUser(t testing.TB, name string, attributes map[string]string) {
	t.Helper()
	_, err := f.users.AdminCreateUser(t.Context(), f.call(), userpool.NewUser{Pool: poolID, Username: name, Attributes: attributes, Suppress: true})
	must(t, "create "+name, err)
	must(t, "password", f.users.AdminSetPassword(t.Context(), f.call(), poolID, name, goodPass, true))
}

// directory leads to the one environment.
type directory struct{ f *fixture }

func (d directory) Find(_ context.Context, kind, id string) (keys.Env, func(), error) {
	if kind == userpool.RoutePool && id == poolID || kind == userpool.RouteDomain && id == "shop.us-east-1" {
		return d.f.env, func() {}, nil
	}
	return keys.Env{}, nil, errs.E(errs.NotFound, "nothing has this id")
}

func (d directory) Home(context.Context) (keys.Env, func(), error) { return d.f.env, func() {}, nil }

func (d directory) List(context.Context, string, string, int) ([]string, error) { return nil, nil }

func (d directory) Put(context.Context, string, string, string) error { return nil }

func (d directory) Remove(context.Context, string, string) error { return nil }

func must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// path is an address below the pages of the pool.
func (f *fixture) path(p string) string { return f.server.URL + "/oauth/" + poolID + p }

// query is the query of a request that is right, with changes: a name and a value,
// which leaves the parameter out when it is "-".
func (f *fixture) query(changes ...string) url.Values {
	q := url.Values{
		"client_id": {f.client.ID}, "redirect_uri": {callback}, "response_type": {"code"}, "state": {"st at/e"},
		"scope": {"openid email"},
	}
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "-" {
			q.Del(changes[i])
			continue
		}
		q.Set(changes[i], changes[i+1])
	}
	return q
}

// answer is a response that was read.
type answer struct {
	*http.Response
	body string
}

// plainClient follows no redirects and has no cookies.
func (f *fixture) plainClient() *http.Client {
	return &http.Client{
		Transport: f.transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func do(t testing.TB, c *http.Client, r *http.Request) answer {
	t.Helper()
	resp, err := c.Do(r)
	must(t, r.Method+" "+r.URL.Path, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, "read answer", err)
	return answer{resp, string(b)}
}

// post calls an endpoint of programs.
func (f *fixture) post(t testing.TB, path string, form url.Values, edit ...func(*http.Request)) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.path(path), strings.NewReader(form.Encode()))
	must(t, "request", err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, e := range edit {
		e(r)
	}
	return do(t, f.plainClient(), r)
}

// tokens are what the token endpoint answers.
type tokens struct {
	ID      string `json:"id_token"`
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Life    int    `json:"expires_in"`
	Type    string `json:"token_type"`
	Error   string `json:"error"`
	Message string `json:"error_message"`
}

func decode(t testing.TB, a answer) (out tokens) {
	t.Helper()
	must(t, "decode "+a.body, json.Unmarshal([]byte(a.body), &out))
	return out
}

// exchange redeems a code with changes to what is right.
func (f *fixture) exchange(t testing.TB, code string, changes ...string) (tokens, answer) {
	t.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {f.client.ID}, "code": {code}, "redirect_uri": {callback},
	}
	if !f.client.Secret.Empty() {
		form.Set("client_secret", f.client.Secret.Reveal())
	}
	for i := 0; i < len(changes); i += 2 {
		form.Set(changes[i], changes[i+1])
		if changes[i+1] == "-" {
			form.Del(changes[i])
		}
	}
	a := f.post(t, "/oauth2/token", form)
	return decode(t, a), a
}

func claims(t testing.TB, raw string) (out map[string]any) {
	t.Helper()
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no token", raw)
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(t, "decode token", err)
	must(t, "decode claims", json.Unmarshal(b, &out))
	return out
}
