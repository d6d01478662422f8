package hostedui

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"preamp/internal/errs"
	"preamp/internal/userpool"
	"preamp/internal/userpool/social"
)

const (
	// tripLife is how long a browser may be away at another provider.
	tripLife = 5 * time.Minute
	// maxTrip bounds the state that is sent along: it becomes part of addresses.
	maxTrip = maxParameter
)

// trip is a sign-in at another provider: what it is for, sealed into the state
// that comes back.
type trip struct {
	Browser  string     `json:"b"` // the hash of the browser's cookie
	Provider string     `json:"p"`
	Nonce    string     `json:"n"`
	Verifier string     `json:"v"`
	Query    url.Values `json:"q"`
}

func (v *visit) tripKind() string { return "hosted trip " + v.pool.ID }

// callback is where providers send the browser; it is registered with them.
func (v *visit) callback() string { return v.pages() + "/oauth2/idpresponse" }

// resolve finds the provider that a request names by an identifier. When it
// reports false the request was answered.
func (v *visit) resolve(req *request) bool {
	identifier := req.values.Get("idp_identifier")
	if req.provider != "" || identifier == "" {
		return true
	}
	p, err := v.ui.c.Users.ProviderByIdentifier(v.r.Context(), v.call(), v.pool.ID, identifier)
	switch {
	case errs.KindOf(err) == errs.NotFound || err == nil && !req.has(p.Name):
		v.toApp(req, &oauthError{invalidRequest, "the client has no provider with this idp_identifier"})
		return false
	case err != nil:
		v.fail(err)
		return false
	}
	req.provider = p.Name
	return true
}

// buttons lead to the other providers of the client.
func (req *request) buttons() (out []link) {
	for _, name := range req.client.Settings.Providers {
		if name == providerPool {
			continue
		}
		label, ok := map[string]string{
			userpool.ProviderAmazon: "Continue with Amazon", userpool.ProviderApple: "Continue with Apple",
		}[name]
		if !ok {
			label = "Continue with " + name
		}
		values := url.Values{}
		maps.Copy(values, req.values)
		values.Del("idp_identifier")
		values.Set("identity_provider", name)
		out = append(out, link{Text: label, To: "oauth2/authorize?" + values.Encode()})
	}
	return out
}

// toProvider sends the browser to another provider.
func (v *visit) toProvider(req *request) {
	if v.ui.c.Social == nil {
		v.toApp(req, &oauthError{invalidRequest, "other providers are not available here"})
		return
	}
	p, err := v.ui.c.Users.Provider(v.r.Context(), v.call(), v.pool.ID, req.provider)
	if errs.KindOf(err) == errs.NotFound {
		v.toApp(req, &oauthError{invalidRequest, "the provider is not set up"})
		return
	}
	if err != nil {
		v.fail(err)
		return
	}
	browser := v.cookie(cookieTrip)
	if browser == "" {
		browser = secretText()
	}
	t := trip{Browser: hashed(browser), Provider: p.Name, Nonce: secretText(), Verifier: secretText(), Query: req.values}
	b, err := json.Marshal(t)
	if err != nil {
		v.fail(err)
		return
	}
	state := v.env.Sealer.SealToken(v.tripKind(), b, v.now.Add(tripLife))
	if len(state) > maxTrip {
		v.toApp(req, &oauthError{invalidRequest, "the request is too long for a sign-in at another provider"})
		return
	}
	sum := sha256.Sum256([]byte(t.Verifier))
	to, err := v.ui.c.Social.Begin(v.r.Context(), p, social.BeginInput{
		RedirectURI: v.callback(), State: state, Nonce: t.Nonce, LoginHint: req.hint,
		CodeChallenge: base64.RawURLEncoding.EncodeToString(sum[:]),
	})
	if err != nil {
		v.tripFailed(req, err)
		return
	}
	v.setCookie(cookieTrip, browser, tripLife)
	v.leave(to)
}

// tripFailed tells the application that another provider was of no use.
func (v *visit) tripFailed(req *request, err error) {
	switch errs.KindOf(err) {
	case errs.Internal:
		v.fail(err)
	case errs.Unavailable, errs.Timeout:
		v.ui.log.WarnContext(v.r.Context(), "sign-in at another provider", "error", err)
		v.toApp(req, &oauthError{serverError, "the identity provider does not answer"})
	default:
		v.ui.log.InfoContext(v.r.Context(), "sign-in at another provider", "error", err)
		v.toApp(req, &oauthError{invalidRequest, errs.Public(err).Message})
	}
}

// errorForm is what an error code of RFC 6749 can be, to be shown or sent on.
var errorForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// fromProvider takes the browser back from another provider. Apple sends a form.
func (v *visit) fromProvider() {
	if err := v.r.ParseForm(); err != nil {
		v.errorPage(http.StatusBadRequest, "The answer of the identity provider could not be read.")
		return
	}
	fields := v.r.Form
	t, ok := v.openTrip(fields)
	if !ok {
		v.errorPage(http.StatusBadRequest, "The sign-in took too long, or it was begun in another browser. Please go back to the application and begin again.")
		return
	}
	req, ok := v.requestOf(t.Query)
	if !ok {
		return
	}
	if code := fields.Get("error"); code != "" {
		if !errorForm.MatchString(code) {
			code = "an error"
		}
		v.toApp(req, &oauthError{accessDenied, "the identity provider answered: " + code})
		return
	}
	text, ok := single(fields, "code")
	if !ok || text == "" || v.ui.c.Social == nil {
		v.toApp(req, &oauthError{invalidRequest, "the identity provider sent no code"})
		return
	}
	v.finishTrip(req, t, social.FinishInput{
		RedirectURI: v.callback(), Code: text, Nonce: t.Nonce, CodeVerifier: t.Verifier, User: fields.Get("user"),
	})
}

// openTrip reads the state that came back, in the browser that it was made for.
func (v *visit) openTrip(fields url.Values) (t trip, ok bool) {
	text, ok := single(fields, "state")
	browser := v.cookie(cookieTrip)
	if !ok || text == "" || browser == "" {
		return trip{}, false
	}
	b, err := v.env.Sealer.OpenToken(v.tripKind(), text, v.now)
	if err != nil || json.Unmarshal(b, &t) != nil {
		return trip{}, false
	}
	return t, hmac.Equal([]byte(hashed(browser)), []byte(t.Browser))
}

func (v *visit) finishTrip(req *request, t trip, in social.FinishInput) {
	ctx := v.r.Context()
	p, err := v.ui.c.Users.Provider(ctx, v.call(), v.pool.ID, t.Provider)
	if errs.KindOf(err) == errs.NotFound || err == nil && !req.has(p.Name) {
		v.toApp(req, &oauthError{invalidRequest, "the provider is not set up"})
		return
	}
	if err != nil {
		v.fail(err)
		return
	}
	profile, err := v.ui.c.Social.Finish(ctx, p, in)
	if err != nil {
		v.tripFailed(req, err)
		return
	}
	who, err := v.ui.c.Users.FederatedSignIn(ctx, v.call(), req.client.ID, p, profile)
	if err != nil {
		v.tripFailed(req, err)
		return
	}
	v.complete(req, who, p.Name)
}
