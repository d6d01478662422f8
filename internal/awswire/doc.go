// Package awswire is the runtime of generated AWS operations: Handler for the
// REST-JSON protocol, TargetHandler for awsJson1_1. Each runs the same phases for
// every operation, so that none can forget one: preflight, route, body limit,
// signature, rate limit, decode and validate, call, encode.
//
// It guarantees that an operation is called only for a verified caller, or for
// anybody if its model says so, with an input that has every required member and
// nothing of another type, name case, enumeration or range than its model says;
// that two members of one name are never read as one; that labels come from the
// raw path, split before they are unescaped; and that every answer, errors
// included, has the form that AWS SDKs read. Errors come from one table per
// protocol.
package awswire
