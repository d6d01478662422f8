// Package httpx is the HTTP shell of preamp: one listener for HTTP and TLS, the
// dispatch of a raw request to the surface it belongs to, and what every request
// gets on its way: an id, a peer address that trusted proxies may set, a line in
// the access log and recovery from panics.
//
// It guarantees that a path reaches an AWS surface exactly as it was sent, that
// no secret of a request (header, query) is logged, that every answer carries
// x-amzn-RequestId and Date, and that Serve returns only when nothing it started
// is running any more.
package httpx
