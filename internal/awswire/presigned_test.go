package awswire_test

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"
	"time"

	"preamp/internal/sigv4"
)

// presignedRequest is what is sent of a URL that was presigned for a body.
func presignedRequest(path, signedBody, body string) *http.Request {
	path, query, _ := strings.Cut(path, "?")
	r := makeRequest("POST", "", body)
	r.Header.Set("Content-Type", "application/json")
	r.URL.Path, r.URL.RawQuery = path, query
	sigv4.Presign(r, []byte(signedBody), testKey, testSecret, "us-east-1", "amplifybackend", time.Now(), time.Minute)
	r.RequestURI = path + "?" + r.URL.RawQuery
	return r
}

// TestPresigned: the queries are what botocore makes of members.
func TestPresigned(t *testing.T) {
	t.Parallel()
	const put = "/backend/a/put?"
	tests := []struct {
		name string
		r    *http.Request
		// want is the body that the operation answers with, or a part of the message.
		status int
		want   string
	}{
		{"text", presignedRequest(put+"name=x%20y+z%26", "", ""), 200, `{"name":"x y+z&"}`},
		{"text that looks like a number", presignedRequest(put+"name=1", "", ""), 200, `{"name":"1"}`},
		{"text that is quoted", presignedRequest(put+"name=%22%5C", "", ""), 200, `{"name":"\"\\"}`},
		{"empty text", presignedRequest(put+"name=", "", ""), 200, `{"name":""}`},
		{"without a value", presignedRequest(put+"name", "", ""), 200, `{"name":""}`},
		{"True", presignedRequest(put+"name=x&flag=True", "", ""), 200, `{"name":"x","flag":true}`},
		{"False", presignedRequest(put+"name=x&flag=False", "", ""), 200, `{"name":"x","flag":false}`},
		{"true", presignedRequest(put+"name=x&flag=tRuE", "", ""), 200, `{"name":"x","flag":true}`},
		{"integer", presignedRequest(put+"name=x&count=5", "", ""), 200, `{"name":"x","count":5}`},
		{"double", presignedRequest(put+"name=x&size=1.5e3", "", ""), 200, `{"name":"x","size":1500}`},
		{"unknown parameter", presignedRequest(put+"name=x&other=1&other=2&=&&", "", ""), 200, `{"name":"x"}`},
		{"label in the query", presignedRequest(put+"name=x&appId=b", "", ""), 200, `{"name":"x"}`},
		{"escaped name", presignedRequest(put+"n%61me=x", "", ""), 200, `{"name":"x"}`},
		{"no member", presignedRequest(put, "", ""), 400, "Missing required key 'name'"},
		{"not a boolean", presignedRequest(put+"name=x&flag=1", "", ""), 400, "Value at 'flag' must be a boolean"},
		{"not a number", presignedRequest(put+"name=x&size=NaN", "", ""), 400, "Value at 'size' must be a number"},
		{"number in python's notation", presignedRequest(put+"name=x&size=1_000", "", ""), 400, "Value at 'size' must be a number"},
		{"number with a blank", presignedRequest(put+"name=x&size=%201", "", ""), 400, "Value at 'size' must be a number"},
		{"out of range", presignedRequest(put+"name=x&count=26", "", ""), 400, "less than or equal to 25"},
		{"twice", presignedRequest(put+"name=x&name=y", "", ""), 400, "Key 'name' is given twice"},
		{"other case", presignedRequest(put+"Name=x", "", ""), 400, "it must be written 'name'"},
		{"other case of a structure", presignedRequest(put+"name=x&Inner=1", "", ""), 400, "it must be written 'inner'"},
		{"structure", presignedRequest(put+"name=x&inner=%7B%27mode%27%3A%20%27ON%27%7D", "", ""), 400, "cannot carry structures or lists in its query: 'inner'."},
		{"structure as json", presignedRequest(put+"name=x&inner=%7B%22mode%22%3A%22ON%22%7D", "", ""), 400, "'inner'."},
		{"list and structure", presignedRequest(put+"name=x&strings=%5B%5D&inner=1", "", ""), 400, "query: 'strings', 'inner'."},
		{"malformed escape", presignedRequest(put+"name=%zz", "", ""), 400, "not valid"},
		{"no utf-8", presignedRequest(put+"name=%ff", "", ""), 400, "not valid UTF-8"},
		{"nul", presignedRequest(put+"name=%00", "", ""), 400, "U+0000"},
		{"body", presignedRequest(put, `{"name":"x"}`, `{"name":"x"}`), 200, `{"name":"x"}`},
		{"body, members in the query", presignedRequest(put+"name=y&inner=1&flag=True", `{"name":"x"}`, `{"name":"x"}`), 200, `{"name":"x"}`},
		{"body that was not signed", presignedRequest(put+"name=y", "", `{"name":"x"}`), 403, "does not match"},
		{"other body", presignedRequest(put, `{"name":"y"}`, `{"name":"x"}`), 403, "does not match"},
		{"signed body left out", presignedRequest(put+"name=x", `{"name":"x"}`, ""), 403, "does not match"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &service{}
			got := serve(handler(t, s, nil), tt.r)
			b := bodyOf(t, got)
			if got.StatusCode != tt.status || !strings.Contains(b, tt.want) || tt.status == 200 && b != tt.want {
				t.Errorf("status %d, %s; want %d, %s", got.StatusCode, b, tt.status, tt.want)
			}
			if tt.status == 200 && !s.req.Presigned {
				t.Error("not known as presigned")
			}
		})
	}
}

// TestHeaderSignedQuery: a request that is signed in its headers never takes
// members from the query.
func TestHeaderSignedQuery(t *testing.T) {
	t.Parallel()
	s := &service{}
	h := handler(t, s, nil)
	if got := serve(h, signedRequest("POST", "/backend/a/put?name=x", "")); got.StatusCode != 400 {
		t.Errorf("status %d: %s", got.StatusCode, bodyOf(t, got))
	}
	got := serve(h, signedRequest("POST", "/backend/a/put?name=x&flag=True&inner=1", `{"name":"y"}`))
	if b := bodyOf(t, got); got.StatusCode != 200 || b != `{"name":"y"}` {
		t.Errorf("status %d: %s", got.StatusCode, b)
	}
}

// TestPresignedHash: two presigned calls that differ in their members are two
// calls, although their bodies are alike.
func TestPresignedHash(t *testing.T) {
	t.Parallel()
	s := &service{}
	h := handler(t, s, nil)
	var hashes [][sha256.Size]byte
	for _, query := range []string{"name=x", "name=y", "name=x"} {
		if got := serve(h, presignedRequest("/backend/a/put?"+query, "", "")); got.StatusCode != 200 {
			t.Fatalf("status %d", got.StatusCode)
		}
		hashes = append(hashes, s.req.BodySHA256)
	}
	if hashes[0] == hashes[1] || hashes[0] != hashes[2] {
		t.Errorf("hashes %x", hashes)
	}
}

// FuzzPresigned puts any query in front of a signature: it is answered, and
// never with a defect.
func FuzzPresigned(f *testing.F) {
	for _, s := range []string{"name=x", "name=x&flag=True&size=1", "inner={}", "%zz", "name=%ff&count=9999999999999999999999"} {
		f.Add(s)
	}
	h := handler(f, &service{}, nil)
	f.Fuzz(func(t *testing.T, query string) {
		if got := serve(h, presignedRequest("/backend/a/put?"+query, "", "")); got.StatusCode >= 500 {
			t.Fatalf("%q: status %d", query, got.StatusCode)
		}
	})
}
