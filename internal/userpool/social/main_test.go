package social_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"preamp/internal/outgoing"
	"preamp/internal/userpool"
	"preamp/internal/userpool/social"
	"preamp/internal/userpool/social/socialtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	poolID   = "us-east-1_AbCdEfGhI"
	callback = "https://auth.example/oauth2/idpresponse"
)

// fixture is a connector to providers on this machine.
type fixture struct {
	*social.Connector
	s *socialtest.Server
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	s := socialtest.New(t)
	return &fixture{connector(t, social.Config{Overrides: s.Overrides()}), s}
}

func connector(t *testing.T, c social.Config) *social.Connector {
	t.Helper()
	trusted := &http.Transport{}
	t.Cleanup(trusted.CloseIdleConnections)
	if c.Guard == nil {
		guard := outgoing.New(outgoing.Config{})
		t.Cleanup(guard.CloseIdle)
		c.Guard = guard
	}
	c.Trusted, c.Logger = trusted, slog.New(slog.NewTextHandler(t.Output(), nil))
	out, err := social.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// attempt is a sign-in in a browser, which a test may disturb.
type attempt struct {
	f *fixture
	p userpool.Provider
	// begin may be changed before the browser goes, finish before the code is
	// exchanged.
	begin    social.BeginInput
	finish   social.FinishInput
	noVisit  bool
	disturbs func(a *attempt)
}

func (f *fixture) attempt(name string) *attempt {
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	nonce := rand.Text()
	return &attempt{
		f: f, p: f.s.Provider(poolID, name),
		begin: social.BeginInput{
			RedirectURI: callback, State: rand.Text(), Nonce: nonce, CodeChallenge: base64.RawURLEncoding.EncodeToString(sum[:]),
		},
		finish: social.FinishInput{RedirectURI: callback, Nonce: nonce, CodeVerifier: verifier},
	}
}

// run goes to the provider and back.
func (a *attempt) run(t *testing.T) (social.Profile, error) {
	t.Helper()
	address, err := a.f.Begin(t.Context(), a.p, a.begin)
	if err != nil {
		return social.Profile{}, err
	}
	if !a.noVisit {
		back := visit(t, address)
		if got := back.Get("state"); got != a.begin.State {
			t.Fatalf("state %q came back as %q", a.begin.State, got)
		}
		a.finish.Code, a.finish.User = back.Get("code"), back.Get("user")
	}
	if a.disturbs != nil {
		a.disturbs(a)
	}
	return a.f.Finish(t.Context(), a.p, a.finish)
}

var field = regexp.MustCompile(`name="([a-z]+)" value="([^"]*)"`)

// visit is a browser that goes to a provider; it answers what it brings back.
func visit(t *testing.T, address string) url.Values {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	switch resp.StatusCode {
	case http.StatusFound:
		to, err := resp.Location()
		if err != nil || !strings.HasPrefix(to.String(), callback) {
			t.Fatalf("sent to %v, %v", to, err)
		}
		return to.Query()
	case http.StatusOK: // a form that posts itself
		out := url.Values{}
		for _, m := range field.FindAllStringSubmatch(string(body), -1) {
			out.Set(m[1], html.UnescapeString(m[2]))
		}
		return out
	}
	t.Fatalf("the provider answers %d: %s", resp.StatusCode, body)
	return nil
}
