// Package creds keeps the access keys with which callers sign requests to the
// control plane. Secrets are stored sealed. A revoked key stops working at once
// on the node that revoked it and within five seconds on the others.
//
// It also makes the temporary credentials of identity pools. Nothing of them is
// stored: a session token that was changed, is of another access key or has
// expired is refused on every node, without a database.
package creds
