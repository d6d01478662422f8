package amplify5js_test

import (
	"testing"

	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// TestAmplify5 runs the suite.
func TestAmplify5(t *testing.T) {
	harness.Without(t, "amplify5js")
	node := harness.Node(t, "amplify5js")
	dev := harness.Dev(t)
	env := dev.AuthSuite(t, "aws-exports", "../schemas/users.graphql")
	harness.NodeTest(t, node, env, "auth.test.mjs", "api.test.mjs")
}
