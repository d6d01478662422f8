//go:build timing

package userpool_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"preamp/internal/userpool"
)

// The full form of the timing rule: 2 x 2,000 interleaved samples of a user that
// exists and one that does not, of which the medians differ by at most 5 % and
// which the test of Mann and Whitney cannot tell apart (p > 0.01). It wants a
// machine that does nothing else: go test -tags timing -run Timing.
func TestTiming(t *testing.T) {
	each(t, plain(), hiding(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		for _, c := range []struct {
			name string
			do   func(user string) error
			want string
		}{
			{"password", func(user string) error { _, err := f.password(t, user, "Wrong0ne!"); return err }, wrongPassword},
			{"SRP challenge", func(user string) error {
				_, err := f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{
					Client: f.client, Name: userpool.AuthSRP, Parameters: names(user, "SRP_A", "abcdef0123456789"),
				})
				return err
			}, ""},
			{"forgot", func(user string) error {
				_, err := f.ForgotPassword(t.Context(), f.call(), f.by(user))
				return err
			}, ""},
		} {
			const samples = 2000
			var took [2][]float64
			for range samples {
				for i, user := range []string{"alice", "nobody"} {
					begun := time.Now()
					err := c.do(user)
					took[i] = append(took[i], float64(time.Since(begun)))
					want(t, c.name, err, c.want)
				}
				f.after(time.Hour) // no lock, no limit
			}
			p := mannWhitney(took[0], took[1])
			slices.Sort(took[0])
			slices.Sort(took[1])
			ratio := took[1][samples/2] / took[0][samples/2]
			t.Logf("%s: median %s, for nobody %.3f of it, p = %.3f", c.name, time.Duration(took[0][samples/2]), ratio, p)
			if p <= 0.01 || ratio < 0.95 || ratio > 1.05 {
				t.Errorf("%s: who exists can be told by the time", c.name)
			}
		}
	})
}

// mannWhitney is the two-sided p of the samples being from one distribution, by
// the normal approximation.
func mannWhitney(a, b []float64) float64 {
	type sample struct {
		v     float64
		first bool
	}
	var all []sample
	for _, v := range a {
		all = append(all, sample{v, true})
	}
	for _, v := range b {
		all = append(all, sample{v, false})
	}
	slices.SortFunc(all, func(x, y sample) int {
		switch {
		case x.v < y.v:
			return -1
		case x.v > y.v:
			return 1
		}
		return 0
	})
	ranks, ties := 0.0, 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].v == all[i].v {
			j++
		}
		n := float64(j - i)
		ties += n*n*n - n
		for _, s := range all[i:j] {
			if s.first {
				ranks += float64(i+j+1) / 2
			}
		}
		i = j
	}
	n1, n2 := float64(len(a)), float64(len(b))
	n := n1 + n2
	u := ranks - n1*(n1+1)/2
	sigma := math.Sqrt(n1 * n2 / 12 * (n + 1 - ties/(n*(n-1))))
	return math.Erfc(math.Abs(u-n1*n2/2) / sigma / math.Sqrt2)
}
