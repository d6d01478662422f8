// Package socialtest is identity providers for tests: Google, Facebook, Login with
// Amazon, Sign in with Apple and one of OpenID Connect, on a port of this machine.
// They check what they are sent as the real ones do and better, sign in who the
// test says without asking anybody, and can be told to misbehave.
package socialtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"preamp/internal/keys"
	"preamp/internal/oidc/oidctest"
	"preamp/internal/userpool"
	"preamp/internal/userpool/social"
)

// Corp is the name of the provider of OpenID Connect.
const Corp = "Corp"

// Server is the providers.
type Server struct {
	// URL is where they are.
	URL string
	// Now is their clock; it has to be set before the first request.
	Now func() time.Time
	// Elsewhere counts the requests to where nobody should be sent.
	Elsewhere atomic.Int64

	fakes map[string]*Fake

	mu       sync.Mutex
	problems []string
}

// Fake is one provider. Its members are changed by Change.
type Fake struct {
	Name, Type             string
	ClientID, ClientSecret string
	// TeamID and KeyID are Apple's, and Key is the developer's.
	TeamID, KeyID string
	Key           *ecdsa.PrivateKey
	// Redirects are the URLs that browsers are sent back to; empty are all.
	Redirects []string
	// Basic takes the client's secret in a header only, and says so.
	Basic bool
	// Account is who signs in, by the provider's names.
	Account map[string]any
	// User is the form field that Apple sends with the code.
	User string
	// Fault is how the provider misbehaves; nil if it does not.
	Fault *Fault

	s      *Server
	mu     sync.Mutex // held while a request is answered
	issuer *oidctest.Issuer
	codes  map[string]code
	access map[string]map[string]any
}

// Fault is a way to misbehave.
type Fault struct {
	// IDToken makes the id token. claims are for oidctest's Good.
	IDToken func(i *oidctest.Issuer, now time.Time, claims []string) string
	// Claims are changes of the id token's claims: names and JSON values.
	Claims []string
	// Answer are additions to what the token endpoint says. Info are changes of what
	// the userinfo endpoint says; nil takes a member away.
	Answer, Info map[string]any
	// Authorize, Token and UserInfo answer in the place of the endpoints.
	Authorize, Token, UserInfo, Keys, Discovery http.HandlerFunc
}

// New starts the providers until the test ends.
func New(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{Now: time.Now, fakes: map[string]*Fake{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, _ *http.Request) {
		s.Elsewhere.Add(1)
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(`{"access_token":"x","sub":"x","id":"x","user_id":"x"}`))
	})
	web := httptest.NewServer(mux)
	tb.Cleanup(web.Close)
	s.URL = web.URL
	for i, f := range []*Fake{
		{Name: userpool.ProviderGoogle, Account: map[string]any{
			"sub": "110248495921238986420", "email": "ada@gmail.example", "email_verified": true, "name": "Ada Lovelace", "given_name": "Ada",
		}},
		{Name: userpool.ProviderFacebook, Account: map[string]any{
			"id": "10221234567890123", "email": "ada@facebook.example", "name": "Ada Lovelace", "first_name": "Ada",
			"picture": map[string]any{"data": map[string]any{"url": "https://pictures.example/ada", "width": 50}},
		}},
		{Name: userpool.ProviderAmazon, Account: map[string]any{
			"user_id": "amzn1.account.AF3XEXAMPLE", "email": "ada@amazon.example", "name": "Ada Lovelace", "postal_code": "98101",
		}},
		{Name: userpool.ProviderApple, TeamID: "TEAM123456", KeyID: "KEY1234567", Account: map[string]any{
			"sub": "000456.0a1b2c3d4e5f.1234", "email": "x7@privaterelay.example", "email_verified": "true",
		}, User: `{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"other@evil.example"}`},
		{Name: Corp, Type: userpool.ProviderOIDC, Account: map[string]any{
			"sub": "u-1", "email": "ada@corp.example", "email_verified": true, "name": "Ada Lovelace", "groups": []string{"a", "b"}, "level": 7,
		}},
	} {
		s.add(tb, mux, i, f)
	}
	return s
}

func (s *Server) add(tb testing.TB, mux *http.ServeMux, number int, f *Fake) {
	tb.Helper()
	if f.Type == "" {
		f.Type = f.Name
	}
	f.s, f.codes, f.access = s, map[string]code{}, map[string]map[string]any{}
	f.ClientID, f.ClientSecret = "client."+strings.ToLower(f.Name), "secret of "+f.Name+" &=%"
	if f.Type == userpool.ProviderApple {
		var err error
		if f.Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			tb.Fatal(err)
		}
	}
	f.issuer = oidctest.New(s.URL+"/"+f.Name, 50+number)
	for path, h := range map[string]http.HandlerFunc{
		"/authorize": f.authorize, "/token": f.token, "/userinfo": f.userInfo, "/keys": f.keys, oidctest.DiscoveryPath: f.discovery,
	} {
		mux.HandleFunc("/"+f.Name+path, func(w http.ResponseWriter, r *http.Request) {
			f.mu.Lock()
			defer f.mu.Unlock()
			h(w, r)
		})
	}
	s.fakes[f.Name] = f
}

// Names are those of the providers.
func (s *Server) Names() []string { return slices.Sorted(maps.Keys(s.fakes)) }

// Fake is the provider of a name.
func (s *Server) Fake(name string) *Fake { return s.fakes[name] }

// Change changes how a provider is from the next request on.
func (f *Fake) Change(change func(f *Fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// Misbehave changes the fault of a provider; nil takes it away.
func (f *Fake) Misbehave(fault *Fault) { f.Change(func(f *Fake) { f.Fault = fault }) }

// Overrides make a connector use these providers.
func (s *Server) Overrides() map[string]social.Endpoints {
	out := map[string]social.Endpoints{}
	for name := range s.fakes {
		out[name] = s.Endpoints(name)
	}
	return out
}

// Endpoints are the addresses of a provider.
func (s *Server) Endpoints(name string) social.Endpoints {
	f, base := s.fakes[name], s.URL+"/"+name
	out := social.Endpoints{Authorize: base + "/authorize", Token: base + "/token"}
	if f.idTokens() {
		out.Keys, out.Issuer = base+"/keys", base
	}
	if f.hasInfo() {
		out.UserInfo = base + "/userinfo"
	}
	return out
}

// Provider is the provider as a pool has it.
func (s *Server) Provider(pool, name string) userpool.Provider {
	p := userpool.Provider{Pool: pool, Name: name, Type: s.fakes[name].Type}
	p.SetDetails(s.Details(name))
	p.Mapping = map[string]string{"email": "email", "username": p.IDClaim()}
	return p
}

// Details are the ProviderDetails of a provider.
func (s *Server) Details(name string) map[string]string {
	f := s.fakes[name]
	out := map[string]string{"client_id": f.ClientID, "authorize_scopes": userpool.DefaultScopes(f.Type)}
	switch f.Type {
	case userpool.ProviderApple:
		out["team_id"], out["key_id"], out["private_key"] = f.TeamID, f.KeyID, PEM(f.Key)
		return out
	case userpool.ProviderOIDC:
		// Not where it is: the overrides say that.
		out["oidc_issuer"], out["attributes_request_method"] = "https://corp.example", "GET"
	}
	out["client_secret"] = f.ClientSecret
	return out
}

// PEM is a key as developers get it from Apple.
func PEM(key *ecdsa.PrivateKey) string {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic("socialtest: " + err.Error())
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// Secret is a text as details keep it.
func Secret(text string) keys.Secret { return keys.NewSecret([]byte(text)) }

// Problems are what the providers did not like, and forgets it.
func (s *Server) Problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.problems
	s.problems = nil
	return out
}

func (f *Fake) problem(format string, args ...any) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.s.problems = append(f.s.problems, f.Name+": "+fmt.Sprintf(format, args...))
}

func (f *Fake) idTokens() bool {
	return f.Type == userpool.ProviderGoogle || f.Type == userpool.ProviderApple || f.Type == userpool.ProviderOIDC
}

func (f *Fake) hasInfo() bool {
	return f.Type != userpool.ProviderGoogle && f.Type != userpool.ProviderApple
}

func (f *Fake) pkce() bool {
	return f.Type == userpool.ProviderGoogle || f.Type == userpool.ProviderOIDC
}
