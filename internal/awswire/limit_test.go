package awswire_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"preamp/internal/awswire"
	"preamp/internal/sigv4"
)

// unreadable fails the test when a body is read.
type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body is read")
	return 0, io.EOF
}
func (unreadable) Close() error { return nil }

// endless is a body without an end.
type endless struct{ read int }

func (e *endless) Read(b []byte) (int, error) {
	e.read += len(b)
	return len(b), nil
}
func (*endless) Close() error { return nil }

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	const limit = 100
	small := func(c *awswire.Config) { c.MaxBody = limit }
	want := `{"message":"The request body is larger than 100 bytes"}`
	check := func(t *testing.T, r *http.Request) {
		t.Helper()
		s := &service{}
		got := serve(handler(t, s, small), r)
		if b := bodyOf(t, got); got.StatusCode != 413 || b != want || got.Header.Get("x-amzn-ErrorType") != "BadRequestException" || s.calls != 0 {
			t.Errorf("status %d, body %s, %d calls", got.StatusCode, b, s.calls)
		}
	}
	t.Run("announced", func(t *testing.T) {
		t.Parallel()
		r := makeRequest("POST", "/backend/a/put", "")
		r.Body, r.ContentLength = unreadable{t}, limit+1
		check(t, r)
	})
	t.Run("not announced", func(t *testing.T) {
		t.Parallel()
		r := makeRequest("POST", "/backend/a/put", "")
		e := &endless{}
		r.Body, r.ContentLength = e, -1
		check(t, r)
		if e.read > 10*limit {
			t.Errorf("%d bytes were read", e.read)
		}
	})
	t.Run("at the limit", func(t *testing.T) {
		t.Parallel()
		body := `{"name":"` + strings.Repeat("x", limit-len(`{"name":""}`)) + `"}`
		if got := serve(handler(t, &service{}, small), signedRequest("POST", "/backend/a/put", body)); got.StatusCode != 200 {
			t.Errorf("status %d: %s", got.StatusCode, bodyOf(t, got))
		}
	})
	t.Run("default", func(t *testing.T) {
		t.Parallel()
		body := `{"name":"` + strings.Repeat("x", awswire.DefaultMaxBody-len(`{"name":""}`)) + `"}`
		if got := serve(handler(t, &service{}, nil), signedRequest("POST", "/backend/a/put", body)); got.StatusCode != 200 {
			t.Errorf("status %d", got.StatusCode)
		}
	})
}

// broken is a body whose client went away.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
func (broken) Close() error             { return nil }

func TestBrokenBody(t *testing.T) {
	t.Parallel()
	r := makeRequest("POST", "/backend/a/put", "")
	r.Body = broken{}
	if got := serve(handler(t, &service{}, nil), r); got.StatusCode != 400 {
		t.Errorf("status %d", got.StatusCode)
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{}
		h := handler(t, s, func(c *awswire.Config) { c.Rate = awswire.Rate{PerSecond: 10, Burst: 3} })
		by := func(key string) *http.Response {
			r := makeRequest("GET", "/backend/a/get", "")
			sigv4.Sign(r, nil, key, testSecret, "us-east-1", "amplifybackend", time.Now())
			return serve(h, r)
		}
		for range 3 {
			if got := by(testKey); got.StatusCode != 200 {
				t.Fatalf("status %d", got.StatusCode)
			}
		}
		got := by(testKey)
		want := `{"message":"Rate exceeded: more than 10 requests per second","limitType":"RequestRate"}`
		if b := bodyOf(t, got); got.StatusCode != 429 || b != want || got.Header.Get("x-amzn-ErrorType") != "TooManyRequestsException" {
			t.Errorf("status %d: %s", got.StatusCode, b)
		}
		if got := by(testKey + "2"); got.StatusCode != 200 {
			t.Errorf("another key: status %d", got.StatusCode)
		}
		time.Sleep(100 * time.Millisecond)
		if got := by(testKey); got.StatusCode != 200 {
			t.Errorf("after a while: status %d", got.StatusCode)
		}
		// Whoever cannot sign does not use up the rate of the key's owner.
		for range 20 {
			r := makeRequest("GET", "/backend/a/get", "")
			sigv4.Sign(r, nil, testKey+"3", "other", "us-east-1", "amplifybackend", time.Now())
			serve(h, r)
		}
		if got := by(testKey + "3"); got.StatusCode != 200 {
			t.Errorf("after forgeries: status %d", got.StatusCode)
		}
	})
}

func TestNoRate(t *testing.T) {
	t.Parallel()
	h := handler(t, &service{}, nil)
	for range 500 {
		if got := serve(h, signedRequest("GET", "/backend/a/get", "")); got.StatusCode != 200 {
			t.Fatalf("status %d", got.StatusCode)
		}
	}
}
