package oidc_test

import (
	"regexp"
	"testing"
	"time"
)

func TestVerifiedTokens(t *testing.T) {
	t.Parallel()
	now := time.Unix(time.Now().Unix(), 0)
	v := newVerifier(t, newWeb())
	app, web := regexp.MustCompile("^(?:app)$"), regexp.MustCompile("^(?:web)$")
	at := func(u int64) time.Time { return time.Unix(u, 0) }
	for _, tc := range []struct {
		name             string
		changes          []string
		app, web         bool
		issued, signedIn time.Time
	}{
		{"as usual", nil, true, false, now, time.Time{}},
		{"several audiences", []string{"aud", `["x","web","app"]`}, true, true, now, time.Time{}},
		{"who asked", []string{"aud", "", "azp", `"web"`}, false, true, now, time.Time{}},
		{"an audience that holds ours", []string{"aud", `"my-app"`}, false, false, now, time.Time{}},
		{"audiences that are no texts", []string{"aud", `[1,{"app":"web"}]`, "azp", "2"}, false, false, now, time.Time{}},
		{"no audience", []string{"aud", ""}, false, false, now, time.Time{}},
		{"times", []string{"iat", "1000", "auth_time", "900"}, true, false, at(1000), at(900)},
		{"the beginning of time", []string{"iat", "0", "auth_time", "0"}, true, false, at(0), at(0)},
		{"no times", []string{"iat", "", "auth_time", `"900"`}, true, false, time.Time{}, time.Time{}},
	} {
		token := good(now, tc.changes...)
		for range 2 {
			got, _, err := v.VerifyAny(t.Context(), token, asked)
			if err != nil {
				t.Fatalf("%s: %v", tc.name, err)
			}
			for range 2 { // in turns, since the last answer is remembered
				if got.MadeFor(app) != tc.app || got.MadeFor(web) != tc.web {
					t.Errorf("%s: made for app %v, for web %v", tc.name, got.MadeFor(app), got.MadeFor(web))
				}
			}
			if !got.Issued.Equal(tc.issued) || !got.SignedIn.Equal(tc.signedIn) || got.Issued.IsZero() != tc.issued.IsZero() {
				t.Errorf("%s: issued %v, signed in %v", tc.name, got.Issued, got.SignedIn)
			}
		}
	}
}
