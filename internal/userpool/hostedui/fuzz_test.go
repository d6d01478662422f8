package hostedui_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/hostedui"
	"preamp/internal/userpool/token"
)

func fuzzed(f *testing.F) (*fixture, func(r *http.Request) *httptest.ResponseRecorder) {
	f.Helper()
	set := dbtest.Open(f, db.Config{
		Dir: f.TempDir(), Control: []db.Line{keys.ControlLine()},
		Env: []db.Line{keys.EnvLine(), token.EnvLine(), userpool.EnvLine(), hostedui.EnvLine()},
	})
	fix := newFixture(f, set, options{client: allRegistered})
	return fix, func(r *http.Request) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		fix.server.Config.Handler.ServeHTTP(w, r)
		return w
	}
}

// FuzzAuthorize never leads to an address that is not registered.
func FuzzAuthorize(f *testing.F) {
	fix, serve := fuzzed(f)
	f.Add(fix.query().Encode())
	f.Add(fix.query("response_type", "token", "prompt", "none").Encode())
	for _, address := range strangers {
		f.Add(fix.query("redirect_uri", address).Encode())
	}
	f.Add("client_id=" + fix.client.ID + "&redirect_uri=" + url.QueryEscape(callback) + "&%zz=1;&state=\x00")
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest(http.MethodGet, "https://example.com/oauth/"+poolID+"/oauth2/authorize", nil)
		r.URL.RawQuery = query
		w := serve(r)
		to := w.Header().Get("Location")
		if w.Code >= 500 || strings.ContainsAny(to, "\r\n") {
			t.Fatalf("%d %q", w.Code, to)
		}
		if to == "" || strings.HasPrefix(to, "../login?") {
			return
		}
		if !slices.ContainsFunc(registered, func(a string) bool {
			return strings.HasPrefix(to, a) && strings.ContainsAny(to[len(a):len(a)+1], "?#&")
		}) {
			t.Fatalf("%q leads to %q", query, to)
		}
	})
}

// FuzzForm opens no sealed field but its own, and fails on none.
func FuzzForm(f *testing.F) {
	fix, serve := fuzzed(f)
	page := "https://example.com/oauth/" + poolID + "/mfa?" + fix.query().Encode()
	first := serve(httptest.NewRequest(http.MethodGet, strings.Replace(page, "/mfa?", "/login?", 1), nil))
	b := &browser{t: f, f: fix, page: answer{first.Result(), first.Body.String()}}
	b.at, _ = url.Parse(page)
	_, fields := b.form("login")
	cookie := first.Result().Cookies()[0]
	f.Add(fields.Get("_csrf"), cookie.Value, "123456")
	f.Add("", "", "")
	f.Add("AAAA", cookie.Value, "\x00")
	f.Fuzz(func(t *testing.T, sealed, value, code string) {
		for _, path := range []string{"/mfa?", "/confirmUser?", "/oauth2/idpresponse?state=" + url.QueryEscape(sealed) + "&"} {
			form := url.Values{"_csrf": {sealed}, "code": {code}, "username": {code}, "state": {sealed}}
			r := httptest.NewRequest(http.MethodPost, strings.Replace(page, "/mfa?", path, 1), strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.AddCookie(&http.Cookie{Name: cookie.Name, Value: value})
			r.AddCookie(&http.Cookie{Name: "__Host-preamp-idp-" + poolID, Value: value})
			w := serve(r)
			genuine := sealed == fields.Get("_csrf") && value == cookie.Value
			if w.Code >= 500 || !genuine && w.Code != http.StatusForbidden && w.Code != http.StatusBadRequest {
				t.Fatalf("%s: %d", path, w.Code)
			}
		}
	})
}
