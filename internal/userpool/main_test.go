package userpool_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const (
	poolID   = "us-east-1_AbCdEfGhI"
	goodPass = "Passw0rd!x"
	nextPass = "Passw0rd!y"
)

var (
	start  = time.Date(2026, 11, 2, 8, 5, 9, 0, time.UTC)
	master = keys.NewSecret([]byte("0123456789abcdef0123456789abcdef"))

	// Making keys is slow, so the tests share some.
	pairs = [2]func() (*token.Pair, error){sync.OnceValues(token.NewPair), sync.OnceValues(token.NewPair)}
)

// fixture is an environment with a pool and a service.
type fixture struct {
	*userpool.Service
	env    token.Env
	set    *db.Set
	client string
	now    time.Time

	mu    sync.Mutex
	sent  []userpool.Message
	pairs int
	fails bool
	rate  int    // of UserReads and UserWrites
	fixed string // the code of all messages
}

// each runs fn on both stores with a pool of the given settings and a client.
func each(t *testing.T, s userpool.Settings, cs userpool.ClientSettings, fn func(t *testing.T, f *fixture)) {
	t.Helper()
	dbtest.Each(t, lines(), func(t *testing.T, set *db.Set) { fn(t, newFixture(t, set, s, cs)) })
}

func lines() dbtest.Lines {
	return dbtest.Lines{
		Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine(), token.EnvLine(), userpool.EnvLine()},
	}
}

func newFixture(t testing.TB, set *db.Set, s userpool.Settings, cs userpool.ClientSettings) *fixture {
	t.Helper()
	f := &fixture{set: set, now: start}
	f.open(t)
	_, err := f.CreatePool(t.Context(), f.call(), userpool.NewPool{ID: poolID, Name: "test", Settings: s})
	if err != nil {
		t.Fatal(err)
	}
	f.client = f.newClient(t, cs).ID
	return f
}

// open makes an environment.
func (f *fixture) open(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	ring, err := keys.Open(ctx, f.set.Control(), master)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.set.Create(ctx, "env1"); err != nil {
		t.Fatal(err)
	}
	d, release, err := f.set.Acquire(ctx, "env1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	if err := d.Tx(ctx, func(tx *db.Tx) error { return ring.CreateEnv(tx, "env1") }); err != nil {
		t.Fatal(err)
	}
	sealer, err := ring.Env(ctx, "env1", d)
	if err != nil {
		t.Fatal(err)
	}
	f.env = token.Env{UID: "env1", DB: d, Sealer: sealer}
	f.restart(t)
}

// restart makes another service on the same data, as a restart or another node
// would be.
func (f *fixture) restart(t testing.TB) {
	t.Helper()
	k, err := token.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	v, err := token.NewVerifier(k)
	if err != nil {
		t.Fatal(err)
	}
	f.Service, err = userpool.New(userpool.Config{
		Keys: k, Verifier: v, Send: f.send, Proofs: 4, UserReads: f.rate, UserWrites: f.rate, FixedCode: f.fixed, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Issuer: func(pool string, _ bool) string { return "https://host.test/" + pool },
		NewPair: func() (*token.Pair, error) {
			f.pairs++
			return pairs[(f.pairs-1)%2]()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) send(_ context.Context, m userpool.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails {
		return errors.New("no delivery")
	}
	f.sent = append(f.sent, m)
	return nil
}

func (f *fixture) call() userpool.Call { return userpool.Call{Env: f.env, Now: f.now} }

func (f *fixture) after(d time.Duration) { f.now = f.now.Add(d) }

func (f *fixture) newClient(t testing.TB, s userpool.ClientSettings) userpool.Client {
	t.Helper()
	c, err := f.CreateClient(t.Context(), f.call(), userpool.NewClient{Pool: poolID, Name: "web", Settings: s})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// last is the last message.
func (f *fixture) last(t testing.TB) userpool.Message {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.sent) == 0 {
		t.Fatal("nothing was sent")
	}
	return f.sent[len(f.sent)-1]
}

func (f *fixture) by(name string) userpool.ByClient {
	return userpool.ByClient{Client: f.client, Username: name}
}

// signUp signs a user up.
func (f *fixture) signUp(t testing.TB, name string, attributes map[string]string) userpool.SignedUp {
	t.Helper()
	out, err := f.SignUp(t.Context(), f.call(), userpool.SignUpInput{ByClient: f.by(name), Password: goodPass, Attributes: attributes})
	if err != nil {
		t.Fatalf("sign up %s: %v", name, err)
	}
	return out
}

// newUser makes a confirmed user without codes.
func (f *fixture) newUser(t testing.TB, name string, attributes map[string]string) {
	t.Helper()
	ctx := t.Context()
	if _, err := f.AdminCreateUser(ctx, f.call(), userpool.NewUser{Pool: poolID, Username: name, Attributes: attributes, Suppress: true}); err != nil {
		t.Fatalf("create %s: %v", name, err)
	}
	if err := f.AdminSetPassword(ctx, f.call(), poolID, name, goodPass, true); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) user(t testing.TB, name string) userpool.User {
	t.Helper()
	u, err := f.AdminUser(t.Context(), f.call(), poolID, name)
	if err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
	return u
}

// password signs in by the password itself.
func (f *fixture) password(t testing.TB, name, password string) (userpool.AuthResult, error) {
	t.Helper()
	return f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{
		Client: f.client, Name: userpool.AuthPassword, Parameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
}

// access is an access token of a user.
func (f *fixture) access(t testing.TB, name string) string {
	t.Helper()
	out, err := f.password(t, name, goodPass)
	if err != nil || out.Tokens == nil {
		t.Fatalf("sign in %s: %+v, %v", name, out, err)
	}
	return out.Tokens.Access
}

// errText is the exception and text that a client sees.
func errText(err error) string {
	if err == nil {
		return ""
	}
	e := errs.Public(err)
	return strings.TrimSuffix(e.Code, "Exception") + ": " + e.Message
}

func want(t testing.TB, what string, err error, text string) {
	t.Helper()
	if got := errText(err); got != text {
		t.Errorf("%s: %q (%v); want %q", what, got, err, text)
	}
}

func must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

const (
	wrongPassword = "NotAuthorized: Incorrect username or password."
	exceeded      = "NotAuthorized: Password attempts exceeded"
	mismatch      = "CodeMismatch: Invalid verification code provided, please try again."
	expired       = "ExpiredCode: Invalid code provided, please request a code again."
	limit         = "LimitExceeded: Attempt limit exceeded, please try after some time."
	noUser        = "UserNotFound: User does not exist."
	noCombination = "UserNotFound: Username/client id combination not found."
)

// Settings of the usual pools.
func plain() userpool.Settings {
	return userpool.Settings{AutoVerified: []string{"email"}}
}

func byEmail() userpool.Settings {
	return userpool.Settings{UsernameAttributes: []string{"email"}, AutoVerified: []string{"email"}}
}

func byAlias() userpool.Settings {
	return userpool.Settings{AliasAttributes: []string{"email", "preferred_username"}, AutoVerified: []string{"email"}}
}

func flows() userpool.ClientSettings {
	return userpool.ClientSettings{Flows: []string{
		userpool.FlowSRP, userpool.FlowPassword, userpool.FlowAdminPassword, userpool.FlowRefresh, userpool.FlowChoice,
	}}
}

func hiding() userpool.ClientSettings {
	s := flows()
	s.HideUsers = true
	return s
}

func mail(address string) map[string]string { return map[string]string{"email": address} }
