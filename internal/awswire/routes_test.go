package awswire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/awswire"
	"preamp/internal/errs"
)

// routed are operations with the forms of routes that the control plane has.
func routed(t testing.TB) *awswire.Routes {
	t.Helper()
	r, err := awswire.NewRoutes([]awswire.Operation{
		{Name: "Create", Method: "POST", URI: "/backend"},
		{Name: "Details", Method: "POST", URI: "/backend/{appId}/details"},
		{Name: "Remove", Method: "POST", URI: "/backend/{appId}/remove"},
		{Name: "ConfigRemove", Method: "POST", URI: "/backend/{appId}/config/remove"},
		{Name: "Update", Method: "POST", URI: "/backend/{appId}/auth/{env}"},
		{Name: "AuthDetails", Method: "POST", URI: "/backend/{appId}/auth/{env}/details"},
		{Name: "AuthRemove", Method: "POST", URI: "/backend/{appId}/auth/{env}/remove"},
		{Name: "GetJob", Method: "GET", URI: "/backend/{appId}/job/{env}/{jobId}"},
		{Name: "UpdateJob", Method: "POST", URI: "/backend/{appId}/job/{env}/{jobId}"},
		{Name: "Buckets", Method: "POST", URI: "/s3Buckets"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, path string
		op                 string // "" for none
		labels             []string
		err                string
		methods            []string
	}{
		{name: "no labels", method: "POST", path: "/backend", op: "Create", methods: []string{"POST"}},
		{name: "label", method: "POST", path: "/backend/a/details", op: "Details", labels: []string{"a"}, methods: []string{"POST"}},
		{name: "escaped slash", method: "POST", path: "/backend/a%2Fdetails/details", op: "Details", labels: []string{"a/details"}, methods: []string{"POST"}},
		{name: "escapes", method: "POST", path: "/backend/%C3%A9%20%2A%25+/details", op: "Details", labels: []string{"é *%+"}, methods: []string{"POST"}},
		{name: "label like a literal", method: "POST", path: "/backend/details/details", op: "Details", labels: []string{"details"}, methods: []string{"POST"}},
		{name: "environment named remove", method: "POST", path: "/backend/a/auth/remove", op: "Update", labels: []string{"a", "remove"}, methods: []string{"POST"}},
		{name: "environment named remove, removed", method: "POST", path: "/backend/a/auth/remove/remove", op: "AuthRemove", labels: []string{"a", "remove"}, methods: []string{"POST"}},
		{name: "app named config", method: "POST", path: "/backend/config/remove", op: "Remove", labels: []string{"config"}, methods: []string{"POST"}},
		{name: "literal in place of a label", method: "POST", path: "/backend/a/config/remove", op: "ConfigRemove", labels: []string{"a"}, methods: []string{"POST"}},
		{name: "two methods", method: "GET", path: "/backend/a/job/e/j", op: "GetJob", labels: []string{"a", "e", "j"}, methods: []string{"GET", "POST"}},
		{name: "the other method", method: "POST", path: "/backend/a/job/e/j", op: "UpdateJob", labels: []string{"a", "e", "j"}, methods: []string{"GET", "POST"}},
		{name: "wrong method", method: "PUT", path: "/backend/a/job/e/j", methods: []string{"GET", "POST"}},
		{name: "head is not get", method: "HEAD", path: "/backend/a/job/e/j", methods: []string{"GET", "POST"}},
		{name: "empty label", method: "POST", path: "/backend//details", op: "Details", err: "'appId' in the path must not be empty", methods: []string{"POST"}},
		{name: "second label empty", method: "POST", path: "/backend/a/auth/", op: "Update", err: "'env' in the path must not be empty", methods: []string{"POST"}},
		{name: "dot", method: "POST", path: "/backend/./details", op: "Details", err: "'appId' in the path must not be '.' or '..'", methods: []string{"POST"}},
		{name: "escaped dots", method: "POST", path: "/backend/%2e%2E/details", op: "Details", err: "must not be '.' or '..'", methods: []string{"POST"}},
		{name: "three dots", method: "POST", path: "/backend/.../details", op: "Details", labels: []string{"..."}, methods: []string{"POST"}},
		{name: "invalid utf-8", method: "POST", path: "/backend/%ff/details", op: "Details", err: "'appId' in the path is not valid text", methods: []string{"POST"}},
		{name: "nul", method: "POST", path: "/backend/%00/details", op: "Details", err: "'appId' in the path is not valid text", methods: []string{"POST"}},
		{name: "malformed escape", method: "POST", path: "/backend/%2/details", op: "Details", err: "malformed percent-encoding", methods: []string{"POST"}},
		{name: "unknown literal", method: "POST", path: "/backend/a/unknown"},
		{name: "escaped literal", method: "POST", path: "/backend/a/%64etails"},
		{name: "other case", method: "POST", path: "/Backend/a/details"},
		{name: "too long", method: "POST", path: "/backend/a/auth/e/details/x"},
		{name: "slash at the end", method: "POST", path: "/backend/"},
		{name: "slash after a literal", method: "POST", path: "/backend/a/details/"},
		{name: "root", method: "POST", path: "/"},
		{name: "no path", method: "POST", path: ""},
		{name: "star", method: "OPTIONS", path: "*"},
	}
	routes := routed(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := routes.Match(tt.method, tt.path)
			name := ""
			if m.Operation != nil {
				name = m.Operation.Name
			}
			if name != tt.op {
				t.Errorf("operation %q, want %q", name, tt.op)
			}
			if d := cmp.Diff(tt.methods, m.Methods); d != "" {
				t.Errorf("methods (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.labels, m.Labels); d != "" {
				t.Errorf("labels (-want +got):\n%s", d)
			}
			if (m.Err != nil) != (tt.err != "") {
				t.Fatalf("error %v, want %q", m.Err, tt.err)
			}
			if m.Err != nil && (errs.KindOf(m.Err) != errs.Invalid || !strings.Contains(m.Err.Error(), tt.err)) {
				t.Errorf("error %v, want %q", m.Err, tt.err)
			}
		})
	}
}

// TestLiteralWins guards against a literal that a label swallows, in whatever
// order the operations come.
func TestLiteralWins(t *testing.T) {
	t.Parallel()
	label := awswire.Operation{Name: "Label", Method: "POST", URI: "/a/{x}"}
	literal := awswire.Operation{Name: "Literal", Method: "POST", URI: "/a/b"}
	for _, ops := range [][]awswire.Operation{{label, literal}, {literal, label}} {
		r, err := awswire.NewRoutes(ops)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]string{"/a/b": "Literal", "/a/c": "Label"} {
			if m := r.Match("POST", path); m.Operation == nil || m.Operation.Name != want || len(m.Methods) != 1 {
				t.Errorf("%s is %+v, want %s", path, m, want)
			}
		}
	}
}

func TestNewRoutesRefuses(t *testing.T) {
	t.Parallel()
	for name, ops := range map[string][]awswire.Operation{
		"the same route": {{Name: "A", Method: "POST", URI: "/a/{x}"}, {Name: "B", Method: "POST", URI: "/a/{y}"}},
		"no slash":       {{Name: "A", Method: "POST", URI: "a"}},
	} {
		if _, err := awswire.NewRoutes(ops); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// FuzzMatch: no path makes the router fail, and no label is one that an
// operation could not use.
func FuzzMatch(f *testing.F) {
	for _, s := range []string{"/backend/a%2Fb/details", "/backend//details", "/%", "", "/backend/a/job/%2e/j"} {
		f.Add("POST", s)
	}
	routes := routed(f)
	f.Fuzz(func(t *testing.T, method, path string) {
		m := routes.Match(method, path)
		if m.Operation == nil && (m.Labels != nil || m.Err != nil) {
			t.Fatalf("%+v", m)
		}
		for _, l := range m.Labels {
			if l == "" || l == "." || l == ".." || strings.Contains(l, "\x00") || strings.ToValidUTF8(l, "") != l {
				t.Fatalf("%s: label %q", path, l)
			}
		}
	})
}
