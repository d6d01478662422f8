package harness_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"preamp/test/harness"
)

// TestSign compares with signatures that botocore 1.43.11 made. The suites rely
// on this signer, so it must not share an error with the server.
func TestSign(t *testing.T) {
	t.Parallel()
	signer := harness.Signer{
		Key: "AKIDEXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		Time: time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC),
	}
	for _, c := range []struct {
		name, path, contentType, body, signed, signature string
	}{
		{
			name: "body", path: "/backend/d1a2b3c4d5e6f7/details", contentType: "application/json", body: `{"backendEnvironmentName": "dev"}`,
			signed: "content-type;host;x-amz-date", signature: "b936900e8caa688eab1a5b22a6a95b32616efb1cb6a8bd0680d69347c0c16a61",
		},
		{
			name: "escaped label", path: "/backend/a%20b%2Fc/challenge",
			signed: "host;x-amz-date", signature: "ece3e979091bed20a8515baa9659510adf05f184f7e15d758fc098b913a94168",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := harness.NewRequest(t.Context(), http.MethodPost, "http://127.0.0.1:8080"+c.path, []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			signer.Sign(r, []byte(c.body))
			got := r.Header.Get("Authorization")
			if !strings.HasSuffix(got, "SignedHeaders="+c.signed+", Signature="+c.signature) {
				t.Errorf("got %s\nwant %s %s", got, c.signed, c.signature)
			}
		})
	}
}
