package targettest

import (
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"preamp/internal/awswire"
	"preamp/internal/errs"
)

// placeholders are what recorded bodies have instead of tokens and the like.
var placeholders = strings.NewReplacer(
	"<JWT>", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "<refresh>", "eyJjdHkiOiJKV1QifQ.-_a", "<id token>", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
	"<session from ConfirmSignUp>", strings.Repeat("s", 20), "<session>", strings.Repeat("S/+=", 20),
	"<s1>", strings.Repeat("1", 20), "<s2>", strings.Repeat("2", 20), "<s3>", strings.Repeat("3", 2048), "<hex>", "ab12", "<b64>", "AAEC/w==", "<b64 of 32 bytes>", "AAEC/w==",
)

// RunGolden reads recorded bodies and writes them again: requests through the
// decoders, answers through the types of the interface that Service is, errors
// through a handler. What is written must be what was read, but for the order of
// members.
func RunGolden[Service any](t *testing.T, path string, actions []awswire.Action) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		name, text, _ := strings.Cut(rest, " ")
		body := []byte(placeholders.Replace(text))
		var got []byte
		switch kind {
		case "request":
			i := slices.IndexFunc(actions, func(a awswire.Action) bool { return a.Name == name })
			if i < 0 {
				t.Fatalf("%s is no operation", name)
			}
			in, err := actions[i].Decode(body)
			if err != nil {
				t.Errorf("%s: %v", line, err)
				continue
			}
			got = marshal(t, in)
		case "answer":
			got = marshal(t, readAnswer[Service](t, name, body))
		case "error":
			got = writeError(t, body)
		default:
			t.Fatalf("line %q", line)
		}
		if want := Canonical(t, body); Canonical(t, got) != want {
			t.Errorf("%s %s: wrote\n%s, want\n%s", kind, name, got, want)
		}
	}
}

// readAnswer reads an answer into the type that an operation returns.
func readAnswer[Service any](t *testing.T, name string, body []byte) any {
	t.Helper()
	method, ok := reflect.TypeFor[Service]().MethodByName(name)
	if !ok {
		t.Fatalf("%s is no operation", name)
	}
	out := reflect.New(method.Type.Out(0).Elem()).Interface()
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(out); err != nil {
		t.Errorf("%s: %s: %v", name, body, err)
	}
	return out
}

// writeError answers a request with an error of the name and message in body.
func writeError(t *testing.T, body []byte) []byte {
	t.Helper()
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		t.Fatal(err)
	}
	type none struct{}
	h, err := awswire.NewTargetHandler(awswire.TargetConfig{Services: []awswire.TargetService{{
		Name: "example", Prefix: "Example", Verify: Verify("example"),
		Actions: []awswire.Action{awswire.DefineAction(awswire.Action{Name: "Fail", Unsigned: true},
			func(d *awswire.Decoder) (none, error) { return none{}, d.Skip() },
			func(context.Context, *none) (*none, error) {
				return nil, &errs.Error{Kind: errs.Conflict, Code: e.Type, Message: e.Message}
			})},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader("{}"))
	r.Header.Set("X-Amz-Target", "Example.Fail")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 400 || w.Header().Get("x-amzn-ErrorType") != e.Type {
		t.Errorf("status %d, error type %s, want 400 %s", w.Code, w.Header().Get("x-amzn-ErrorType"), e.Type)
	}
	got, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
