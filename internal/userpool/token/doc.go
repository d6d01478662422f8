// Package token issues and verifies the tokens of user pools: id and access
// tokens, signed by two keys per pool, and refresh tokens, which are opaque.
//
// What it guarantees: an id or access token is accepted only with a signature by
// the pool's key of that purpose, in exactly the form in which it was issued, for
// exactly the issuer that was asked for, before its end; a key that was rotated
// out is published until the last token that it signed has expired; private keys
// are sealed, refresh tokens are stored hashed; a refresh token that was rotated
// out works for its grace, during which each call gets the same successor, and
// after it ends the session; a session that was ended stays ended.
//
// Where the time matters it is an argument. What is said about a refused token is
// the text that clients know; why it was refused is for the log.
package token
