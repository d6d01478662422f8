package identitypool_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"preamp/internal/creds"
	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/identitypool"
	"preamp/internal/identitypool/wire"
	"preamp/internal/keys"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const (
	userPool  = "us-east-1_AbCdEfGhI"
	provider  = "cognito-idp.us-east-1.amazonaws.com/" + userPool
	provider2 = "cognito-idp.us-east-1.amazonaws.com/us-east-1_ZyXwVuTsR"
	client    = "1234567890abcdefghijklmnop"
	authRole  = "arn:aws:iam::000000000000:role/auth"
	guestRole = "arn:aws:iam::000000000000:role/service/guest"
	social    = "accounts.example.com"
	nobody    = "us-east-1:77777777-2222-4333-8444-666666666666"
)

var (
	start  = time.Date(2026, 11, 2, 8, 5, 9, 0, time.UTC)
	master = keys.NewSecret([]byte("0123456789abcdef0123456789abcdef"))

	// Making keys is slow, so the tests share one.
	signingKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
)

// directory is routes in memory, to the environments of a test.
type directory struct {
	set  *db.Set
	ring *keys.Ring

	mu     sync.Mutex
	routes map[[2]string]string
	puts   int
	taken  int // so many puts of shards meet another environment
}

func (d *directory) pin(ctx context.Context, uid string) (keys.Env, func(), error) {
	e, release, err := d.set.Acquire(ctx, uid)
	if err != nil {
		return keys.Env{}, nil, err
	}
	s, err := d.ring.Env(ctx, uid, e)
	return keys.Env{UID: uid, DB: e, Sealer: s}, release, err
}

func (d *directory) Find(ctx context.Context, kind, id string) (keys.Env, func(), error) {
	d.mu.Lock()
	uid, ok := d.routes[[2]string{kind, id}]
	d.mu.Unlock()
	if !ok {
		return keys.Env{}, nil, errs.Missing("Route", "no %s %s", kind, id)
	}
	return d.pin(ctx, uid)
}

func (d *directory) Home(ctx context.Context) (keys.Env, func(), error) { return d.pin(ctx, "home") }

func (d *directory) List(_ context.Context, kind, after string, limit int) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := []string{}
	for _, key := range slices.SortedFunc(maps.Keys(d.routes), func(a, b [2]string) int { return strings.Compare(a[1], b[1]) }) {
		if key[0] == kind && key[1] > after && len(ids) < limit {
			ids = append(ids, key[1])
		}
	}
	return ids, nil
}

func (d *directory) Put(_ context.Context, kind, id, uid string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if kind == identitypool.RouteShard {
		d.puts++
		if d.taken > 0 {
			d.taken--
			return errs.E(errs.Conflict, "in use")
		}
	}
	d.routes[[2]string{kind, id}] = uid
	return nil
}

func (d *directory) Remove(_ context.Context, kind, id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.routes, [2]string{kind, id})
	return nil
}

// shards is the number of routes of identities.
func (d *directory) shards() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key := range d.routes {
		if key[0] == identitypool.RouteShard {
			n++
		}
	}
	return n
}

// fixture is an API over two environments.
type fixture struct {
	*identitypool.API
	dir      *directory
	sessions *creds.Sessions

	mu     sync.Mutex
	now    time.Time
	claims map[string]any // of all tokens
	asked  []string       // what VerifyLogin was asked
}

func each(t *testing.T, fn func(t *testing.T, f *fixture)) {
	t.Helper()
	lines := dbtest.Lines{Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine(), identitypool.EnvLine()}}
	dbtest.Each(t, lines, func(t *testing.T, set *db.Set) { fn(t, newFixture(t, set)) })
}

func newFixture(t *testing.T, set *db.Set) *fixture {
	t.Helper()
	ctx := t.Context()
	ring, err := keys.Open(ctx, set.Control(), master)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{
		dir:      &directory{set: set, ring: ring, routes: map[[2]string]string{}},
		sessions: creds.NewSessions(ring.Derive), now: start,
	}
	for _, uid := range []string{"home", "other"} {
		if err := set.Create(ctx, uid); err != nil {
			t.Fatal(err)
		}
		e, release, err := set.Acquire(ctx, uid)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Tx(ctx, func(tx *db.Tx) error { return ring.CreateEnv(tx, uid) }); err != nil {
			t.Fatal(err)
		}
		release()
	}
	f.API, err = identitypool.New(identitypool.Config{
		Directory: f.dir, Sessions: f.sessions, Sealer: ring.Control(), Region: "us-east-1", VerifyLogin: f.verify,
		LoginProviders: []string{social}, NewKey: signingKey, Now: f.clock, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// verify takes tokens "<subject>/<client>[/<what is wrong>]".
func (f *fixture) verify(_ context.Context, provider, userPool, token string) (identitypool.Login, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, provider+" "+userPool)
	subject, rest, ok := strings.Cut(token, "/")
	app, wrong, _ := strings.Cut(rest, "/")
	switch {
	case !ok:
		return identitypool.Login{}, &errs.Error{Kind: errs.Unauthenticated, Code: "NotAuthorizedException", Message: "secret reason"}
	case wrong == "expired":
		return identitypool.Login{}, identitypool.Expired(start, start.Add(-time.Second))
	case wrong == "down":
		return identitypool.Login{}, errs.E(errs.Unavailable, "down")
	case wrong == "gone":
		return identitypool.Login{}, errs.Missing("User", "no such user")
	}
	return identitypool.Login{Subject: subject, Client: app, Claims: f.claims, Ended: wrong == "ended"}, nil
}

// token is one of a user of a pool.
func token(subject string) string { return subject + "/" + client }

func logins(subject string) map[string]string { return map[string]string{provider: token(subject)} }

// pool makes a pool with both roles.
func (f *fixture) pool(t *testing.T, change func(in *wire.CreateIdentityPoolInput)) string {
	t.Helper()
	in := &wire.CreateIdentityPoolInput{
		IdentityPoolName: "test", AllowUnauthenticatedIdentities: true,
		CognitoIdentityProviders: []wire.CognitoIdentityProvider{{ProviderName: provider, ClientID: client}},
	}
	if change != nil {
		change(in)
	}
	out, err := f.CreateIdentityPool(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	f.roles(t, out.IdentityPoolID, nil)
	return out.IdentityPoolID
}

func (f *fixture) roles(t *testing.T, pool string, mappings map[string]wire.RoleMapping) {
	t.Helper()
	_, err := f.SetIdentityPoolRoles(t.Context(), &wire.SetIdentityPoolRolesInput{
		IdentityPoolID: pool, Roles: map[string]string{"authenticated": authRole, "unauthenticated": guestRole}, RoleMappings: mappings,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) getID(t *testing.T, pool string, logins map[string]string) string {
	t.Helper()
	out, err := f.GetId(t.Context(), &wire.GetIdInput{IdentityPoolID: pool, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	return out.IdentityID
}

func (f *fixture) get(t *testing.T, identity string, logins map[string]string) *wire.GetCredentialsForIdentityOutput {
	t.Helper()
	out, err := f.GetCredentialsForIdentity(t.Context(), &wire.GetCredentialsForIdentityInput{IdentityID: identity, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// tx changes the environment of a pool.
func (f *fixture) tx(t *testing.T, pool string, fn func(tx *db.Tx) error) {
	t.Helper()
	env, release, err := f.dir.Find(t.Context(), identitypool.RoutePool, pool)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if err := env.DB.Tx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// want asserts a refusal; code is empty for none.
func want(t *testing.T, err error, code, text string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || e.Code != code || !strings.Contains(e.Message, text) {
		t.Errorf("got %v, want %s %q", err, code, text)
	}
}

const (
	badParameter = wire.InvalidParameterException
	denied       = wire.NotAuthorizedException
	gone         = wire.ResourceNotFoundException
	unrecognized = "UnrecognizedClientException"
)
