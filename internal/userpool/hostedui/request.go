package hostedui

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"preamp/internal/errs"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

// Response types.
const (
	typeCode  = "code"
	typeToken = "token"
)

// providerPool is the user pool itself among the providers of a client.
const providerPool = "COGNITO"

// request is what an application asks of the authorize endpoint. Every page has it
// in its query, so that no page depends on what a server remembers.
type request struct {
	client    userpool.Client
	redirect  string
	kind      string // typeCode or typeToken
	state     string
	nonce     string
	scopes    []string
	challenge string
	// provider is who shall prove the user; empty leaves that to the user.
	provider string
	prompt   string
	hint     string

	values url.Values
}

// oauthError is an error of RFC 6749.
type oauthError struct{ code, text string }

// Codes of errors.
const (
	invalidRequest     = "invalid_request"
	invalidScope       = "invalid_scope"
	invalidClient      = "invalid_client"
	invalidGrant       = "invalid_grant"
	unauthorizedClient = "unauthorized_client"
	accessDenied       = "access_denied"
	loginRequired      = "login_required"
	serverError        = "server_error"
)

// parameters are those that pages hand on.
var parameters = []string{
	"client_id", "redirect_uri", "response_type", "state", "nonce", "scope", "code_challenge", "code_challenge_method",
	"identity_provider", "idp_identifier", "prompt", "login_hint", "lang",
}

const (
	maxParameter = 4096
	maxHint      = 256
)

// readQuery reads a query strictly: what net/url drops in silence is an error.
func readQuery(r *http.Request) (url.Values, bool) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, false
	}
	return q, true
}

// single is a parameter that may not stand twice. It is text that every database
// stores.
func single(q url.Values, name string) (string, bool) {
	list := q[name]
	switch len(list) {
	case 0:
		return "", true
	case 1:
		return list[0], len(list[0]) <= maxParameter && utf8.ValidString(list[0]) && !strings.Contains(list[0], "\x00")
	}
	return "", false
}

// request reads the query of a page. When it reports false the request was
// answered: by a page when it is not certain where to send the browser, and else
// there.
func (v *visit) request() (*request, bool) {
	q, ok := readQuery(v.r)
	if !ok {
		v.errorPage(http.StatusBadRequest, "The address of this page is damaged.")
		return nil, false
	}
	return v.requestOf(q)
}

// requestOf reads a request that is not that of the query.
func (v *visit) requestOf(q url.Values) (*request, bool) {
	req, ok := v.trusted(q)
	if !ok {
		return nil, false
	}
	if e := req.read(q); e != nil {
		v.toApp(req, e)
		return nil, false
	}
	if v.ui.c.RequirePKCE && req.kind == typeCode && req.challenge == "" && req.client.Secret.Empty() {
		v.toApp(req, &oauthError{invalidRequest, "code_challenge is required"})
		return nil, false
	}
	return req, true
}

// trusted reads what says where the browser may be sent.
func (v *visit) trusted(q url.Values) (*request, bool) {
	id, once := single(q, "client_id")
	redirect, once2 := single(q, "redirect_uri")
	if !once || !once2 || id == "" || redirect == "" {
		v.errorPage(http.StatusBadRequest, "The application has left out client_id or redirect_uri, or sent one of them twice.")
		return nil, false
	}
	client, ok := v.client(id)
	if !ok {
		return nil, false
	}
	if !client.Settings.OAuth {
		v.errorPage(http.StatusBadRequest, "The application is not set up for these pages.")
		return nil, false
	}
	if !slices.Contains(client.Settings.Callbacks, redirect) {
		v.errorPage(http.StatusBadRequest, "The address to which the application wants you to return (redirect_uri) is not among those in its settings.")
		return nil, false
	}
	return &request{client: client, redirect: redirect}, true
}

// client reads an app client of the pool.
func (v *visit) client(id string) (userpool.Client, bool) {
	client, err := v.ui.c.Users.Client(v.r.Context(), v.call(), v.pool.ID, id)
	switch {
	case err == nil:
		return client, true
	case errs.KindOf(err) == errs.NotFound:
		v.errorPage(http.StatusBadRequest, "There is no such application (client_id).")
	default:
		v.fail(err)
	}
	return userpool.Client{}, false
}

// read reads the rest, of which the application is told what is wrong.
func (req *request) read(q url.Values) *oauthError {
	values := url.Values{}
	// What an error is sent with, before anything can be wrong.
	if state, ok := single(q, "state"); ok {
		req.state = state
	}
	req.kind = q.Get("response_type")
	for _, name := range parameters {
		text, ok := single(q, name)
		if !ok {
			return &oauthError{invalidRequest, name + " is too long, no text, or stands twice"}
		}
		if text != "" {
			values.Set(name, text)
		}
	}
	req.values = values
	req.nonce = values.Get("nonce")
	req.hint = values.Get("login_hint")
	if len(req.hint) > maxHint {
		req.hint = ""
	}
	set := &req.client.Settings
	switch {
	case req.kind == typeCode && !slices.Contains(set.OAuthFlows, "code"),
		req.kind == typeToken && !slices.Contains(set.OAuthFlows, "implicit"):
		return &oauthError{unauthorizedClient, "the client may not use this response_type"}
	case req.kind != typeCode && req.kind != typeToken:
		return &oauthError{invalidRequest, "response_type must be code or token"}
	}
	if e := req.readChallenge(values); e != nil {
		return e
	}
	if e := req.readScopes(values.Get("scope")); e != nil {
		return e
	}
	if e := req.readPrompt(values.Get("prompt")); e != nil {
		return e
	}
	return req.readProvider(values)
}

// challengeForm is base64url of a SHA-256.
var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// readChallenge takes S256 only (RFC 7636): a plain challenge is read on its way
// by whoever can read the code.
func (req *request) readChallenge(values url.Values) *oauthError {
	req.challenge = values.Get("code_challenge")
	method := values.Get("code_challenge_method")
	switch {
	case req.challenge == "" && method == "":
		return nil
	case method != "S256":
		return &oauthError{invalidRequest, "code_challenge_method must be S256"}
	case !challengeForm.MatchString(req.challenge):
		return &oauthError{invalidRequest, "code_challenge is not one of S256"}
	}
	return nil
}

var knownScopes = []string{
	userpool.ScopeOpenID, userpool.ScopeEmail, userpool.ScopePhone, userpool.ScopeProfile, token.AdminScope,
}

// readScopes leaves out what the client does not have; none are all that it has.
func (req *request) readScopes(text string) *oauthError {
	has := req.client.Settings.OAuthScopes
	asked := strings.Fields(text)
	if len(asked) == 0 {
		req.scopes = has
		return nil
	}
	for _, s := range asked {
		if !slices.Contains(knownScopes, s) {
			return &oauthError{invalidScope, "a scope is not known"}
		}
		if slices.Contains(has, s) && !slices.Contains(req.scopes, s) {
			req.scopes = append(req.scopes, s)
		}
	}
	needs := slices.ContainsFunc(asked, func(s string) bool {
		return s == userpool.ScopeEmail || s == userpool.ScopePhone || s == userpool.ScopeProfile
	})
	switch {
	case needs && !slices.Contains(asked, userpool.ScopeOpenID):
		return &oauthError{invalidScope, "email, phone and profile need openid"}
	case len(req.scopes) == 0:
		return &oauthError{invalidScope, "the client has none of the scopes"}
	}
	return nil
}

// Values of prompt.
const (
	promptNone  = "none"
	promptLogin = "login"
)

func (req *request) readPrompt(text string) *oauthError {
	asked := strings.Fields(text)
	for _, p := range asked {
		switch p {
		case promptNone:
			if len(asked) > 1 {
				return &oauthError{invalidRequest, "prompt=none stands alone"}
			}
			req.prompt = promptNone
		case promptLogin, "select_account":
			req.prompt = promptLogin
		case "consent": // clients of a pool need none
		default:
			return &oauthError{invalidRequest, "prompt is not known"}
		}
	}
	return nil
}

// readProvider reads who shall prove the user. Which provider an idp_identifier
// names is in the database.
func (req *request) readProvider(values url.Values) *oauthError {
	name := values.Get("identity_provider")
	if name == "" {
		return nil
	}
	if !slices.Contains(req.client.Settings.Providers, name) {
		return &oauthError{invalidRequest, "the client does not have this identity_provider"}
	}
	req.provider = name
	return nil
}

// poolRequest is request for the pages of users that the pool itself knows, which
// are not for clients whose users sign in elsewhere.
func (v *visit) poolRequest() (*request, bool) {
	req, ok := v.request()
	if ok && !req.has(providerPool) {
		v.showLogin(req, "", &page{Error: "The application does not use passwords. Choose how you want to sign in."})
		return nil, false
	}
	return req, ok
}

// has reports whether users of the client may sign in by a provider.
func (req *request) has(provider string) bool {
	return slices.Contains(req.client.Settings.Providers, provider)
}

// link is the address of another page with the same request. Pages are beside
// each other, so that it is relative.
func (req *request) link(page string) string { return page + "?" + req.values.Encode() }

// answer is the address of the application with an answer. It is written behind
// the redirect URI as it stands in the settings.
func (req *request) answer(values url.Values) string {
	if req.state != "" {
		values.Set("state", req.state)
	}
	mark := "?"
	switch {
	case req.kind == typeToken:
		mark = "#"
	case strings.Contains(req.redirect, "?"):
		mark = "&"
		if strings.HasSuffix(req.redirect, "?") || strings.HasSuffix(req.redirect, "&") {
			mark = ""
		}
	}
	return req.redirect + mark + values.Encode()
}

// toApp sends the browser back to the application with an error.
func (v *visit) toApp(req *request, e *oauthError) {
	v.leave(req.answer(url.Values{"error": {e.code}, "error_description": {e.text}}))
}

// leave sends the browser to an address that was checked.
func (v *visit) leave(to string) {
	status := http.StatusFound
	if v.r.Method == http.MethodPost {
		status = http.StatusSeeOther
	}
	v.w.Header().Set("Location", to)
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.WriteHeader(status)
}
