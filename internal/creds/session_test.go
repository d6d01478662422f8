package creds_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/authn"
	"preamp/internal/creds"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

// deriver makes keys as a ring does, another one for each seed.
func deriver(seed string) func(string) keys.Secret {
	return func(purpose string) keys.Secret {
		sum := sha256.Sum256([]byte(seed + "|" + purpose))
		return keys.NewSecret(sum[:])
	}
}

var (
	sessionTime = time.Date(2026, 11, 2, 8, 5, 9, 123456789, time.UTC)
	someone     = authn.Federated{
		PoolID: "us-east-1:11111111-2222-4333-8444-666666666666", IdentityID: "us-east-1:77777777-2222-4333-8444-666666666666",
		RoleARN: "arn:aws:iam::000000000000:role/auth", Provider: "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI",
		Subject: "c0ffee00-2222-4333-8444-666666666666", Epoch: 1793606709123,
	}
	guest = authn.Federated{
		PoolID: someone.PoolID, IdentityID: someone.IdentityID, Guest: true, RoleARN: "arn:aws:iam::000000000000:role/unauth",
		Epoch: someone.Epoch,
	}
)

func issue(t testing.TB, s *creds.Sessions, f authn.Federated, now time.Time) creds.Temporary {
	t.Helper()
	c, err := s.Issue(f, now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func refusal(err error) string {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || e.Kind != errs.Unauthenticated {
		return ""
	}
	return e.Code
}

const (
	unrecognized = "UnrecognizedClientException"
	tooOld       = "ExpiredTokenException"
)

func TestSessionForm(t *testing.T) {
	t.Parallel()
	s := creds.NewSessions(deriver("a"))
	seen := map[string]bool{}
	for range 100 {
		c := issue(t, s, someone, sessionTime)
		if !regexp.MustCompile(`^ASIA[A-Z2-7]{16}$`).MatchString(c.AccessKey) {
			t.Errorf("access key %q", c.AccessKey)
		}
		if !regexp.MustCompile(`^[A-Za-z0-9+/]{40}$`).MatchString(c.Secret.Reveal()) {
			t.Error("the secret is not 40 characters of base64")
		}
		if !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(c.Token) || len(c.Token) > 1500 {
			t.Errorf("a token of %d characters", len(c.Token))
		}
		if want := sessionTime.Truncate(time.Second).Add(time.Hour); !c.Expires.Equal(want) {
			t.Errorf("expires %s, want %s", c.Expires, want)
		}
		for _, v := range []string{c.AccessKey, c.Secret.Reveal(), c.Token} {
			if seen[v] {
				t.Errorf("%q twice", v)
			}
			seen[v] = true
		}
		raw, _ := base64.RawURLEncoding.DecodeString(c.Token)
		for _, clear := range []string{c.AccessKey, c.Secret.Reveal(), someone.Subject, someone.IdentityID} {
			if strings.Contains(string(raw), clear) {
				t.Error("the token shows what it holds")
			}
		}
	}
}

func TestSessionOpens(t *testing.T) {
	t.Parallel()
	for _, who := range []authn.Federated{someone, guest} {
		c := issue(t, creds.NewSessions(deriver("a")), who, sessionTime)
		s := creds.NewSessions(deriver("a")) // another node
		for range 2 {
			secret, got, err := s.OpenSession(c.AccessKey, c.Token, sessionTime)
			if err != nil {
				t.Fatal(err)
			}
			if secret != c.Secret.Reveal() {
				t.Error("another secret")
			}
			if d := cmp.Diff(who, got); d != "" {
				t.Error(d)
			}
		}
	}
}

// Sessions of the ring in the control database work after a restart.
func TestSessionsOfRing(t *testing.T) {
	each(t, func(t *testing.T, set *db.Set, _ *creds.Store) {
		open := func() *creds.Sessions {
			ring, err := keys.Open(t.Context(), set.Control(), master)
			if err != nil {
				t.Fatal(err)
			}
			return creds.NewSessions(ring.Derive)
		}
		c := issue(t, open(), someone, sessionTime)
		if _, got, err := open().OpenSession(c.AccessKey, c.Token, sessionTime); err != nil || got != someone {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestSessionTimes(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name       string
		issued, at time.Time
		want       string
	}{
		{"at once", sessionTime, sessionTime, ""},
		{"after 50 minutes", sessionTime, sessionTime.Add(50 * time.Minute), ""},
		{"the last second", sessionTime, sessionTime.Add(time.Hour - time.Second), ""},
		{"on time", sessionTime, sessionTime.Truncate(time.Second).Add(time.Hour), tooOld},
		{"two hours later", sessionTime, sessionTime.Add(2 * time.Hour), tooOld},
		{"the next day", sessionTime, sessionTime.Add(24 * time.Hour), tooOld},
		{"two days later", sessionTime, sessionTime.Add(48 * time.Hour), tooOld},
		{"a year later", sessionTime, sessionTime.Add(365 * 24 * time.Hour), tooOld},
		{"over midnight", midnight.Add(-time.Minute), midnight.Add(time.Minute), ""},
		{"over midnight, expired", midnight.Add(-time.Minute), midnight.Add(time.Hour), tooOld},
		{"by a node whose clock is ahead", midnight.Add(time.Minute), midnight.Add(-time.Minute), ""},
		{"from the far future", sessionTime.Add(72 * time.Hour), sessionTime, unrecognized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := creds.NewSessions(deriver("a"))
			c := issue(t, s, someone, tt.issued)
			_, _, err := s.OpenSession(c.AccessKey, c.Token, tt.at)
			if (err == nil) != (tt.want == "") || refusal(err) != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// Every change of a token or of its access key is refused. The control is the same
// pair unchanged.
func TestSessionTampering(t *testing.T) {
	t.Parallel()
	s := creds.NewSessions(deriver("a"))
	c, other := issue(t, s, someone, sessionTime), issue(t, s, guest, sessionTime)
	foreign := issue(t, creds.NewSessions(deriver("b")), someone, sessionTime)
	raw, err := base64.RawURLEncoding.DecodeString(c.Token)
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	with := func(i int, b byte) string {
		other := append([]byte(nil), raw...)
		other[i] = b
		return encode(other)
	}
	half := len(c.Token) / 2
	for _, tt := range []struct{ name, key, token string }{
		{"no token", c.AccessKey, ""},
		{"no key", "", c.Token},
		{"token of another session", c.AccessKey, other.Token},
		{"key of another session", other.AccessKey, c.Token},
		{"token of another server", foreign.AccessKey, foreign.Token},
		{"token of another server, own key", c.AccessKey, foreign.Token},
		{"long-lived key", "AKIA" + c.AccessKey[4:], c.Token},
		{"lower-case key", strings.ToLower(c.AccessKey), c.Token},
		{"shorter key", c.AccessKey[:19], c.Token},
		{"longer key", c.AccessKey + "A", c.Token},
		{"key with a blank", c.AccessKey + " ", c.Token},
		{"key with a line end", c.AccessKey + "\n", c.Token},
		{"key in the token's place", c.AccessKey, c.AccessKey},
		{"padding", c.AccessKey, c.Token + "="},
		{"two paddings", c.AccessKey, c.Token + "=="},
		{"blank before", c.AccessKey, " " + c.Token},
		{"blank after", c.AccessKey, c.Token + " "},
		{"line end", c.AccessKey, c.Token + "\n"},
		{"carriage return", c.AccessKey, c.Token[:half] + "\r" + c.Token[half:]},
		{"line end inside", c.AccessKey, c.Token[:half] + "\n" + c.Token[half:]},
		{"NUL", c.AccessKey, c.Token + "\x00"},
		{"comma", c.AccessKey, c.Token + "," + c.Token},
		{"twice", c.AccessKey, c.Token + c.Token},
		{"one character less", c.AccessKey, c.Token[:len(c.Token)-1]},
		{"one character more", c.AccessKey, c.Token + "A"},
		{"four characters more", c.AccessKey, c.Token + "AAAA"},
		{"first half", c.AccessKey, c.Token[:half]},
		{"without the head", c.AccessKey, "A" + c.Token[half:]},
		{"halves of two", c.AccessKey, c.Token[:half] + other.Token[min(half, len(other.Token)):]},
		{"not base64", c.AccessKey, "!" + c.Token[1:]},
		{"base64 of the other alphabet", c.AccessKey, base64.RawStdEncoding.EncodeToString(append([]byte{1, 255, 255, 255}, raw...))},
		{"only the head", c.AccessKey, encode(raw[:5])},
		{"less than the head", c.AccessKey, encode(raw[:4])},
		{"one byte", c.AccessKey, encode(raw[:1])},
		{"head and nonce", c.AccessKey, encode(raw[:17])},
		{"head, nonce and tag", c.AccessKey, encode(raw[:33])},
		{"version 0", c.AccessKey, with(0, 0)},
		{"version 2", c.AccessKey, with(0, 2)},
		{"key of the next day", c.AccessKey, with(4, raw[4]+1)},
		{"key of 256 days later", c.AccessKey, with(3, raw[3]+1)},
		{"changed nonce", c.AccessKey, with(5, raw[5]^1)},
		{"changed tag", c.AccessKey, with(len(raw)-1, raw[len(raw)-1]^1)},
		{"without the last byte", c.AccessKey, encode(raw[:len(raw)-1])},
		{"with a byte more", c.AccessKey, encode(append(append([]byte(nil), raw...), 0))},
		{"zeros", c.AccessKey, strings.Repeat("A", len(c.Token))},
		{"oversize", c.AccessKey, strings.Repeat("A", 1<<20)},
		{"words", c.AccessKey, "AQoDYXdzEPT//////////wEXAMPLE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := s.OpenSession(c.AccessKey, c.Token, sessionTime); err != nil {
				t.Fatalf("the control is refused: %v", err)
			}
			secret, f, err := s.OpenSession(tt.key, tt.token, sessionTime)
			if refusal(err) != unrecognized {
				t.Errorf("got %v, want %s", err, unrecognized)
			}
			if secret != "" || f != (authn.Federated{}) {
				t.Error("a refusal answers something")
			}
		})
	}
}

// Every character of a token counts, in every bit.
func TestSessionCharacters(t *testing.T) {
	t.Parallel()
	s := creds.NewSessions(deriver("a"))
	c := issue(t, s, guest, sessionTime)
	if _, _, err := s.OpenSession(c.AccessKey, c.Token, sessionTime); err != nil {
		t.Fatal(err)
	}
	for i := range len(c.Token) {
		for bit := range 8 {
			b := []byte(c.Token)
			b[i] ^= 1 << bit
			_, _, err := s.OpenSession(c.AccessKey, string(b), sessionTime)
			// The number of an earlier key says that the token is too old.
			if code := refusal(err); code != unrecognized && code != tooOld {
				t.Errorf("character %d, bit %d: %v", i, bit, err)
			}
		}
	}
}

func TestSessionsConcurrently(t *testing.T) {
	t.Parallel()
	s := creds.NewSessions(deriver("a"))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for d := range 20 {
				now := sessionTime.Add(time.Duration(i*20+d) * 24 * time.Hour)
				c, err := s.Issue(someone, now)
				if err == nil {
					_, _, err = s.OpenSession(c.AccessKey, c.Token, now)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := creds.Days(s); n > 4 {
		t.Errorf("%d keys are remembered", n)
	}
}

// FuzzOpenSession feeds any key and any token, and the right ones with something
// written over them: an empty key or token stands for the right one, which is
// another one in each process.
func FuzzOpenSession(f *testing.F) {
	s := creds.NewSessions(deriver("a"))
	c := issue(f, s, someone, sessionTime)
	f.Add("", "", uint16(0), "")
	f.Add("", "", uint16(20), "AAAA")
	f.Add("ASIAEXAMPLEEXAMPLE22", "", uint16(0), "")
	f.Add("ASIAEXAMPLEEXAMPLE22", "AQAAUAA", uint16(7), "AAAA")
	f.Add("", "AQAAUREAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", uint16(3), "x")
	f.Fuzz(func(t *testing.T, key, token string, at uint16, over string) {
		if key == "" {
			key = c.AccessKey
		}
		if token == "" {
			token = c.Token
		}
		from := min(int(at), len(token))
		token = token[:from] + over + token[min(from+len(over), len(token)):]
		_, got, err := s.OpenSession(key, token, sessionTime)
		switch {
		case key == c.AccessKey && token == c.Token:
			if err != nil || got != someone {
				t.Errorf("the control: %+v, %v", got, err)
			}
		case refusal(err) == "":
			t.Errorf("%q with %q: %v", key, token, err)
		}
	})
}
