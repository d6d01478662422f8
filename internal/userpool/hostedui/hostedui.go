package hostedui

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"preamp/internal/errs"
	"preamp/internal/httpx"
	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/social"
	"preamp/internal/userpool/token"
)

// Config is what a UI needs.
type Config struct {
	Users *userpool.Service
	// Keys are those of the tokens, for the documents that publish them.
	Keys      *token.Keys
	Directory userpool.Directory
	// Social signs users in by other providers; without it there are none.
	Social *social.Connector
	// BaseURL is the address of the server, whose pages are below /oauth/<pool id>.
	BaseURL func() string
	// Issuer is the name of a pool in its tokens.
	Issuer func(pool string, awsName bool) string
	// RequirePKCE refuses authorization codes to clients without a secret that come
	// without a challenge.
	RequirePKCE bool
	// Limit refuses what is more than the server takes of an operation of the API,
	// whose rates the pages share; nil does not.
	//
	// Errors: TooManyRequestsException.
	Limit func(ctx context.Context, operation string) error
	// Now is the clock; default time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// UI serves the pages and OAuth endpoints of all pools. It holds no state.
type UI struct {
	c      Config
	log    *slog.Logger
	domain *http.ServeMux
	origin *http.CrossOriginProtection
}

// New makes a UI.
func New(c Config) (*UI, error) {
	if c.Users == nil || c.Keys == nil || c.Directory == nil || c.BaseURL == nil || c.Issuer == nil {
		return nil, errors.New("hostedui: Users, Keys, Directory, BaseURL and Issuer are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	u := &UI{c: c, log: c.Logger, domain: http.NewServeMux(), origin: http.NewCrossOriginProtection()}
	for _, r := range u.routes() {
		u.domain.Handle(r.pattern(""), u.byDomain(r))
	}
	return u, nil
}

// Mount adds the pages below /oauth/{poolId}, and the well-known documents of
// pools.
func (u *UI) Mount(m httpx.Mux) {
	for _, r := range u.routes() {
		m.Handle(r.pattern("/oauth/{poolId}"), u.byPath(r))
	}
	for _, r := range u.documents() {
		m.Handle(r.pattern("/{poolId}"), u.byPath(r))
	}
}

// Domain serves the pages at the domains of pools,
// <prefix>.auth.<region>.amazoncognito.com: the Host of the request says which.
func (u *UI) Domain() http.Handler { return u.domain }

var domainForm = regexp.MustCompile(`^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.auth\.([a-z0-9-]+)\.amazoncognito\.com$`)

// IsDomain reports whether a Host is of the form of a pool's domain.
func IsDomain(host string) bool { return domainForm.MatchString(bareHost(host)) }

func bareHost(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// route is an endpoint: a page, or one that programs call.
type route struct {
	methods string // "GET", "POST", ... separated by spaces
	path    string
	page    bool
	cors    bool
	// counts is the operation of the API that a form, or a call, counts as.
	counts string
	serve  func(v *visit)
}

// pattern is without methods, so that a wrong one is answered by the route.
func (r route) pattern(prefix string) string { return prefix + r.path }

func (r route) allows(method string) bool {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	return strings.Contains(" "+r.methods+" ", " "+method+" ")
}

func (u *UI) routes() []route {
	page := func(methods, path, counts string, serve func(*visit)) route {
		return route{methods: methods, path: path, page: true, counts: counts, serve: serve}
	}
	call := func(methods, path, counts string, serve func(*visit)) route {
		return route{methods: methods, path: path, cors: true, counts: counts, serve: serve}
	}
	return []route{
		page("GET", "/oauth2/authorize", "", (*visit).authorize),
		page("GET POST", "/login", "InitiateAuth", (*visit).login),
		page("GET", "/logout", "", (*visit).logout),
		page("GET POST", "/signup", "SignUp", (*visit).signUp),
		page("GET POST", "/confirmUser", "ConfirmSignUp", (*visit).confirmUser),
		page("GET POST", "/resendcode", "ResendConfirmationCode", (*visit).resendCode),
		page("GET POST", "/forgotPassword", "ForgotPassword", (*visit).forgotPassword),
		page("GET POST", "/confirmForgotPassword", "ConfirmForgotPassword", (*visit).confirmForgotPassword),
		page("GET POST", "/mfa", "RespondToAuthChallenge", (*visit).challenge),
		page("GET POST", "/newPassword", "RespondToAuthChallenge", (*visit).challenge),
		page("GET POST", "/oauth2/idpresponse", "InitiateAuth", (*visit).fromProvider),
		page("GET", "/hosted.css", "", (*visit).style),
		call("POST", "/oauth2/token", "GetTokensFromRefreshToken", (*visit).token),
		call("GET POST", "/oauth2/userInfo", "GetUser", (*visit).userInfo),
		call("POST", "/oauth2/revoke", "RevokeToken", (*visit).revoke),
	}
}

func (u *UI) documents() []route {
	return []route{
		{methods: "GET", path: "/.well-known/jwks.json", cors: true, serve: (*visit).jwks},
		{methods: "GET", path: "/.well-known/openid-configuration", cors: true, serve: (*visit).discovery},
	}
}

// visit is a request to a pool.
type visit struct {
	ui    *UI
	w     http.ResponseWriter
	r     *http.Request
	route route
	env   keys.Env
	pool  userpool.Pool
	now   time.Time
	// byDomain says that the pool was found by the Host.
	byDomain bool
}

func (v *visit) call() userpool.Call { return userpool.Call{Env: v.env, Now: v.now} }

// byPath finds the pool in the path.
func (u *UI) byPath(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("poolId")
		u.serve(w, r, rt, false, userpool.RoutePool, id, func(context.Context, userpool.Call) (string, error) { return id, nil })
	})
}

// byDomain finds the pool by the host.
func (u *UI) byDomain(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := domainForm.FindStringSubmatch(bareHost(r.Host))
		if m == nil {
			m = []string{"", "", ""} // leads to no pool
		}
		u.serve(w, r, rt, true, userpool.RouteDomain, m[1]+"."+m[2], func(ctx context.Context, c userpool.Call) (string, error) {
			d, err := u.c.Users.Domain(ctx, c, m[1])
			return d.Pool, err
		})
	})
}

// corsPolicy is of the endpoints that applications call from a page.
var corsPolicy = httpx.CORS{
	Methods: "GET, POST, OPTIONS",
	Headers: "authorization, content-type, cache-control, x-amz-user-agent",
	Expose:  "x-amzn-RequestId, Date, WWW-Authenticate",
}

func (u *UI) serve(w http.ResponseWriter, r *http.Request, rt route, byDomain bool, kind, id string,
	find func(context.Context, userpool.Call) (string, error),
) {
	v := &visit{ui: u, w: w, r: r, route: rt, now: time.UnixMilli(u.c.Now().UnixMilli()), byDomain: byDomain}
	if !v.begin() || v.tooMany() {
		return
	}
	env, release, err := u.c.Directory.Find(r.Context(), kind, id)
	if err != nil {
		v.notFound(err)
		return
	}
	defer release()
	v.env = env
	pool, err := find(r.Context(), v.call())
	if err == nil {
		v.pool, err = u.c.Users.Pool(r.Context(), v.call(), pool)
	}
	if err != nil {
		v.notFound(err)
		return
	}
	rt.serve(v)
}

// host is the name of this server in addresses. It is not taken from the request,
// where anybody writes it, unless it is the domain of a pool.
func (v *visit) host() string {
	if v.byDomain {
		return v.r.Host
	}
	base, err := url.Parse(v.ui.c.BaseURL())
	if err != nil {
		return v.r.Host
	}
	return base.Host
}

// begin answers what does not need a pool, and reports whether the request goes
// on.
func (v *visit) begin() bool {
	h := v.w.Header()
	if v.route.cors {
		if v.r.Method == http.MethodOptions {
			corsPolicy.Preflight(v.w)
			return false
		}
		corsPolicy.Apply(h)
	}
	if v.route.page {
		if !httpx.Secure(v.r.Context()) && v.r.TLS == nil {
			to := url.URL{Scheme: "https", Host: v.host(), Path: v.r.URL.Path, RawPath: v.r.URL.RawPath, RawQuery: v.r.URL.RawQuery}
			http.Redirect(v.w, v.r, to.String(), http.StatusPermanentRedirect)
			return false
		}
		v.protect("")
	}
	if !v.route.allows(v.r.Method) {
		h.Set("Allow", strings.ReplaceAll(v.route.methods, " ", ", "))
		v.refuse(http.StatusMethodNotAllowed, "This address does not answer "+v.r.Method+" requests.")
		return false
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxBody)
	return true
}

// tooMany refuses a request beyond the rates, and reports whether it did. Looking
// at a page counts as nothing.
func (v *visit) tooMany() bool {
	if v.ui.c.Limit == nil || v.route.counts == "" || v.route.page && v.r.Method != http.MethodPost {
		return false
	}
	err := v.ui.c.Limit(v.r.Context(), v.route.counts)
	switch {
	case err == nil:
		return false
	case v.route.page:
		v.errorPage(http.StatusTooManyRequests, texts["Too many requests"])
	default:
		v.oauthOutcome(err)
	}
	return true
}

// maxBody bounds forms.
const maxBody = 64 << 10

// notFound answers a request to a pool that is not there, or cannot be reached.
func (v *visit) notFound(err error) {
	if errs.KindOf(err) != errs.NotFound {
		v.fail(err)
		return
	}
	v.refuse(http.StatusNotFound, "There is no such user pool.")
}

// refuse ends a request outside of any flow.
func (v *visit) refuse(status int, text string) {
	if v.route.page {
		v.errorPage(status, text)
		return
	}
	httpx.Error(v.w, status, text)
}

// fail ends a request that something else than the caller made fail.
func (v *visit) fail(err error) {
	status := http.StatusInternalServerError
	switch errs.KindOf(err) {
	case errs.TooMany:
		status = http.StatusTooManyRequests
	case errs.Unavailable, errs.Timeout:
		status = http.StatusServiceUnavailable
	}
	if status != http.StatusTooManyRequests {
		v.ui.log.ErrorContext(v.r.Context(), "hosted pages", "error", err)
	}
	v.refuse(status, "This did not work, and it is not your fault. Please try again in a moment.")
}

// pages is the address below which the pages of the pool are.
func (v *visit) pages() string {
	if v.byDomain {
		return "https://" + strings.ToLower(v.r.Host)
	}
	_, rest, _ := strings.Cut(v.ui.c.BaseURL(), "://")
	return "https://" + strings.TrimSuffix(rest, "/") + "/oauth/" + v.pool.ID
}
