package harness

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// AuthSuite makes the apps that the JavaScript suites of user pools work with,
// and answers the variables that tell about them. Their client configuration, of
// a form of `preamp client-config`, is in the folder SUITE_CONFIGS: <app>.json, or
// <app>.mjs where the form is JavaScript.
//
//   - plain: e-mail addresses sign in, no second factor, hosted pages, an identity
//     pool with guests, and the GraphQL API of the schema file
//   - choice: user names, a second factor is optional
//   - must: user names, a second factor is required
func (s *Server) AuthSuite(t testing.TB, format, schemaFile string) []string {
	t.Helper()
	mfa := M{"mfaTypes": []string{"SMS", "TOTP"}, "smsMessage": "Sign in by {####}"}
	with := func(mode string) M {
		return M{
			"signInMethod": "USERNAME", "requiredSignUpAttributes": []string{"EMAIL"}, "oAuth": nil,
			"mfa": M{"MFAMode": mode, "settings": mfa},
		}
	}
	ext := ".json"
	if format == "aws-exports" {
		ext = ".mjs"
	}
	dir, c := t.TempDir(), s.Client()
	backends := map[string]Auth{}
	for _, app := range []struct {
		name, schema string
		auth         M
	}{
		{"plain", schemaFile, AuthConfig("plain", nil)},
		{"choice", "", AuthConfig("choice", with("OPTIONAL"))},
		{"must", "", AuthConfig("must", with("ON"))},
	} {
		backends[app.name] = c.Backend(t, app.name, app.auth, app.schema)
		s.Run(t, "client-config", "--data", s.Data, "--app", app.name, "--format", format, "--out", filepath.Join(dir, app.name+ext))
	}
	ids, err := json.Marshal(backends)
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"SUITE_ENDPOINT=" + s.Status.URL, "SUITE_TLS_ENDPOINT=" + s.Status.TLSURL, "SUITE_KEY=" + s.Key, "SUITE_SECRET=" + s.Secret,
		"SUITE_BINARY=" + s.Binary, "SUITE_DATA=" + s.Data, "SUITE_BACKENDS=" + string(ids), "SUITE_CONFIGS=" + dir,
		"NODE_EXTRA_CA_CERTS=" + s.Status.CAFile,
	}
}

// NodeTest runs test files of a suite with further variables.
func NodeTest(t *testing.T, node string, env []string, files ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), node, append([]string{"--test", "--test-reporter=spec"}, files...)...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}
