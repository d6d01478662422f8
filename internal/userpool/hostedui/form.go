package hostedui

import (
	"crypto/hmac"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// formLife is how long a page can be left open before its form is sent.
const formLife = time.Hour

// flow is what a form carries from page to page: sealed, because it holds the
// Session of a challenge, and of use in one browser only.
type flow struct {
	// Browser is the hash of the cookie that the browser got with the page.
	Browser string `json:"b"`
	// Client is the app client of the sign-in.
	Client string `json:"c"`
	// Username is whom the next steps are about, as the user wrote it.
	Username string `json:"u,omitempty"`
	// Challenge and Session are those of the core; Parameters are of the challenge.
	Challenge  string            `json:"n,omitempty"`
	Session    string            `json:"s,omitempty"`
	Parameters map[string]string `json:"p,omitempty"`
	// Secret is of the software token that is being set up.
	Secret string `json:"t,omitempty"`
	// Sent says where the code went.
	Sent string `json:"d,omitempty"`
}

func (v *visit) flowKind() string { return "hosted form " + v.pool.ID }

// seal is the text of a flow in a form, and sets the cookie that it is bound to.
func (v *visit) seal(f flow) (string, error) {
	browser := v.cookie(cookieForm)
	if browser == "" {
		browser = secretText()
		v.setCookie(cookieForm, browser, 24*time.Hour)
	}
	f.Browser = hashed(browser)
	b, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	return v.env.Sealer.SealToken(v.flowKind(), b, v.now.Add(formLife)), nil
}

var errForeignForm = errors.New("hostedui: the form is not of a page in this browser")

// open reads the flow of a form for a client.
func (v *visit) open(text, client string) (flow, error) {
	b, err := v.env.Sealer.OpenToken(v.flowKind(), text, v.now)
	if err != nil {
		return flow{}, errForeignForm
	}
	var f flow
	if err := json.Unmarshal(b, &f); err != nil {
		return flow{}, errForeignForm
	}
	browser := v.cookie(cookieForm)
	if browser == "" || f.Client != client || !hmac.Equal([]byte(hashed(browser)), []byte(f.Browser)) {
		return flow{}, errForeignForm
	}
	return f, nil
}

// flowField is the name of the field that holds the flow.
const flowField = "_csrf"

// posted reads a form: its fields and its flow. When it reports false the request
// was answered.
func (v *visit) posted(req *request) (url.Values, flow, bool) {
	if err := v.ui.origin.Check(v.r); err != nil {
		v.errorPage(http.StatusForbidden, "This form was sent from another site.")
		return nil, flow{}, false
	}
	if err := v.r.ParseForm(); err != nil {
		v.errorPage(http.StatusBadRequest, "The form could not be read.")
		return nil, flow{}, false
	}
	f, err := v.open(v.r.PostForm.Get(flowField), req.client.ID)
	if err != nil {
		p := v.problem("This page is too old, or your browser does not accept cookies. Please begin again.")
		p.Lead = ""
		p.Links = []link{backToLogin(req)}
		v.render(http.StatusForbidden, p)
		return nil, flow{}, false
	}
	return v.r.PostForm, f, true
}
