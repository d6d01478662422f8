package hostedui_test

import (
	"os"
	"testing"

	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestPages runs the suite. PREAMP_TEST_SCREENSHOTS names a folder for pictures of
// the pages.
func TestPages(t *testing.T) {
	harness.Without(t, "hostedui")
	node := harness.Node(t, "hostedui")
	dev := harness.Dev(t)
	harness.NodeTest(t, node, []string{
		"SUITE_ENDPOINT=" + dev.Status.URL, "SUITE_TLS_ENDPOINT=" + dev.Status.TLSURL, "SUITE_KEY=" + dev.Key, "SUITE_SECRET=" + dev.Secret,
		"SUITE_BINARY=" + dev.Binary, "SUITE_DATA=" + dev.Data, "NODE_EXTRA_CA_CERTS=" + dev.Status.CAFile,
		"SUITE_CHROMIUM=" + chromium(t), "SUITE_SCREENSHOTS=" + os.Getenv("PREAMP_TEST_SCREENSHOTS"),
	}, "pages.test.mjs")
}

// chromium is the browser that is driven.
func chromium(t *testing.T) string {
	t.Helper()
	if named := os.Getenv("PREAMP_TEST_CHROMIUM"); named != "" {
		return named
	}
	return harness.Tool(t, "chromium", "apt-get install chromium, or name it in PREAMP_TEST_CHROMIUM", "/usr/bin/chromium-browser", "/usr/bin/google-chrome*")
}
