package endpoint_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"preamp/internal/authn"
	"preamp/internal/graphql/endpoint"
)

func TestSignedRequests(t *testing.T) {
	t.Parallel()
	eachDoors(t, func(d *doors) {
		now := d.clock()
		replace := func(from, to string) func(*http.Request) {
			return func(q *http.Request) {
				before := q.Header.Get("Authorization")
				after := strings.Replace(before, from, to, 1)
				if after == before {
					d.t.Fatalf("%q is not in %s", from, before)
				}
				q.Header.Set("Authorization", after)
			}
		}
		header := func(name, value string) func(*http.Request) {
			return func(q *http.Request) { q.Header.Set(name, value) }
		}
		for _, tc := range []struct {
			name                        string
			id, secret, region, service string
			at                          time.Time
			change                      func(*http.Request)
			code                        string // empty: let in
		}{
			{"good", accessKey, secretKey, "us-east-1", "appsync", now, nil, ""},
			{"any region that was signed", accessKey, secretKey, "eu-central-1", "appsync", now, nil, ""},
			{"for the control plane", accessKey, secretKey, "us-east-1", "amplifybackend", now, nil, "InvalidSignatureException"},
			{"for S3", accessKey, secretKey, "us-east-1", "s3", now, nil, "InvalidSignatureException"},
			{"another region than was signed", accessKey, secretKey, "us-east-1", "appsync", now, replace("us-east-1", "us-west-2"), "InvalidSignatureException"},
			{"another service than was signed", accessKey, secretKey, "us-east-1", "amplifybackend", now, replace("amplifybackend", "appsync"), "InvalidSignatureException"},
			{"an unknown key", "AKIAZZZZZZZZZZZZZZZZ", secretKey, "us-east-1", "appsync", now, nil, "UnrecognizedClientException"},
			{"a wrong secret", accessKey, "wrong", "us-east-1", "appsync", now, nil, "InvalidSignatureException"},
			{"a temporary key", "ASIAABCDEFGHIJKLMNOP", secretKey, "us-east-1", "appsync", now, nil, "UnrecognizedClientException"},
			{"long ago", accessKey, secretKey, "us-east-1", "appsync", now.Add(-time.Hour), nil, "InvalidSignatureException"},
			{"in the future", accessKey, secretKey, "us-east-1", "appsync", now.Add(time.Hour), nil, "InvalidSignatureException"},
			{"another host", accessKey, secretKey, "us-east-1", "appsync", now, func(q *http.Request) { q.Host = "other.example" }, "InvalidSignatureException"},
			{"another body", accessKey, secretKey, "us-east-1", "appsync", now, func(q *http.Request) {
				text := `{"query":"{__typenam }"}`
				q.Body, q.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
			}, "InvalidSignatureException"},
			{"a session token that was not signed", accessKey, secretKey, "us-east-1", "appsync", now, header("X-Amz-Security-Token", "x"), "IncompleteSignatureException"},
			{"an x-amz header that was not signed", accessKey, secretKey, "us-east-1", "appsync", now, header("X-Amz-Target", "x"), "IncompleteSignatureException"},
			{"another algorithm", accessKey, secretKey, "us-east-1", "appsync", now, replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "IncompleteSignatureException"},
			{"a signature in the query as well", accessKey, secretKey, "us-east-1", "appsync", now, func(q *http.Request) { q.URL.RawQuery = "X-Amz-Signature=x" }, "IncompleteSignatureException"},
		} {
			got := d.signed(ping, tc.id, tc.secret, tc.region, tc.service, tc.at, tc.change)
			if tc.code == "" {
				if got != in {
					d.t.Errorf("%s: %+v", tc.name, got)
				}
				continue
			}
			if got.status != http.StatusForbidden || got.kind != tc.code || !strings.HasPrefix(got.body, `{"errors":[{"errorType":"`+tc.code+`","message":"`) {
				d.t.Errorf("%s: %+v, want %s", tc.name, got, tc.code)
			}
		}

		// A signature in the query alone is no proof: a link is not a caller.
		if got := d.send(ping); got != missing {
			d.t.Errorf("no header: %+v", got)
		}
		// What is wrong with the body is told to whoever signed it.
		if got := d.signed(`{}`, accessKey, secretKey, "us-east-1", "appsync", now, nil); got.status != http.StatusBadRequest {
			d.t.Errorf("a signed body that is no request: %+v", got)
		}
		if got := d.signed(`{}`, accessKey, "wrong", "us-east-1", "appsync", now, nil); got.status != http.StatusForbidden {
			d.t.Errorf("the same with a bad signature: %+v", got)
		}
		large := ping + strings.Repeat(" ", 1<<20)
		if got := d.signed(large, accessKey, secretKey, "us-east-1", "appsync", now, nil); got.status != http.StatusRequestEntityTooLarge {
			d.t.Errorf("a signed body that is too large: %+v", got)
		}
		if strings.Contains(d.logs.String(), "Signature=") || strings.Contains(d.logs.String(), secretKey) {
			d.t.Error("a secret is in the log")
		}
	})
}

const (
	otherID  = "abcother"
	otherKey = "da2-otherotherotherotherother"
)

// What opens one API opens no other.
func TestProofsOfAnotherAPI(t *testing.T) {
	t.Parallel()
	eachDoors(t, func(d *doors) {
		now := d.clock()
		first := d.url
		// The other API has its own key, pool, and client of the same issuer.
		d.second(otherID, otherKey, allModes, endpoint.Auth{
			UserPool: ownPool, OIDC: endpoint.OIDC{Issuer: d.issuer.URL, Client: "other-app"},
		})
		second := strings.Replace(first, apiID, otherID, 1)
		ours := d.aws.Good(now, "token_use", `"access"`)
		theirs := d.own.Good(now, "token_use", `"access"`)
		client := d.issuer.Good(now)
		otherClient := d.issuer.Good(now, "aud", `"other-app"`)
		for _, tc := range []struct {
			name, url, header, value string
			want                     answer
		}{
			{"first key at the first", first, "X-Api-Key", apiKey, in},
			{"first key at the second", second, "X-Api-Key", apiKey, notAllowed},
			{"second key at the second", second, "X-Api-Key", otherKey, in},
			{"second key at the first", first, "X-Api-Key", otherKey, notAllowed},
			{"first pool at the first", first, "Authorization", ours, in},
			{"first pool at the second", second, "Authorization", ours, notAllowed},
			{"second pool at the second", second, "Authorization", theirs, in},
			{"second pool at the first", first, "Authorization", theirs, notAllowed},
			{"any client at the first", first, "Authorization", client, in},
			{"its client at the second", second, "Authorization", otherClient, in},
			// Known from the first API, and of no use at the second.
			{"another client at the second", second, "Authorization", client, notAllowed},
			{"its key as a token", second, "Authorization", otherKey, invalid},
			{"its token as a key", second, "X-Api-Key", theirs, notAllowed},
		} {
			d.url = tc.url
			if got := d.send(ping, tc.header, tc.value); got != tc.want {
				d.t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
			}
		}
		// A signature is for one path: it cannot be taken to the other API.
		d.url = first
		got := d.signed(ping, accessKey, secretKey, "us-east-1", "appsync", now, func(q *http.Request) {
			q.URL.Path = strings.Replace(q.URL.Path, apiID, otherID, 1)
		})
		if got.status != http.StatusForbidden {
			d.t.Errorf("a signature for another API: %+v", got)
		}
	})
}

func TestEndOfProofs(t *testing.T) {
	t.Parallel()
	eachDoors(t, func(d *doors) {
		token := d.issuer.Good(d.clock()) // for an hour, like the key
		if got := d.send(ping, "Authorization", token); got != in {
			d.t.Errorf("token: %+v", got)
		}
		d.now.Add(int64(time.Hour + time.Second))
		for _, tc := range []struct {
			header, value string
			want          answer
		}{
			{"X-Api-Key", apiKey, notAllowed},
			{"Authorization", token, expired},
			{"Authorization", d.issuer.Good(d.clock().Add(-2 * time.Hour)), expired},
			{"Authorization", d.issuer.Good(d.clock()), in},
		} {
			if got := d.send(ping, tc.header, tc.value); got != tc.want {
				d.t.Errorf("%s: %+v, want %+v", tc.header, got, tc.want)
			}
		}
	})
}

// Who is not let in is counted, and does not learn more than that.
func TestRefusedCallersAreCounted(t *testing.T) {
	t.Parallel()
	each(t, plainSchema, endpoint.Limits{}, func(w *world) {
		reg := prometheus.NewRegistry()
		var err error
		w.registry, err = endpoint.New(endpoint.Config{Locate: w.locate, Now: w.clock, Registerer: reg})
		must(w.t, err)
		w.modes = []authn.Mode{authn.IAM, authn.OIDC, authn.UserPool}
		w.auth = endpoint.Auth{UserPool: awsPool, OIDC: endpoint.OIDC{Issuer: "https://issuer.example"}}
		w.push(plainSchema)
		// Without anything to verify them with, no proof counts.
		for _, value := range []string{"AWS4-HMAC-SHA256 x", "a.b.c", "x"} {
			q := httptest.NewRequest(http.MethodPost, "/api/"+apiID+"/graphql", strings.NewReader("no JSON"))
			q.Header.Set("Authorization", value)
			if status, _, body := w.do(q); status != http.StatusUnauthorized {
				w.t.Errorf("%s: %d %s", value, status, body)
			}
		}
		families, err := reg.Gather()
		must(w.t, err)
		for _, f := range families {
			if f.GetName() != "preamp_graphql_requests_total" {
				continue
			}
			for _, m := range f.GetMetric() {
				if m.GetLabel()[0].GetValue() == "none" && m.GetLabel()[1].GetValue() == "refused" && m.GetCounter().GetValue() != 3 {
					w.t.Errorf("%v refused", m.GetCounter().GetValue())
				}
			}
		}
	})
}
