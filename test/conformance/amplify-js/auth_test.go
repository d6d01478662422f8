package amplifyjs_test

import (
	"testing"

	"preamp/test/harness"
)

// TestAuth runs the suites of user pools and identity pools.
func TestAuth(t *testing.T) {
	t.Parallel()
	harness.Without(t, "amplifyjs")
	node := harness.Node(t, "amplifyjs")
	dev := harness.Dev(t)
	env := dev.AuthSuite(t, "hybrid", "../schemas/users.graphql")
	harness.NodeTest(t, node, env, "auth.test.mjs", "auth-factors.test.mjs", "auth-api.test.mjs")
}
