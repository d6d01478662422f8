package amplifyjs_test

import (
	"bytes"
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

const installNode = "apt-get install nodejs npm (Node.js 20 or newer)"

// TestAmplify runs the suite against a server whose issuer is on this machine.
func TestAmplify(t *testing.T) {
	harness.Without(t, "amplifyjs")
	node := harness.Tool(t, "node", installNode)
	install(t)
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

// install brings the packages of package-lock.json when they are not there.
func install(t *testing.T) {
	t.Helper()
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	// The lock that the present packages were installed from.
	stamp := filepath.Join("node_modules", ".preamp-lock")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, lock) {
		return
	}
	npm := harness.Tool(t, "npm", installNode)
	if out, err := exec.CommandContext(t.Context(), npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts").CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s\n(PREAMP_TEST_WITHOUT=amplifyjs switches this suite off)", err, out)
	}
	if err := os.WriteFile(stamp, lock, 0o644); err != nil {
		t.Fatal(err)
	}
}
