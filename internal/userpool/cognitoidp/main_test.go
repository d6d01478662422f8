package cognitoidp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"preamp/internal/awswire"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/cognitoidp"
	"preamp/internal/userpool/idp"
	"preamp/internal/userpool/token"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const (
	region   = "us-east-1"
	goodPass = "Passw0rd!x"
	nextPass = "Passw0rd!y"
)

var (
	start  = time.Date(2026, 11, 2, 8, 5, 9, 250e6, time.UTC)
	master = keys.NewSecret([]byte("0123456789abcdef0123456789abcdef"))

	// Making keys is slow, so the tests share some. Two pools of a test differ.
	pairs = [4]func() (*token.Pair, error){
		sync.OnceValues(token.NewPair), sync.OnceValues(token.NewPair), sync.OnceValues(token.NewPair), sync.OnceValues(token.NewPair),
	}
)

// obj and list are JSON.
type (
	obj  = map[string]any
	list = []any
)

// fixture is a server with two environments: one for pools of no app and one
// that belongs to one.
type fixture struct {
	url      string
	users    *userpool.Service
	routes   *routes
	unsigned map[string]bool

	mu    sync.Mutex
	now   time.Time
	sent  []userpool.Message
	pairs int
}

// each runs fn on both stores.
func each(t *testing.T, fn func(t *testing.T, f *fixture)) {
	t.Helper()
	lines := dbtest.Lines{
		Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine(), token.EnvLine(), userpool.EnvLine()},
	}
	dbtest.Each(t, lines, func(t *testing.T, set *db.Set) { fn(t, newFixture(t, set, nil)) })
}

func newFixture(t *testing.T, set *db.Set, limit func(context.Context, string, awswire.Request) error) *fixture {
	t.Helper()
	f := &fixture{now: start, routes: &routes{envs: map[string]keys.Env{}, ids: map[string]string{}}, unsigned: map[string]bool{}}
	ring, err := keys.Open(t.Context(), set.Control(), master)
	must(t, err)
	for _, uid := range []string{"app", "home"} {
		f.routes.envs[uid] = openEnv(t, set, ring, uid)
	}
	k, err := token.NewKeys()
	must(t, err)
	v, err := token.NewVerifier(k)
	must(t, err)
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	f.users, err = userpool.New(userpool.Config{
		Keys: k, Verifier: v, Send: f.send, Proofs: 4, Logger: logger, NewPair: f.newPair,
		Issuer: func(pool string, _ bool) string { return "https://host.test/" + pool },
	})
	must(t, err)
	api, err := cognitoidp.New(cognitoidp.Config{Users: f.users, Directory: f.routes, Region: region, Now: f.clock, Logger: logger})
	must(t, err)
	for _, a := range idp.Actions(api) {
		f.unsigned[a.Name] = a.Unsigned
	}
	h, err := awswire.NewTargetHandler(awswire.TargetConfig{
		Services: []awswire.TargetService{{Name: idp.SigningName, Prefix: idp.TargetPrefix, Actions: cognitoidp.Actions(api), Verify: verify}},
		Limit:    limit, Logger: logger,
	})
	must(t, err)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func openEnv(t *testing.T, set *db.Set, ring *keys.Ring, uid string) keys.Env {
	t.Helper()
	ctx := t.Context()
	must(t, set.Create(ctx, uid))
	d, release, err := set.Acquire(ctx, uid)
	must(t, err)
	t.Cleanup(release)
	must(t, d.Tx(ctx, func(tx *db.Tx) error { return ring.CreateEnv(tx, uid) }))
	sealer, err := ring.Env(ctx, uid, d)
	must(t, err)
	return keys.Env{UID: uid, DB: d, Sealer: sealer}
}

// verify stands for the check of signatures, which has tests of its own.
func verify(r *http.Request, _ []byte) (awswire.Identity, error) {
	if r.Header.Get("Authorization") == "" {
		return awswire.Identity{}, errs.E(errs.Forbidden, "not signed")
	}
	return awswire.Identity{AccessKey: "AKIDEXAMPLE"}, nil
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

func (f *fixture) newPair() (*token.Pair, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pairs++
	return pairs[(f.pairs-1)%len(pairs)]()
}

func (f *fixture) send(_ context.Context, m userpool.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, m)
	return nil
}

// code is the code of the last message.
func (f *fixture) code(t *testing.T) string {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.sent) == 0 {
		t.Fatal("nothing was sent")
	}
	return f.sent[len(f.sent)-1].Code
}

// post sends a request as clients do: unsigned operations without a signature.
func (f *fixture) post(t *testing.T, operation string, in any) (status int, body []byte) {
	t.Helper()
	text, err := json.Marshal(in)
	must(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.url+"/cognito-idp/", bytes.NewReader(text))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", idp.TargetPrefix+"."+operation)
	if !f.unsigned[operation] {
		r.Header.Set("Authorization", "signed")
	}
	answer, err := http.DefaultClient.Do(r)
	must(t, err)
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	must(t, err)
	return answer.StatusCode, body
}

// call is an operation that succeeds.
func (f *fixture) call(t *testing.T, operation string, in obj) obj {
	t.Helper()
	status, body := f.post(t, operation, in)
	if status != http.StatusOK {
		t.Fatalf("%s %v: %d %s", operation, in, status, body)
	}
	return read(t, body)
}

// refused is an operation that is refused with an exception, whose name is
// written without Exception, and a text.
func (f *fixture) refused(t *testing.T, operation string, in obj, want string) {
	t.Helper()
	status, body := f.post(t, operation, in)
	answer := read(t, body)
	kind, _ := answer["__type"].(string)
	message, _ := answer["message"].(string)
	if got := strings.TrimSuffix(kind, "Exception") + ": " + message; status != http.StatusBadRequest || got != want {
		t.Errorf("%s %v: %d %q; want %q", operation, in, status, got, want)
	}
}

func read(t *testing.T, body []byte) obj {
	t.Helper()
	var out obj
	if err := json.Unmarshal(body, &out); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return out
}

// at is a value inside an answer.
func at(v any, path ...string) any {
	for _, key := range path {
		o, _ := v.(obj)
		v = o[key]
	}
	return v
}

func text(v any, path ...string) string {
	s, _ := at(v, path...).(string)
	return s
}

// with is o with other members; nil takes one away.
func with(o obj, more obj) obj {
	out := maps.Clone(o)
	for k, v := range more {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// pool makes a pool and answers its id.
func (f *fixture) pool(t *testing.T, more obj) string {
	t.Helper()
	return text(f.call(t, "CreateUserPool", with(obj{"PoolName": "test"}, more)), "UserPool", "Id")
}

// client makes a client with the usual flows and answers its id.
func (f *fixture) client(t *testing.T, pool string, more obj) string {
	t.Helper()
	return text(f.call(t, "CreateUserPoolClient", with(obj{
		"UserPoolId": pool, "ClientName": "web", "ExplicitAuthFlows": list{
			"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
		},
	}, more)), "UserPoolClient", "ClientId")
}

// user makes a confirmed user.
func (f *fixture) user(t *testing.T, pool, name string, attributes ...any) {
	t.Helper()
	f.call(t, "AdminCreateUser", obj{"UserPoolId": pool, "Username": name, "MessageAction": "SUPPRESS", "UserAttributes": list(attributes)})
	f.call(t, "AdminSetUserPassword", obj{"UserPoolId": pool, "Username": name, "Password": goodPass, "Permanent": true})
}

func attr(name, value string) obj { return obj{"Name": name, "Value": value} }

// signIn answers the tokens of a user.
func (f *fixture) signIn(t *testing.T, client, name string) obj {
	t.Helper()
	out := f.call(t, "InitiateAuth", password(client, name, goodPass))
	tokens, ok := out["AuthenticationResult"].(obj)
	if !ok {
		t.Fatalf("sign in %s: %v", name, out)
	}
	return tokens
}

func password(client, name, secret string) obj {
	return obj{"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": obj{"USERNAME": name, "PASSWORD": secret}}
}

// routes is a directory in memory.
type routes struct {
	envs map[string]keys.Env

	mu  sync.Mutex
	ids map[string]string
}

func (r *routes) Find(_ context.Context, kind, id string) (keys.Env, func(), error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	uid, ok := r.ids[kind+" "+id]
	if !ok {
		return keys.Env{}, nil, errs.E(errs.NotFound, "no %s %s", kind, id)
	}
	return r.envs[uid], func() {}, nil
}

func (r *routes) Home(context.Context) (keys.Env, func(), error) {
	return r.envs["home"], func() {}, nil
}

func (r *routes) List(_ context.Context, kind, after string, limit int) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, key := range slices.Sorted(maps.Keys(r.ids)) {
		if id, ok := strings.CutPrefix(key, kind+" "); ok && id > after && len(out) < limit {
			out = append(out, id)
		}
	}
	return out, nil
}

func (r *routes) Put(_ context.Context, kind, id, uid string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if was, ok := r.ids[kind+" "+id]; ok && was != uid {
		return errs.E(errs.Conflict, "%s %s is of %s", kind, id, was)
	}
	r.ids[kind+" "+id] = uid
	return nil
}

func (r *routes) Remove(_ context.Context, kind, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.ids, kind+" "+id)
	return nil
}

// has reports whether an id leads anywhere.
func (r *routes) has(kind, id string) bool {
	_, _, err := r.Find(context.Background(), kind, id)
	return err == nil
}
