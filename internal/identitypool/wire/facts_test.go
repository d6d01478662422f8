package wire_test

import (
	"testing"

	"preamp/internal/awswire/targettest"
	"preamp/internal/identitypool/wire"
)

const factsFile = "../../../tools/awsgen/cognito-identity.json"

func TestFacts(t *testing.T) {
	t.Parallel()
	f := targettest.Read(t, factsFile)
	if len(f.Operations) != 23 {
		t.Errorf("%d operations, want 23", len(f.Operations))
	}
	targettest.Run(t, f, wire.Actions(wire.Unavailable{}))
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	targettest.RunHTTP(t, targettest.Read(t, factsFile), wire.Target(wire.Unavailable{}, targettest.Verify(wire.SigningName)))
}

func TestGolden(t *testing.T) {
	t.Parallel()
	targettest.RunGolden[wire.Service](t, "testdata/wire.txt", wire.Actions(wire.Unavailable{}))
}

func FuzzDecode(f *testing.F) {
	targettest.Fuzz(f, targettest.Read(f, factsFile), wire.Actions(wire.Unavailable{}))
}
