// Package amplifybackend implements the operations of the AWS Amplify Backend
// service (amplifybackend, 2020-08-11).
//
// Wire types, decoders, routes and the Service interface are generated from the
// facts of the service's public model; what is generated checks required
// members, types, enumerations and ranges, so an operation sees only inputs of
// the right form. Members that a client may leave out are pointers, and lists
// that are nil: absent, zero and empty differ. An explicit null is absent.
//
// An operation judges what the wire form and the registry show. Everything that
// needs a schema to be read is judged by the job that it starts. Operations that
// this version does not have are answered by one generated type, unavailable.
package amplifybackend
