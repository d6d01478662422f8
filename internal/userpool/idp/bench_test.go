package idp_test

import (
	"slices"
	"strings"
	"testing"

	"preamp/internal/awswire"
	"preamp/internal/awswire/targettest"
	"preamp/internal/userpool/idp"
)

// BenchmarkDecode reads what clients send most, and the bodies that cost most
// for their size: 1 MiB is what a handler lets in.
func BenchmarkDecode(b *testing.B) {
	const big = 1<<20 - 100
	for _, bb := range []struct{ name, operation, body string }{
		{"InitiateAuth", "InitiateAuth", `{"AuthFlow":"USER_SRP_AUTH","AuthParameters":{"USERNAME":"alice","SRP_A":"` + strings.Repeat("ab12", 192) + `"},"ClientId":"3n4b5urk1ft4fl3mg5e62d9ado"}`},
		{"GetUser", "GetUser", `{"AccessToken":"` + strings.Repeat("eyJh", 256) + `"}`},
		{"LongToken", "GetUser", `{"AccessToken":"` + strings.Repeat("a", big) + `"}`},
		{"ManyElements", "DeleteUserAttributes", `{"AccessToken":"a","UserAttributeNames":["a"` + strings.Repeat(`,"a"`, big/4) + `]}`},
		{"ManyViolations", "DeleteUserAttributes", `{"AccessToken":"a","UserAttributeNames":[""` + strings.Repeat(`,""`, big/3) + `]}`},
		{"ManyUnknown", "CreateUserPool", `{"a":` + strings.Repeat(`[`, 60) + strings.Repeat(`{"b":0},`, big/8) + `0` + strings.Repeat(`]`, 60) + `}`},
	} {
		b.Run(bb.name, func(b *testing.B) {
			actions := idp.Actions(idp.Unavailable{})
			decode := actions[slices.IndexFunc(actions, func(a awswire.Action) bool { return a.Name == bb.operation })].Decode
			body := []byte(bb.body)
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				_, _ = decode(body)
			}
		})
	}
}

// BenchmarkHTTP answers an unsigned and a signed request.
func BenchmarkHTTP(b *testing.B) {
	h, err := awswire.NewTargetHandler(awswire.TargetConfig{Services: []awswire.TargetService{idp.Target(idp.Unavailable{}, targettest.Verify(idp.SigningName))}})
	if err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct{ name, operation, signedAs, body string }{
		{"unsigned", "GetUser", "", `{"AccessToken":"` + strings.Repeat("eyJh", 256) + `"}`},
		{"signed", "AdminGetUser", idp.SigningName, `{"UserPoolId":"us-east-1_AbCdEfGhI","Username":"alice"}`},
	} {
		b.Run(bb.name, func(b *testing.B) {
			for b.Loop() {
				targettest.Send(b, h, "/", idp.TargetPrefix+"."+bb.operation, bb.signedAs, []byte(bb.body))
			}
		})
	}
}
