package cognitojs_test

import (
	"testing"

	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestClients runs the suites, one after the other: clients spend their time on
// SRP, and two cores are not more.
func TestClients(t *testing.T) {
	harness.Without(t, "cognitojs")
	node := harness.Node(t, "cognitojs")
	dev := harness.Dev(t)
	env := dev.AuthSuite(t, "hybrid", "")
	harness.NodeTest(t, node, env, "identity.test.mjs", "srp.test.mjs", "jwt.test.mjs", "openid.test.mjs")
}
