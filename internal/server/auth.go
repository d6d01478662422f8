package server

import (
	"net/http"

	"preamp/internal/authn"
	"preamp/internal/oidc"
	"preamp/internal/outgoing"
	"preamp/internal/sigv4"
)

// tokens verifies the tokens of issuers elsewhere. Who configures an API names
// the issuer, so it is called through the guard.
func (s *Server) tokens() (*oidc.Verifier, error) {
	s.outside = outgoing.New(outgoing.Config{Allow: s.outgoing, UserAgent: "preamp/" + s.version})
	return oidc.New(oidc.Config{Get: s.outside.Document, Logger: s.logger})
}

// signed verifies GraphQL requests that are signed with an access key of this
// server. Who has one administers all APIs.
func (s *Server) signed() func(*http.Request, []byte) (authn.Caller, error) {
	verifier := &sigv4.Verifier{Keys: s.creds, Service: "appsync"}
	return func(q *http.Request, body []byte) (authn.Caller, error) {
		i, err := verifier.Verify(q, body)
		return authn.Caller{Mode: authn.IAM, ID: i.AccessKey, ARN: i.ARN, Admin: err == nil}, err
	}
}
