package wire_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"preamp/test/harness"
)

// TestPresignedBody sends a body along with a query signature.
func TestPresignedBody(t *testing.T) {
	t.Parallel()
	_, client := fixture(t)
	const ct = "application/json"
	body := []byte(`{"backendEnvironmentName":"dev"}`)
	send := func(t *testing.T, path, contentType string, signed, sent []byte) harness.Answer {
		t.Helper()
		u, err := client.Signer.Presign("POST", client.URL+path, contentType, signed, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		r, err := harness.NewRequest(t.Context(), "POST", u, sent)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", ct)
		return client.Send(r)
	}
	const details = "/backend/wire/details"
	if a := send(t, details, ct, body, body); a.Status != 200 || a.Text("backendEnvironmentName") != "dev" {
		t.Errorf("a body that was signed: %v", a)
	}
	if a := send(t, details, ct, nil, body); a.Status != 403 {
		t.Errorf("a body that was not signed: %v, want 403", a)
	}
	// With a body the members come from there only.
	if a := send(t, details+"?backendEnvironmentName=dev", ct, []byte(`{}`), []byte(`{}`)); a.Status != 200 || a.Text("backendEnvironmentName") != "" {
		t.Errorf("member in the query beside a body: %v", a)
	}
	if a := send(t, details+"?backendEnvironmentName=dev&unknown=x", "", nil, nil); a.Status != 200 || a.Text("backendEnvironmentName") != "dev" {
		t.Errorf("member in the query: %v", a)
	}
	if a := send(t, "/backend/wire/remove?cleanAmplifyApp=maybe", ct, nil, nil); a.Status != 400 || !strings.Contains(a.Text("message"), "cleanAmplifyApp") {
		t.Errorf("a boolean that is none: %v", a)
	}
	if a := send(t, "/backend/wire/job/dev?maxResults=ten", ct, nil, nil); a.Status != 400 || !strings.Contains(a.Text("message"), "maxResults") {
		t.Errorf("a number that is none: %v", a)
	}
	if a := send(t, "/backend/wire/remove?cleanAmplifyApp=true", ct, nil, nil); a.Status != 200 {
		t.Errorf("a boolean in lower case: %v", a)
	}
}

// TestClock signs with clocks that are wrong, and for lives that are not allowed.
func TestClock(t *testing.T) {
	t.Parallel()
	_, client := fixture(t)
	now := time.Now()
	for _, c := range []struct {
		name   string
		offset time.Duration
		life   time.Duration // presigned if not 0
		status int
		text   string
	}{
		{name: "4 minutes late", offset: -4 * time.Minute, status: 200},
		{name: "4 minutes early", offset: 4 * time.Minute, status: 200},
		{name: "6 minutes late", offset: -6 * time.Minute, status: 403, text: `^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 5 min\.\)$`},
		{name: "6 minutes early", offset: 6 * time.Minute, status: 403, text: `^Signature not yet current`},
		{name: "presigned for an hour, half an hour ago", offset: -30 * time.Minute, life: time.Hour, status: 200},
		{name: "presigned for an hour, two hours ago", offset: -2 * time.Hour, life: time.Hour, status: 403},
		{name: "presigned for the future", offset: 6 * time.Minute, life: time.Hour, status: 403},
		{name: "presigned for a week", life: 604800 * time.Second, status: 200},
		{name: "presigned for more than a week", life: 604801 * time.Second, status: 403},
		{name: "presigned for no time", life: time.Millisecond, status: 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			signer := client.Signer
			signer.Time = now.Add(c.offset)
			const path = "/backend/wire/details"
			var r *http.Request
			var err error
			if c.life == 0 {
				r, err = harness.NewRequest(t.Context(), "POST", client.URL+path, nil)
				signer.Sign(r, nil)
			} else {
				u, uerr := signer.Presign("POST", client.URL+path, "", nil, c.life)
				if uerr != nil {
					t.Fatal(uerr)
				}
				r, err = harness.NewRequest(t.Context(), "POST", u, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			a := client.Send(r)
			if a.Status != c.status || !regexp.MustCompile(c.text).MatchString(a.Text("message")) {
				t.Errorf("got %v, want %d %s", a, c.status, c.text)
			}
			checkHeaders(t, a)
		})
	}
}
