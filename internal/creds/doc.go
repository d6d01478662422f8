// Package creds keeps the access keys with which callers sign requests to the
// control plane. Secrets are stored sealed. A revoked key stops working at once
// on the node that revoked it and within five seconds on the others.
package creds
