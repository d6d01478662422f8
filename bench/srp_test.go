package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"preamp/internal/userpool/srp"
)

// The client of the benchmark and the arithmetic of the server agree, and a wrong
// password is noticed.
func TestHandshake(t *testing.T) {
	t.Parallel()
	server := srp.New()
	who := srp.Identity{Pool: "AbCdEfGhI", User: "someone"}
	for n := range 24 {
		salt, err := srp.NewSalt(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		verifier := server.Verifier(who, poolPassword, salt)
		for _, password := range []string{poolPassword, "another"} {
			h, err := newHandshake()
			if err != nil {
				t.Fatal(err)
			}
			public, err := server.ParsePublic(h.public.Text(16))
			if err != nil {
				t.Fatal(err)
			}
			begun, err := server.Begin(verifier, public, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			answers, err := h.prove(who.Pool, password, map[string]string{
				"USER_ID_FOR_SRP": who.User, "USERNAME": who.User, "SALT": srp.SaltText(salt), "SRP_B": begun.B().String(),
				"SECRET_BLOCK": base64.StdEncoding.EncodeToString([]byte("a block")),
			}, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			proof, err := srp.ParseProof(answers["PASSWORD_CLAIM_SECRET_BLOCK"], answers["TIMESTAMP"], answers["PASSWORD_CLAIM_SIGNATURE"])
			if err != nil {
				t.Fatal(err)
			}
			if err := server.Verify(begun, who, verifier, proof); (err == nil) != (password == poolPassword) {
				t.Fatalf("handshake %d with %q: %v", n, password, err)
			}
		}
	}
}

// The limit of sign-ins takes the requests of both ways, and no wrong password.
func TestCryptoLimit(t *testing.T) {
	t.Parallel()
	l, err := newCryptoLimit()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	p := userPool{url: server.URL, id: limitPool, client: "limit", users: signers}
	if err := p.bySRP(t.Context(), http.DefaultClient, 1); err != nil {
		t.Error(err)
	}
	if out, err := p.byPassword(t.Context(), http.DefaultClient, 1); err != nil || out.AuthenticationResult.AccessToken == "" {
		t.Errorf("%+v, %v", out, err)
	}
	for _, body := range []string{
		`{"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"PASSWORD":"another"}}`, `{"AuthFlow":"USER_SRP_AUTH","AuthParameters":{"SRP_A":"0"}}`,
		`{"ChallengeResponses":{}}`, `{`,
	} {
		resp, err := http.Post(server.URL, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s is answered %d", body, resp.StatusCode)
		}
	}
}

// A definition names the pool whose tokens the API takes.
func TestPoolDefinition(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(definition{name: "a", schema: "s", pool: "us-east-1_AbCdEfGhI"}.config())
	if err != nil || !strings.Contains(string(text), `"cognitoUserPoolId":"us-east-1_AbCdEfGhI"`) || !strings.Contains(string(text), `"AMAZON_COGNITO_USER_POOLS"`) {
		t.Errorf("%s, %v", text, err)
	}
}
