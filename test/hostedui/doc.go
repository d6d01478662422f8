// Package hostedui drives the hosted pages of user pools in a headless Chromium,
// against the binary: sign-up with the code from the inbox, sign-in, second
// factors, forgotten and temporary passwords, sign-out, the code flow with PKCE
// and the implicit flow, and names that try to be more than text. Scripts are off:
// the pages have to work without.
package hostedui
