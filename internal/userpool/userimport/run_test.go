package userimport_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/bcrypt"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
	"preamp/internal/userpool/userimport"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

const poolID = "us-east-1_AbCdEfGhI"

// fixture is a pool in an environment.
type fixture struct {
	userimport.Config
	events []string
}

func lineSets() dbtest.Lines {
	return dbtest.Lines{
		Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine(), token.EnvLine(), userpool.EnvLine()},
	}
}

func newFixture(t testing.TB, set *db.Set) *fixture {
	t.Helper()
	ctx := t.Context()
	ring, err := keys.Open(ctx, set.Control(), keys.NewSecret([]byte("0123456789abcdef0123456789abcdef")))
	must(t, err)
	must(t, set.Create(ctx, "env1"))
	d, release, err := set.Acquire(ctx, "env1")
	must(t, err)
	t.Cleanup(release)
	must(t, d.Tx(ctx, func(tx *db.Tx) error { return ring.CreateEnv(tx, "env1") }))
	sealer, err := ring.Env(ctx, "env1", d)
	must(t, err)
	k, err := token.NewKeys()
	must(t, err)
	v, err := token.NewVerifier(k)
	must(t, err)
	f := &fixture{}
	f.Users, err = userpool.New(userpool.Config{
		Keys: k, Verifier: v, Send: func(_ context.Context, _ userpool.Message) error { return nil },
		Issuer: func(pool string, _ bool) string { return "https://host.test/" + pool },
	})
	must(t, err)
	f.Call = userpool.Call{Env: token.Env{UID: "env1", DB: d, Sealer: sealer}}
	f.Pool = poolID
	_, err = f.Users.CreatePool(ctx, f.Call, userpool.NewPool{ID: poolID, Name: "test", Settings: *settings()})
	must(t, err)
	f.Report = func(e userimport.Event) error {
		if e.Problem != nil {
			f.events = append(f.events, e.Problem.String())
		}
		return nil
	}
	return f
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run imports a file and answers the problems and the totals in words.
func (f *fixture) run(t testing.TB, file io.Reader) []string {
	t.Helper()
	f.events = nil
	totals, err := userimport.Run(t.Context(), f.Config, file)
	if err != nil {
		e := errs.Public(err)
		f.events = append(f.events, e.Message)
	}
	return append(f.events, fmt.Sprintf("%d imported, %d skipped, %d failed", totals.Imported, totals.Skipped, totals.Failed))
}

func TestRun(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, lineSets(), func(t *testing.T, set *db.Set) {
		f := newFixture(t, set)
		var file strings.Builder
		file.WriteString("cognito:username,email,email_verified\n")
		for i := range 450 {
			fmt.Fprintf(&file, "user%d,u%d@example.com,true\n", i, i)
		}
		file.WriteString("bad,x,true\nUSER7,u@example.com,true\nnobody,n@example.com,false\n")
		problems := []string{
			// The order is that of the file in a batch, but duplicates are seen before.
			"line 453: username: the same user as in line 9",
			"line 452: email: Invalid email address format.",
			"line 454: email_verified: A user without a password hash needs a verified email or phone_number.",
		}
		f.DryRun = true
		for range 2 {
			if d := cmp.Diff(append(problems[:3:3], "450 imported, 0 skipped, 3 failed"), f.run(t, strings.NewReader(file.String()))); d != "" {
				t.Errorf("dry: %s", d)
			}
		}
		f.DryRun = false
		if d := cmp.Diff(append(problems[:3:3], "450 imported, 0 skipped, 3 failed"), f.run(t, strings.NewReader(file.String()))); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(append(problems[:3:3], "0 imported, 450 skipped, 3 failed"), f.run(t, strings.NewReader(file.String()))); d != "" {
			t.Errorf("again: %s", d)
		}
		if n, err := f.Users.CountUsers(t.Context(), f.Call, poolID); n != 450 || err != nil {
			t.Errorf("%d users, %v", n, err)
		}
	})
}

// broken gives a file up to a point, as a connection that ends does.
type broken struct{ r io.Reader }

var errBroken = errors.New("broken off")

func (b broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if errors.Is(err, io.EOF) {
		err = errBroken
	}
	return n, err
}

// An import that was broken off is finished by running it again, and what is read
// up to a syntax error is imported.
func TestRunAgain(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, lineSets(), func(t *testing.T, set *db.Set) {
		f := newFixture(t, set)
		hash, err := bcrypt.GenerateFromPassword([]byte("Passw0rd!x"), bcrypt.MinCost)
		must(t, err)
		var file strings.Builder
		for i := range 250 {
			fmt.Fprintf(&file, `{"username":"user%d","password_hash":%q}`+"\n", i, hash)
		}
		all := file.String()
		_, err = userimport.Run(t.Context(), f.Config, broken{strings.NewReader(all[:len(all)/2])})
		if !errors.Is(err, errBroken) && err == nil {
			t.Errorf("%v", err)
		}
		if d := cmp.Diff([]string{"125 imported, 125 skipped, 0 failed"}, f.run(t, strings.NewReader(all))); d != "" {
			t.Error(d)
		}
		bad := all + `{"username":"later","password_hash":"` + string(hash) + `"}` + "\n]"
		if d := cmp.Diff([]string{
			`line 252: "]" where an object begins`, "1 imported, 250 skipped, 0 failed",
		}, f.run(t, strings.NewReader(bad))); d != "" {
			t.Error(d)
		}
		f.Format = userimport.FormatCSV
		if got := f.run(t, strings.NewReader(all)); !strings.HasPrefix(got[0], "line 1: ") || got[1] != "0 imported, 0 skipped, 0 failed" {
			t.Errorf("JSON as CSV: %q", got)
		}
		f.Format = "xml"
		if got := f.run(t, strings.NewReader(all)); got[0] != "xml is not a format: csv or json" {
			t.Errorf("%q", got)
		}
		f.Format, f.Pool = "", "us-east-1_none"
		if got := f.run(t, strings.NewReader(all)); got[0] != "User pool us-east-1_none does not exist." {
			t.Errorf("%q", got)
		}
		f.Pool = poolID
		f.Report = func(userimport.Event) error { return errBroken }
		if _, err := userimport.Run(t.Context(), f.Config, strings.NewReader(`{"username":""}`)); !errors.Is(err, errBroken) {
			t.Errorf("%v; want the error of Report", err)
		}
	})
}

// generated is a file of users as it is read.
type generated struct {
	n, of int
	hash  string
	rest  []byte
}

func (g *generated) Read(p []byte) (int, error) {
	if len(g.rest) == 0 {
		if g.n == g.of {
			return 0, io.EOF
		}
		g.rest = fmt.Appendf(nil, `{"username":"user%[1]d","attributes":{"email":"user%[1]d@example.com","email_verified":"true","name":"User %[1]d"},`+
			`"password_hash":"%[2]s"}`+"\n", g.n, g.hash)
		g.n++
	}
	n := copy(p, g.rest)
	g.rest = g.rest[n:]
	return n, nil
}

// BenchmarkRun is an import of 20,000 users, on both stores.
func BenchmarkRun(b *testing.B) {
	hash, err := bcrypt.GenerateFromPassword([]byte("Passw0rd!x"), bcrypt.MinCost)
	must(b, err)
	for _, store := range []struct {
		name   string
		config func() db.Config
	}{
		{"sqlite", func() db.Config { return db.Config{Dir: b.TempDir()} }},
		{"postgres", func() db.Config { return db.Config{Dir: b.TempDir(), DatabaseURL: dbtest.Database(b)} }},
	} {
		b.Run("store="+store.name, func(b *testing.B) {
			const users = 20_000
			for b.Loop() {
				b.StopTimer()
				c := store.config()
				c.Control, c.Env = lineSets().Control, lineSets().Env
				f := newFixture(b, dbtest.Open(b, c))
				b.StartTimer()
				if got := f.run(b, &generated{of: users, hash: string(hash)}); got[0] != "20000 imported, 0 skipped, 0 failed" {
					b.Fatal(got)
				}
			}
			b.ReportMetric(float64(users*b.N)/b.Elapsed().Seconds(), "users/s")
		})
	}
}
