package socialtest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"preamp/internal/oidc/oidctest"
	"preamp/internal/userpool"
)

// code is what a code was given for.
type code struct{ redirect, nonce, challenge string }

var form = template.Must(template.New("").Parse(`<!doctype html><form method="post" action="{{.Action}}">
{{range $name, $value := .Fields}}<input type="hidden" name="{{$name}}" value="{{$value}}">
{{end}}</form><script>document.forms[0].submit()</script>`))

// authorize signs the account in and sends the browser back at once.
func (f *Fake) authorize(w http.ResponseWriter, r *http.Request) {
	if f.Fault != nil && f.Fault.Authorize != nil {
		f.Fault.Authorize(w, r)
		return
	}
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || back.Host == "" || len(f.Redirects) > 0 && !slices.Contains(f.Redirects, back.String()) {
		f.refuse(w, "invalid_request", "redirect URI %q", q.Get("redirect_uri"))
		return
	}
	scopes := strings.FieldsFunc(q.Get("scope"), func(r rune) bool { return r == ' ' || r == ',' })
	asksForm := f.Type == userpool.ProviderApple && len(scopes) > 0
	for _, c := range []struct {
		ok   bool
		what string
	}{
		{q.Get("client_id") == f.ClientID, "client_id"},
		{q.Get("response_type") == "code", "response_type"},
		{q.Get("state") != "", "state"},
		{len(scopes) > 0, "scope"},
		{!f.idTokens() || q.Get("nonce") != "", "nonce"},
		{!f.pkce() || len(q.Get("code_challenge")) == 43 && q.Get("code_challenge_method") == "S256", "code_challenge"},
		{f.Type == userpool.ProviderApple || !f.idTokens() || slices.Contains(scopes, "openid"), "scope without openid"},
		{!asksForm || q.Get("response_mode") == "form_post", "response_mode"},
	} {
		if !c.ok {
			f.refuse(w, "invalid_request", "%s: %s", c.what, r.URL.RawQuery)
			return
		}
	}
	id := rand.Text()
	f.codes[id] = code{back.String(), q.Get("nonce"), q.Get("code_challenge")}
	fields := map[string]string{"code": id, "state": q.Get("state")}
	if asksForm {
		if f.User != "" {
			fields["user"] = f.User
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = form.Execute(w, map[string]any{"Action": back.String(), "Fields": fields})
		return
	}
	answer := back.Query()
	for name, v := range fields {
		answer.Set(name, v)
	}
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// refuse answers an error, and remembers why.
func (f *Fake) refuse(w http.ResponseWriter, text, format string, args ...any) {
	f.problem(format, args...)
	reply(w, http.StatusBadRequest, map[string]any{"error": text, "error_description": "no"})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// token exchanges a code.
func (f *Fake) token(w http.ResponseWriter, r *http.Request) {
	if f.Fault != nil && f.Fault.Token != nil {
		f.Fault.Token(w, r)
		return
	}
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost || r.URL.RawQuery != "" {
		f.refuse(w, "invalid_request", "not a form: %s %s", r.Method, r.URL)
		return
	}
	if why := f.checkClient(r); why != "" {
		f.refuse(w, "invalid_client", "%s", why)
		return
	}
	given, ok := f.codes[r.PostForm.Get("code")]
	delete(f.codes, r.PostForm.Get("code"))
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	switch {
	case !ok:
		f.refuse(w, "invalid_grant", "unknown code")
		return
	case r.PostForm.Get("grant_type") != "authorization_code":
		f.refuse(w, "unsupported_grant_type", "grant_type")
		return
	case r.PostForm.Get("redirect_uri") != given.redirect:
		f.refuse(w, "invalid_grant", "another redirect URI")
		return
	case f.pkce() && oidctest.B64(sum[:]) != given.challenge:
		f.refuse(w, "invalid_grant", "wrong code_verifier")
		return
	}
	access := rand.Text()
	f.access[access] = maps.Clone(f.Account)
	answer := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 3600}
	if f.idTokens() {
		answer["id_token"] = f.idToken(given.nonce)
	}
	if f.Fault != nil {
		maps.Copy(answer, f.Fault.Answer)
	}
	reply(w, http.StatusOK, answer)
}

// checkClient says what is wrong with how the client proves itself.
func (f *Fake) checkClient(r *http.Request) string {
	id, secret := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	if user, password, ok := r.BasicAuth(); ok != f.Basic {
		return "the secret comes in another way"
	} else if ok {
		if id != "" || secret != "" {
			return "the secret comes twice"
		}
		id, _ = url.QueryUnescape(user)
		secret, _ = url.QueryUnescape(password)
	}
	if id != f.ClientID {
		return "another client_id"
	}
	if f.Type == userpool.ProviderApple {
		return f.checkApple(secret)
	}
	if secret != f.ClientSecret {
		return "wrong client_secret"
	}
	return ""
}

// idToken is the id token of the account.
func (f *Fake) idToken(nonce string) string {
	claims := []string{"aud", quote(f.ClientID), "nonce", quote(nonce)}
	if f.Type == userpool.ProviderGoogle {
		claims = append(claims, "azp", quote(f.ClientID))
	}
	for name, v := range f.Account {
		// What the userinfo endpoint says is not here.
		if f.Type != userpool.ProviderOIDC || name == "sub" {
			claims = append(claims, name, quote(v))
		}
	}
	now := f.s.Now()
	if f.Fault == nil {
		return f.issuer.Good(now, claims...)
	}
	claims = append(claims, f.Fault.Claims...)
	if f.Fault.IDToken != nil {
		return f.Fault.IDToken(f.issuer, now, claims)
	}
	return f.issuer.Good(now, claims...)
}

// quote is a value as JSON.
func quote(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("socialtest: " + err.Error())
	}
	return string(b)
}

// userInfo tells about the account of an access token.
func (f *Fake) userInfo(w http.ResponseWriter, r *http.Request) {
	if f.Fault != nil && f.Fault.UserInfo != nil {
		f.Fault.UserInfo(w, r)
		return
	}
	access, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	account, ok := f.access[access]
	if !ok {
		f.problem("unknown access token")
		reply(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
		return
	}
	out := maps.Clone(account)
	if f.Type == userpool.ProviderFacebook {
		mac := hmac.New(sha256.New, []byte(f.ClientSecret))
		mac.Write([]byte(access))
		if r.URL.Query().Get("appsecret_proof") != hex.EncodeToString(mac.Sum(nil)) {
			f.refuse(w, "invalid_proof", "wrong appsecret_proof")
			return
		}
		fields := strings.Split(r.URL.Query().Get("fields"), ",")
		maps.DeleteFunc(out, func(name string, _ any) bool { return !slices.Contains(fields, name) })
	}
	if f.Fault != nil {
		for name, v := range f.Fault.Info {
			if out[name] = v; v == nil {
				delete(out, name)
			}
		}
	}
	reply(w, http.StatusOK, out)
}

func (f *Fake) keys(w http.ResponseWriter, r *http.Request) {
	if f.Fault != nil && f.Fault.Keys != nil {
		f.Fault.Keys(w, r)
		return
	}
	_, _ = w.Write(f.issuer.KeySet())
}

func (f *Fake) discovery(w http.ResponseWriter, r *http.Request) {
	if f.Fault != nil && f.Fault.Discovery != nil {
		f.Fault.Discovery(w, r)
		return
	}
	base := f.issuer.URL
	doc := map[string]any{
		"issuer": base, "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token", "userinfo_endpoint": base + "/userinfo",
		"jwks_uri": base + "/keys", "code_challenge_methods_supported": []string{"plain", "S256"},
	}
	if f.Basic {
		doc["token_endpoint_auth_methods_supported"] = []string{"client_secret_basic"}
	}
	reply(w, http.StatusOK, doc)
}

// checkApple says what is wrong with a client secret, which is a token.
func (f *Fake) checkApple(secret string) string {
	claims, header, err := openES256(&f.Key.PublicKey, secret)
	if err != nil {
		return "client secret: " + err.Error()
	}
	now := f.s.Now().Unix()
	issued, ends := claims["iat"], claims["exp"]
	issuedAt, ok := issued.(float64)
	endsAt, ok2 := ends.(float64)
	const halfYear = 15777000
	for _, c := range []struct {
		ok   bool
		what string
	}{
		{header["kid"] == f.KeyID, "kid"},
		{claims["iss"] == f.TeamID, "iss"},
		{claims["sub"] == f.ClientID, "sub"},
		{claims["aud"] == f.issuer.URL, "aud"},
		{ok && int64(issuedAt) <= now+60, "iat"},
		{ok2 && int64(endsAt) > now && endsAt-issuedAt <= halfYear, "exp"},
	} {
		if !c.ok {
			return fmt.Sprintf("client secret: %s: %v %v", c.what, header, claims)
		}
	}
	return ""
}
