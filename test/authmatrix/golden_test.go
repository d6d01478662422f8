package authmatrix_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"preamp/internal/authn"
)

// golden is a schema of the matrix with the verdicts about it. record.mjs says
// what the parts mean.
type golden struct {
	Family  string
	Name    string           `json:"schema"`
	Version int              `json:"version"`
	SDL     string           `json:"sdl"`
	Models  map[string]model `json:"models"`
	Ops     []operation      `json:"ops"`

	verdicts []verdicts
}

type model struct {
	Key     []string       `json:"key"`
	Ident   string         `json:"ident"`
	Select  []string       `json:"select"`
	Owners  []string       `json:"owners"`
	Rows    map[string]row `json:"rows"`
	Missing row            `json:"missing"`
}

// row is a stored row: texts and lists of texts by field; a field that is null is
// left out.
type row map[string]any

func (r *row) UnmarshalJSON(text []byte) error {
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	maps.DeleteFunc(m, func(_ string, v any) bool { return v == nil })
	*r = m
	return nil
}

type operation struct {
	Name  string         `json:"n"`
	Kind  string         `json:"kind"`
	Field string         `json:"field"`
	On    string         `json:"on"`
	Args  map[string]any `json:"args"`
	Input map[string]any `json:"input"`
	Path  string         `json:"path"`
	To    string         `json:"to"`
	Many  bool           `json:"many"`
}

// verdicts are those about one caller and operation, by row.
type verdicts struct {
	caller string
	op     *operation
	want   map[string]string
}

// load reads all golden files.
func load(t *testing.T) []*golden {
	t.Helper()
	files, err := filepath.Glob("testdata/*.jsonl")
	must(t, err)
	var out []*golden
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		lines := bufio.NewScanner(bytes.NewReader(text))
		lines.Buffer(nil, 1<<20)
		var g *golden
		for lines.Scan() {
			if lines.Bytes()[0] == '{' {
				g = &golden{Family: strings.TrimSuffix(filepath.Base(file), ".jsonl")}
				must(t, json.Unmarshal(lines.Bytes(), g))
				out = append(out, g)
				continue
			}
			var caller, name string
			var turned map[string]string
			must(t, json.Unmarshal(lines.Bytes(), &[]any{&caller, &name, &turned}))
			i := slices.IndexFunc(g.Ops, func(op operation) bool { return op.Name == name })
			if i < 0 {
				t.Fatalf("%s: %s: no operation %q", file, g.Name, name)
			}
			v := verdicts{caller: caller, op: &g.Ops[i], want: map[string]string{}}
			for verdict, rows := range turned {
				for r := range strings.FieldsSeq(rows) {
					v.want[r] = verdict
				}
			}
			g.verdicts = append(g.verdicts, v)
		}
		must(t, lines.Err())
	}
	return out
}

// loadCallers reads who calls.
func loadCallers(t *testing.T) map[string]authn.Caller {
	t.Helper()
	text, err := os.ReadFile("testdata/callers.json")
	must(t, err)
	var list map[string]struct {
		Mode   string
		Claims map[string]any
		Admin  bool
		IAM    struct {
			Role  string
			Guest *bool
		}
	}
	must(t, json.Unmarshal(text, &list))
	modes := map[string]authn.Mode{"apiKey": authn.APIKey, "userPool": authn.UserPool, "oidc": authn.OIDC, "iam": authn.IAM}
	out := map[string]authn.Caller{}
	for name, c := range list {
		caller := authn.Caller{Mode: modes[c.Mode], ID: name, Admin: c.Admin, Claims: c.Claims}
		if caller.Mode == "" {
			t.Fatalf("caller %s has the mode %q", name, c.Mode)
		}
		for _, claim := range []string{"username", "cognito:username", "sub"} {
			if s, ok := c.Claims[claim].(string); ok {
				caller.ID = s
			}
		}
		if caller.Mode == authn.IAM {
			caller.ARN = "arn:aws:sts::123456789012:assumed-role/" + c.IAM.Role + "/CognitoIdentityCredentials"
			if c.IAM.Guest != nil {
				caller.Federated = &authn.Federated{PoolID: "us-east-1:pool", IdentityID: "us-east-1:identity", Guest: *c.IAM.Guest}
			}
		}
		out[name] = caller
	}
	return out
}
