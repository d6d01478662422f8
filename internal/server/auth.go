package server

import (
	"preamp/internal/oidc"
	"preamp/internal/outgoing"
)

// tokens verifies the tokens of issuers elsewhere. Who configures an API names
// the issuer, so it is called through the guard.
func (s *Server) tokens() (*oidc.Verifier, error) {
	s.outside = outgoing.New(outgoing.Config{Allow: s.outgoing, UserAgent: "preamp/" + s.version})
	return oidc.New(oidc.Config{Get: s.outside.Document, Logger: s.logger})
}
