package userpool_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/userpool"
	"preamp/internal/userpool/srp"
)

// benchStores runs a benchmark on both stores.
func benchStores(b *testing.B, fn func(b *testing.B, f *fixture)) {
	for _, store := range []string{"sqlite", "postgres"} {
		b.Run("store="+store, func(b *testing.B) {
			c := db.Config{Dir: b.TempDir(), Control: lines().Control, Env: lines().Env}
			if store == "postgres" {
				c.DatabaseURL = dbtest.Database(b)
			}
			fn(b, newFixture(b, dbtest.Open(b, c), plain(), flows()))
		})
	}
}

// populate imports users whose password is goodPass, up to a number.
func (f *fixture) populate(b *testing.B, from, users int) {
	b.Helper()
	hash := argonHash("argon2id")
	for ; from < users; from += userpool.MaxImport {
		list := make([]userpool.ImportUser, min(userpool.MaxImport, users-from))
		for i := range list {
			list[i] = withHash(userName(from+i), hash)
			list[i].Attributes = map[string]string{"email": userName(from+i) + "@example.com", "name": "A User"}
		}
		for _, r := range f.bring(b, list...) {
			if r != (userpool.Imported{}) {
				b.Fatalf("%+v", r)
			}
		}
	}
}

func userName(i int) string { return fmt.Sprintf("user%06d", i) }

// inParallel runs fn for 0 to n-1, by several goroutines per core: a sign-in waits
// for the disk too. It answers how long that took.
func inParallel(n int, fn func(i int)) time.Duration {
	begun := time.Now()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 8 * runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				fn(i)
			}
		})
	}
	wg.Wait()
	return time.Since(begun)
}

// BenchmarkSRPSignIn compares the whole of a sign-in by SRP, without HTTP, with
// what of it is cryptography that nobody can leave out: g^b, (A*v^u)^b and two
// signatures. The client's part, which costs more, is not in the time.
func BenchmarkSRPSignIn(b *testing.B) {
	const round = 128
	server, id, salt := srp.New(), srp.Identity{Pool: "AbCdEfGhI", User: "alice"}, []byte("0123456789abcdef")
	verifier := server.Verifier(id, goodPass, salt)
	public, err := server.ParsePublic("abcdef")
	must(b, "public", err)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(b, "key", err)
	digest := sha256.Sum256([]byte("token"))
	pure := func(int) {
		h, err := server.Begin(verifier, public, rand.Reader)
		must(b, "begin", err)
		_ = server.Verify(h, id, verifier, srp.Proof{})
		for range 2 {
			_, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
			must(b, "sign", err)
		}
	}
	benchStores(b, func(b *testing.B, f *fixture) {
		f.populate(b, 0, round)
		for i := range round {
			_, err := f.password(b, userName(i), goodPass)
			must(b, "first sign-in", err)
		}
		clients, texts, challenges := make([]srpClient, round), make([]map[string]string, round), make([]userpool.AuthResult, round)
		var alone, whole time.Duration
		for b.Loop() {
			// In turns, so that what else the machine does counts for both.
			alone += inParallel(round, pure)
			inParallel(round, func(i int) {
				clients[i] = newSRPClient()
				texts[i] = names(userName(i), "SRP_A", clients[i].publicA().Text(16))
			})
			whole += inParallel(round, func(i int) {
				var err error
				challenges[i], err = f.InitiateAuth(b.Context(), f.call(), userpool.AuthInput{Client: f.client, Name: userpool.AuthSRP, Parameters: texts[i]})
				must(b, "challenge", err)
			})
			inParallel(round, func(i int) { texts[i] = clients[i].answer(challenges[i].Parameters, goodPass) })
			whole += inParallel(round, func(i int) {
				_, err := f.respond(b, "PASSWORD_VERIFIER", "", texts[i])
				must(b, "answer", err)
			})
		}
		b.ReportMetric(float64(round*b.N)/whole.Seconds(), "sign-ins/s")
		b.ReportMetric(float64(round*b.N)/alone.Seconds(), "pure/s")
		b.ReportMetric(alone.Seconds()/whole.Seconds(), "ratio")
	})
}

// BenchmarkUsers compares a sign-in and pages of ListUsers in a pool of 1,000
// users with those in one of 100,000, turn by turn: ratio is that of the medians.
func BenchmarkUsers(b *testing.B) {
	for _, store := range []string{"sqlite", "postgres"} {
		b.Run("store="+store, func(b *testing.B) {
			sizes := [2]int{1_000, 100_000}
			var pools [2]*fixture
			for i, users := range sizes {
				c := db.Config{Dir: b.TempDir(), Control: lines().Control, Env: lines().Env}
				if store == "postgres" {
					c.DatabaseURL = dbtest.Database(b)
				}
				pools[i] = newFixture(b, dbtest.Open(b, c), plain(), flows())
				pools[i].populate(b, 0, users)
				_, err := pools[i].password(b, userName(500), goodPass) // the hash becomes a verifier
				must(b, "first sign-in", err)
			}
			compare := func(name string, do func(f *fixture) error) {
				b.Run(name, func(b *testing.B) {
					var took [2][]time.Duration
					for b.Loop() {
						for i, f := range pools {
							begun := time.Now()
							must(b, name, do(f))
							took[i] = append(took[i], time.Since(begun))
						}
					}
					var median [2]time.Duration
					for i := range took {
						slices.Sort(took[i])
						median[i] = took[i][len(took[i])/2]
					}
					b.ReportMetric(float64(median[0].Microseconds()), "small-µs")
					b.ReportMetric(float64(median[1].Microseconds()), "large-µs")
					b.ReportMetric(float64(median[1])/float64(median[0]), "ratio")
				})
			}
			compare("sign-in", func(f *fixture) error {
				_, err := f.password(b, userName(500), goodPass)
				return err
			})
			for _, c := range []struct{ name, filter string }{
				{"page", ""},
				{"page/by=username", `username = "` + userName(500) + `"`},
				{"page/by=email-prefix", `email ^= "user0005"`},
				{"page/by=name", `name = "A User"`},
				{"page/by=state", `cognito:user_status = "CONFIRMED"`},
			} {
				compare(c.name, func(f *fixture) error {
					_, _, err := f.Users(b.Context(), f.call(), poolID, c.filter, userpool.Page{})
					return err
				})
			}
		})
	}
}
