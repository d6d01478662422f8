// Package social signs users in by identity providers: Google, Facebook, Login
// with Amazon, Sign in with Apple, and any OpenID Connect provider. It makes the
// URL to which the browser goes, exchanges the code that it brings back, and
// answers who signed in. It keeps nothing: state, nonce and the PKCE verifier are
// the caller's.
//
// What it guarantees: an id token counts only with a signature by a key that the
// provider publishes, for exactly the issuer and client, with the nonce of this
// sign-in, before its end (with five minutes for clocks that differ); what the
// userinfo endpoint says counts only for the same user; a code is sent, with the
// client's secret, to the token endpoint and nowhere else, for redirects are not
// followed; an address that came over the API or from a discovery document is
// dialled through the guard, those of the operator directly; time and size of
// every answer are bounded; no secret and no answer of a provider is in an error
// that a client sees.
//
// OpenID Connect Core 1.0 and Discovery 1.0; RFC 6749, 7636.
package social
