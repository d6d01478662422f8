package idp_test

import (
	"testing"

	"preamp/internal/awswire/targettest"
	"preamp/internal/userpool/idp"
)

const factsFile = "../../../tools/awsgen/cognito-idp.json"

func TestFacts(t *testing.T) {
	t.Parallel()
	f := targettest.Read(t, factsFile)
	if len(f.Operations) != 122 {
		t.Errorf("%d operations, want 122", len(f.Operations))
	}
	targettest.Run(t, f, idp.Actions(idp.Unavailable{}))
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	targettest.RunHTTP(t, targettest.Read(t, factsFile), idp.Target(idp.Unavailable{}, targettest.Verify(idp.SigningName)))
}

func TestGolden(t *testing.T) {
	t.Parallel()
	targettest.RunGolden[idp.Service](t, "testdata/wire.txt", idp.Actions(idp.Unavailable{}))
}

func FuzzDecode(f *testing.F) {
	targettest.Fuzz(f, targettest.Read(f, factsFile), idp.Actions(idp.Unavailable{}))
}
