package wire_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/test/harness"
)

// official is what the official code generator writes for the schemas of
// internal/graphql/codegen, which says how it was recorded.
const official = "../../../internal/graphql/codegen/testdata/official"

// TestModels asks for the models of whole APIs, as `amplify pull` does, reads
// them as the Amplify CLI does and compares them with the official ones.
func TestModels(t *testing.T) {
	t.Parallel()
	_, c := fixture(t)
	for _, name := range []string{
		"scalars", "enums", "embedded", "primary-keys", "indexes", "has-one", "has-many", "composite-relations", "self-relations",
		"several-relations", "required-relations", "values", "timestamps", "v1-connections", "v1-join",
	} {
		source, err := os.ReadFile(filepath.Join(official, name+".graphql"))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(official, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			SchemaJS      struct{ Value json.RawMessage } `json:"schemajs"`
			Introspection struct{ Value json.RawMessage } `json:"introspection"`
		}
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatal(err)
		}
		at := func(more ...any) harness.M {
			m := harness.M{"appId": "wire", "backendEnvironmentName": "dev", "resourceName": strings.ReplaceAll(name, "-", "")}
			for i := 0; i < len(more); i += 2 {
				m[more[i].(string)] = more[i+1]
			}
			return m
		}
		c.Job(t, "CreateBackendAPI", at("resourceConfig", harness.M{"transformSchema": string(source)}))
		if got := c.Must(t, "GetBackendAPIModels", at()); got["status"] != "STALE" || got["models"] != nil {
			t.Errorf("%s, before they were made: %v", name, got)
		}
		c.Job(t, "GenerateBackendAPIModels", at())
		got := c.Must(t, "GetBackendAPIModels", at())
		if got["status"] != "LATEST" {
			t.Errorf("%s: status %v", name, got["status"])
		}
		models, _ := got["models"].(string)
		introspection, _ := got["modelIntrospectionSchema"].(string)
		// Old releases take what is between the braces and remove semicolons.
		_, models, _ = strings.Cut(models, "=")
		models = strings.ReplaceAll(models, ";", "")
		if diff := cmp.Diff(indented(t, string(want.SchemaJS.Value)), indented(t, models)); diff != "" {
			t.Errorf("%s: models (-official +ours):\n%s", name, diff)
		}
		if diff := cmp.Diff(indented(t, string(want.Introspection.Value)), indented(t, introspection)); diff != "" {
			t.Errorf("%s: introspection (-official +ours):\n%s", name, diff)
		}
	}
}

// indented gives JSON the white space that a reader of a difference needs.
func indented(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(strings.TrimSpace(text)), "", "  "); err != nil {
		t.Fatalf("%v: %.300s", err, text)
	}
	return b.String()
}
