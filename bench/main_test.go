package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"preamp/internal/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

func TestParts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text, part string
		has, fails       bool
	}{
		{name: "everything", text: "", part: "jwt", has: true},
		{name: "named", text: "get,jwt", part: "jwt", has: true},
		{name: "not named", text: "get,jwt", part: "size"},
		{name: "unknown", text: "get,nothing", fails: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, err := parseParts(tc.text)
			if (err != nil) != tc.fails || p.has(tc.part) != tc.has && !tc.fails {
				t.Errorf("parts %v, error %v", p, err)
			}
		})
	}
}

// Every part that is a comparison has one.
func TestSelected(t *testing.T) {
	t.Parallel()
	if got, want := len(selected(nil)), len(comparisons()); got != want {
		t.Errorf("%d of %d comparisons without -only", got, want)
	}
	for _, name := range []string{"get", "list20", "nested", "jwt", "create"} {
		list := selected(parts{name})
		if len(list) == 0 {
			t.Errorf("-only %s has no comparison", name)
		}
		for _, c := range list {
			if c.part != name {
				t.Errorf("-only %s has %s", name, c.name)
			}
		}
	}
}

// A load run that gets anything but the wanted answer is an error, and no result.
func TestRace(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good":
			_, _ = w.Write([]byte(`{"data":{"x":1}}`))
		case "/partial":
			_, _ = w.Write([]byte(`{"data":{"x":1},"errors":[{"message":"no"}]}`))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	at := func(path, want string) target {
		return target{url: server.URL + path, header: openHeader(), body: plain("{}"), want: []byte(want)}
	}
	samples, err := race(t.Context(), []target{at("/good", `"x":`), at("/good", `"x":1`)}, 2, 20e6)
	if err != nil {
		t.Fatal(err)
	}
	for i, of := range samples {
		if len(of) != rounds {
			t.Errorf("target %d has %d samples, want one for each of %d rounds", i, len(of), rounds)
		}
		for _, s := range of {
			if s.perSecond <= 0 || s.p50 <= 0 || s.p99 < s.p50 {
				t.Errorf("target %d: %+v", i, s)
			}
		}
	}
	for _, bad := range []target{at("/good", `"y":`), at("/partial", `"x":`), at("/missing", "")} {
		if _, err := race(t.Context(), []target{bad}, 1, 20e6); err == nil || !strings.Contains(err.Error(), bad.url) {
			t.Errorf("%s is a result: %v", bad.url, err)
		}
	}
}
