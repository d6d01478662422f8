package amplifyjs_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"preamp/internal/oidc/oidctest"
	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestAmplify runs the suite against a server whose issuer is on this machine.
func TestAmplify(t *testing.T) {
	harness.Without(t, "amplifyjs")
	node := harness.Node(t, "amplifyjs")
	issuer := oidctest.New("", 0)
	web := httptest.NewServer(issuer)
	t.Cleanup(web.Close)
	issuer.URL = web.URL
	config := filepath.Join(t.TempDir(), "preamp.yaml")
	if err := os.WriteFile(config, []byte("outgoing: {allow: [127.0.0.0/8]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dev := harness.Dev(t, "--config", config, "--schema", "schema.graphql", "--app", "todo", "--oidc-issuer", issuer.URL, "--oidc-client-id", "web")
	file := filepath.Join(t.TempDir(), "amplifyconfiguration.json")
	dev.Run(t, "client-config", "--data", dev.Data, "--out", file)
	token := func(sub string) string {
		now := time.Now().Unix()
		return issuer.Token(map[string]any{"sub": sub, "aud": "web", "iat": now, "exp": now + 3600})
	}
	cmd := exec.CommandContext(t.Context(), node, "--test", "--test-reporter=spec", "amplify.test.mjs")
	cmd.Env = append(os.Environ(),
		"SUITE_CONFIG="+file, "SUITE_KEY="+dev.Key, "SUITE_SECRET="+dev.Secret, "SUITE_ALICE="+token("alice"), "SUITE_BOB="+token("bob"))
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}
