package attack_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"preamp/test/harness"
)

// browser keeps cookies and follows no redirect by itself.
type browser struct {
	w    *world
	http *http.Client
	base string // the domain of the pool
}

// browser opens one on the hosted pages of the shop.
func (w *world) browser() *browser {
	w.Helper()
	ca, err := os.ReadFile(w.server.Status.CAFile)
	if err != nil {
		w.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		w.Fatal("the CA file has no certificate")
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	w.Cleanup(transport.CloseIdleConnections)
	return &browser{
		w: w, base: w.server.Status.TLSURL + "/oauth/" + w.shop.UserPool,
		http: &http.Client{
			Jar: jar, Transport: transport, Timeout: 30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// do sends a request. A redirect has status 3xx and its Location.
func (b *browser) do(r *http.Request) answer {
	resp, err := b.http.Do(r)
	if err != nil {
		return answer{Err: err}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	a := answer{Status: resp.StatusCode, Header: resp.Header, Raw: raw, Err: err}
	_ = json.Unmarshal(raw, &a.Body) // pages are no JSON
	return a
}

func (b *browser) get(address string) answer {
	b.w.Helper()
	if !strings.Contains(address, "://") {
		address = b.base + address
	}
	r, err := http.NewRequestWithContext(b.w.Context(), http.MethodGet, address, nil)
	if err != nil {
		b.w.Fatal(err)
	}
	return b.do(r)
}

func (b *browser) post(address string, form url.Values, change func(*http.Request)) answer {
	b.w.Helper()
	r, err := http.NewRequestWithContext(b.w.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.w.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if change != nil {
		change(r)
	}
	return b.do(r)
}

var (
	formAction = regexp.MustCompile(`<form method="post" action="([^"]*)"`)
	hidden     = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
)

// form is the first form of a page, with its hidden fields.
func (b *browser) form(at string, page answer) (action string, fields url.Values) {
	b.w.Helper()
	m := formAction.FindSubmatch(page.Raw)
	if m == nil {
		b.w.Fatalf("no form in %v", page)
	}
	here, err := url.Parse(at)
	if err != nil {
		b.w.Fatal(err)
	}
	to, err := here.Parse(html.UnescapeString(string(m[1])))
	if err != nil {
		b.w.Fatal(err)
	}
	fields = url.Values{}
	for _, f := range hidden.FindAllSubmatch(page.Raw, -1) {
		fields.Set(html.UnescapeString(string(f[1])), html.UnescapeString(string(f[2])))
	}
	return to.String(), fields
}

const (
	redirect = harness.Redirect
	verifier = "a-verifier-of-some-length-as-clients-make-them-0123456789"
)

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return b64(sum[:])
}

// authorizeQuery is what an application sends.
func (w *world) authorizeQuery() url.Values {
	return url.Values{
		"client_id": {w.shop.WebClient}, "response_type": {"code"}, "redirect_uri": {redirect}, "state": {"a-state"},
		"scope": {"openid email aws.cognito.signin.user.admin"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"},
	}
}

// loginPage goes to the page of sign-in and answers its form.
func (b *browser) loginPage(q url.Values) (action string, fields url.Values) {
	b.w.Helper()
	at := b.base + "/oauth2/authorize?" + q.Encode()
	page := b.get(at)
	for page.Status >= 300 && page.Status < 400 {
		at = b.resolve(at, page)
		page = b.get(at)
	}
	if page.Err != nil || page.Status != http.StatusOK {
		b.w.Fatalf("no page of sign-in: %v", page)
	}
	return b.form(at, page)
}

func (b *browser) resolve(at string, a answer) string {
	b.w.Helper()
	here, err := url.Parse(at)
	if err != nil {
		b.w.Fatal(err)
	}
	to, err := here.Parse(a.Header.Get("Location"))
	if err != nil {
		b.w.Fatal(err)
	}
	return to.String()
}

// code signs in by the pages and answers what the application gets.
func (b *browser) code(u user, q url.Values) url.Values {
	b.w.Helper()
	action, fields := b.loginPage(q)
	fields.Set("username", u.email)
	fields.Set("password", password)
	a := b.post(action, fields, nil)
	to := b.resolve(action, a)
	if !strings.HasPrefix(to, redirect) {
		b.w.Fatalf("sign-in leads to %q: %v", to, a)
	}
	back, err := url.Parse(to)
	if err != nil {
		b.w.Fatal(err)
	}
	if back.Query().Get("code") == "" {
		b.w.Fatalf("no code: %s", to)
	}
	return back.Query()
}

// exchange takes a code to the token endpoint; change changes the form.
func (b *browser) exchange(code string, change url.Values) answer {
	b.w.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {b.w.shop.WebClient}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier},
	}
	for name, values := range change {
		if form[name] = values; values == nil {
			delete(form, name)
		}
	}
	return b.post(b.base+"/oauth2/token", form, nil)
}

// oauthToken is an access token with the scope openid.
func (w *world) oauthToken(u user) string {
	w.Helper()
	b := w.browser()
	a := w.good("token", b.exchange(b.code(u, w.authorizeQuery()).Get("code"), nil))
	if bytes.Contains(a.Raw, []byte(`"access_token"`)) {
		return a.Text("access_token")
	}
	w.Fatalf("no token: %v", a)
	return ""
}
