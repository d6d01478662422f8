// Package outgoing calls addresses that came in over an API: issuers of tokens,
// their keys, HTTP resolvers. Who may write such an address must not reach with it
// what only this machine reaches.
//
// It guarantees that no connection is opened to a loopback, private, link-local
// or otherwise special address, in whatever form it is written, unless the
// operator listed its network; that the check is made on the address that is
// dialled, after every redirect too; that nothing but the listed networks is
// spoken to in clear; and that redirects, time and size are bounded.
package outgoing
