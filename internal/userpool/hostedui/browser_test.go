package hostedui_test

import (
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// browser is a browser without scripts: cookies, forms, redirects on this server.
type browser struct {
	t testing.TB
	f *fixture
	c *http.Client
	// page is the last answer, at the address at.
	page answer
	at   *url.URL
	// edit changes every request.
	edit func(*http.Request)
}

func (f *fixture) browser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, "jar", err)
	c := f.plainClient()
	c.Jar = jar
	return &browser{t: t, f: f, c: c}
}

// open goes to an address and follows redirects as long as they stay on the
// server.
func (b *browser) open(address string) *browser {
	b.t.Helper()
	return b.send(http.MethodGet, address, nil)
}

func (b *browser) send(method, address string, form url.Values) *browser {
	b.t.Helper()
	for range 10 {
		r, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
		must(b.t, "request", err)
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		if b.edit != nil {
			b.edit(r)
		}
		b.page, b.at = do(b.t, b.c, r), r.URL
		to := b.page.Header.Get("Location")
		if to == "" || b.page.StatusCode < 300 || b.page.StatusCode > 399 {
			return b
		}
		next, err := r.URL.Parse(to)
		must(b.t, "redirect", err)
		if next.Host != r.URL.Host {
			return b
		}
		method, address, form = http.MethodGet, next.String(), nil
	}
	b.t.Fatal("too many redirects")
	return b
}

var (
	formTag   = regexp.MustCompile(`(?s)<form method="post" action="([^"]*)">(.*?)</form>`)
	inputTag  = regexp.MustCompile(`<input [^>]*>`)
	attribute = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
	linkTag   = regexp.MustCompile(`(?s)<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>`)
	titleTag  = regexp.MustCompile(`(?s)<h1>([^<]*)</h1>`)
	alertTag  = regexp.MustCompile(`(?s)role="alert"[^>]*>([^<]*)<`)
	statusTag = regexp.MustCompile(`(?s)role="status"[^>]*>([^<]*)<`)
	leadTag   = regexp.MustCompile(`(?s)<p class="lead">([^<]*)<`)
)

// unescape reads a text of HTML.
func unescape(text string) string { return html.UnescapeString(text) }

func text(tag *regexp.Regexp, page string) string {
	m := tag.FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

func (b *browser) title() string  { return text(titleTag, b.page.body) }
func (b *browser) alert() string  { return text(alertTag, b.page.body) }
func (b *browser) notice() string { return text(statusTag, b.page.body) }
func (b *browser) lead() string   { return text(leadTag, b.page.body) }

// form is the form of the page that is sent to an action.
func (b *browser) form(action string) (to string, fields url.Values) {
	b.t.Helper()
	for _, m := range formTag.FindAllStringSubmatch(b.page.body, -1) {
		to = html.UnescapeString(m[1])
		if name, _, _ := strings.Cut(to, "?"); name != action {
			continue
		}
		fields = url.Values{}
		for _, tag := range inputTag.FindAllString(m[2], -1) {
			a := map[string]string{}
			for _, p := range attribute.FindAllStringSubmatch(tag, -1) {
				a[p[1]] = html.UnescapeString(p[2])
			}
			if a["type"] == "radio" && !strings.Contains(tag, " checked") {
				continue
			}
			fields.Set(a["name"], a["value"])
		}
		next, err := b.at.Parse(to)
		must(b.t, "action", err)
		return next.String(), fields
	}
	b.t.Fatalf("%d %q has no form %q:\n%s", b.page.StatusCode, b.title(), action, b.page.body)
	return "", nil
}

// submit fills in a form and sends it.
func (b *browser) submit(action string, fill ...string) *browser {
	b.t.Helper()
	to, fields := b.form(action)
	for i := 0; i < len(fill); i += 2 {
		if !fields.Has(fill[i]) {
			b.t.Fatalf("%q has no field %q", b.title(), fill[i])
		}
		fields.Set(fill[i], fill[i+1])
	}
	return b.send(http.MethodPost, to, fields)
}

// follow follows the link of a text.
func (b *browser) follow(name string) *browser {
	b.t.Helper()
	for _, m := range linkTag.FindAllStringSubmatch(b.page.body, -1) {
		if html.UnescapeString(m[2]) == name {
			next, err := b.at.Parse(html.UnescapeString(m[1]))
			must(b.t, "link", err)
			return b.open(next.String())
		}
	}
	b.t.Fatalf("%q has no link %q", b.title(), name)
	return nil
}

// begin goes to the authorize endpoint with a right request and changes.
func (b *browser) begin(changes ...string) *browser {
	b.t.Helper()
	return b.open(b.f.path("/oauth2/authorize?" + b.f.query(changes...).Encode()))
}

// signIn goes through the page of sign-in.
func (b *browser) signIn(name, password string, changes ...string) *browser {
	b.t.Helper()
	return b.begin(changes...).submit("login", "username", name, "password", password)
}

// left is where the browser was sent off the server, and the parameters there.
func (b *browser) left() (to string, values url.Values) {
	b.t.Helper()
	to = b.page.Header.Get("Location")
	if to == "" {
		b.t.Fatalf("did not leave: %d %q %q\n%s", b.page.StatusCode, b.title(), b.alert(), b.page.body)
	}
	cut := strings.IndexAny(to, "?#")
	if cut < 0 {
		return to, url.Values{}
	}
	values, err := url.ParseQuery(to[cut+1:])
	must(b.t, "answer", err)
	return to[:cut], values
}

// code is the code that the application got.
func (b *browser) code() string {
	b.t.Helper()
	to, values := b.left()
	if to != callback || values.Get("code") == "" {
		b.t.Fatalf("left to %s with %v", to, values)
	}
	return values.Get("code")
}
