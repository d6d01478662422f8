// Package oidc verifies the tokens of OpenID Connect issuers: compact JWS that
// are signed by a key of the issuer's published set.
//
// It guarantees that a token is accepted only with a signature by a key that the
// issuer publishes now, by an algorithm that belongs to the key and not to the
// token, with exactly the issuer that was asked for, before its end; that nothing
// in the token names the key or where to get it; and that the work for a bad
// token, the calls to an issuer and the memory kept are bounded.
//
// The signatures themselves are checked by the standard library, without a library
// for JOSE in between: what is accepted here is one form with nine algorithms, and
// the libraries know more of both (JWE, keys in headers, salts of any length, loose
// base64), which would have to be closed again.
//
// RFC 7515 (JWS), 7517 (JWK), 7519 (JWT), 8725 (best practices), OpenID Connect
// Discovery 1.0.
package oidc
