package social

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"preamp/internal/oidc"
)

// lane is a way to call providers, with what is remembered of those that are
// called that way.
type lane struct {
	http     *http.Client
	verifier *oidc.Verifier
	found    *discovery
}

func newLane(c Config, by http.RoundTripper) (*lane, error) {
	l := &lane{http: &http.Client{
		Transport: by, Timeout: callTime,
		// What is sent is for the address that it is sent to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	var err error
	l.verifier, err = oidc.New(oidc.Config{Get: l.document, Logger: c.Logger, Now: c.Now, Tolerance: tolerance})
	if err != nil {
		return nil, err
	}
	l.found, err = newDiscovery(l.document, c.Now)
	return l, err
}

// document fetches what has to be there.
func (l *lane) document(ctx context.Context, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("not a URL")
	}
	status, body, err := l.do(r)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d", status)
	}
	return body, err
}

// do sends a request and reads a bounded JSON answer.
func (l *lane) do(r *http.Request) (status int, body []byte, err error) {
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "preamp")
	resp, err := l.http.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // the URL may carry a proof
		}
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return 0, nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > maxBody {
		return 0, nil, refuse("the answer has more than %d bytes", maxBody)
	}
	return resp.StatusCode, body, nil
}

// object sends a request whose answer is a JSON object.
func (l *lane) object(r *http.Request, what string) (map[string]any, error) {
	status, body, err := l.do(r)
	switch {
	case errors.Is(err, errRefused):
		return nil, err
	case err != nil:
		return nil, unavailable(fmt.Errorf("%s: %w", what, err))
	case status >= http.StatusInternalServerError:
		return nil, unavailable(fmt.Errorf("%s: status %d", what, status))
	case status != http.StatusOK:
		return nil, refuse("%s: status %d, error %q", what, status, errorOf(body))
	}
	out, err := decode(body)
	if err != nil {
		return nil, refuse("%s: %w", what, err)
	}
	return out, nil
}

// decode reads a JSON object; numbers stay as they are written.
func decode(body []byte) (map[string]any, error) {
	if !utf8.Valid(body) {
		return nil, errors.New("not text")
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.UseNumber()
	var out map[string]any
	if err := d.Decode(&out); err != nil || out == nil {
		return nil, errors.New("not a JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON object")
	}
	return out, nil
}

// errorOf is the code of an error answer (RFC 6749, section 5.2), for the log.
func errorOf(body []byte) string {
	var e struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &e) != nil {
		return ""
	}
	return e.Error[:min(len(e.Error), 60)]
}
