package hostedui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

//go:embed page.html hosted.css
var assets embed.FS

var (
	pageTemplate = template.Must(template.ParseFS(assets, "page.html"))
	styleText    = mustRead("hosted.css")
	styleSum     = func() string {
		sum := sha256.Sum256(styleText)
		return hex.EncodeToString(sum[:6])
	}()
)

func mustRead(name string) []byte {
	b, err := assets.ReadFile(name)
	if err != nil {
		panic("hostedui: embedded " + name + ": " + err.Error())
	}
	return b
}

// page is what the template shows: a form with its fields, in front of it what
// went wrong or well, behind it other ways.
type page struct {
	Title, Lead string
	// App is whose pages these are.
	App string
	// Initial is the first letter of App.
	Initial string
	// Style is the address of the stylesheet.
	Style string
	// Error is what went wrong, Notice what went well.
	Error, Notice string
	Form          *form
	// Other is a form of its own behind the first, such as for another code.
	Other *form
	// Providers are buttons of other ways to sign in.
	Providers []link
	Links     []link
	// QR is the picture of a software token; Secret is the same to type.
	QR     template.HTML
	Secret string
}

// form is a form of a page.
type form struct {
	Action, Submit string
	Flow           string
	Fields         []field
	// Username is for password managers, where the page does not ask for it.
	Username string
	// Help is a link above the button.
	Help *link
	// Rules are of the new password.
	Rules []string
	// Failed says that the form was sent before, in vain.
	Failed bool
	// Quiet makes it less than the main thing on the page.
	Quiet bool
}

// field is an input with its label.
type field struct {
	Name, Label, Type, Value string
	Autocomplete, Inputmode  string
	Hint                     string
	Required, Focus          bool
	MaxLength                int
	// Choices make it a list to choose from.
	Choices []choice
}

type choice struct {
	Value, Label string
	Checked      bool
}

// link is a link, perhaps with words before it.
type link struct{ Text, To, Before string }

// protect sets the headers of pages. leaving is where the browser may be sent when
// a form was taken.
func (v *visit) protect(leaving string) {
	h := v.w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	// Forms of these pages have to tell where they come from; others learn nothing.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action "+
		strings.TrimSpace("'self' "+leaving)+"; frame-ancestors 'none'; base-uri 'none'")
}

// formAction is the source expression (CSP 3, section 2.3.1) of a redirect URI.
// Chromium asks form-action about redirects too. There is none for addresses of
// IPv6 and for ports of schemes of apps: there the scheme stands for all.
func formAction(redirect string) string {
	u, err := url.Parse(redirect)
	if err != nil || u.Scheme == "" {
		return ""
	}
	if (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && !strings.ContainsAny(u.Host, "[];, '\"") {
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + ":"
}

// render answers with a page.
func (v *visit) render(status int, p *page) {
	p.App = v.pool.Name
	if first, _ := utf8.DecodeRuneInString(p.App); p.App != "" {
		p.Initial = strings.ToUpper(string(first))
	}
	p.Style = strings.Repeat("../", strings.Count(v.route.path, "/")-1) + "hosted.css?v=" + styleSum
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		v.ui.log.ErrorContext(v.r.Context(), "hosted pages", "error", err)
		http.Error(v.w, "internal error", http.StatusInternalServerError)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(b.Bytes()) // a client that went away is the only cause of an error
}

// problem is a page that says what is wrong and leads nowhere.
func (v *visit) problem(text string) *page {
	return &page{
		Title: "This did not work", Error: text,
		Lead: "Go back to the application and try again. If that does not help, tell the people who run it.",
	}
}

func (v *visit) errorPage(status int, text string) { v.render(status, v.problem(text)) }

// show answers with a page that has forms of the request, all with the same flow.
func (v *visit) show(req *request, p *page, f flow) {
	f.Client = req.client.ID
	sealed, err := v.seal(f)
	if err != nil {
		v.fail(err)
		return
	}
	for _, form := range []*form{p.Form, p.Other} {
		if form != nil {
			form.Action, form.Flow, form.Username = req.link(form.Action), sealed, f.Username
		}
	}
	v.protect(formAction(req.redirect))
	status := http.StatusOK
	if p.Error != "" {
		if p.Form != nil {
			p.Form.Failed = true
		}
		status = http.StatusBadRequest
	}
	v.render(status, p)
}

// style is the stylesheet. Its address changes with it.
func (v *visit) style() {
	h := v.w.Header()
	h.Set("Content-Type", "text/css; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=86400")
	_, _ = v.w.Write(styleText)
}
