// Package sigv4 verifies and makes AWS Signature Version 4 signatures.
//
// It guarantees that a request which passes Verify carries, unchanged, the
// method, the raw target, the signed headers and the body that the holder of
// the secret key signed, within the time the signature allows, for the service
// the verifier stands for; that every x-amz-* header of the request is part of
// what was signed; and that nothing is learned from the time a comparison
// takes. Verification works on the request as it was sent: it never re-signs a
// parsed and re-encoded copy, because net/url and net/http do not keep what the
// signer saw.
//
// The rules are those of the AWS General Reference, "Create a signed AWS API
// request"; the error names and texts are the ones that SDKs and users of AWS
// know. Temporary credentials are verified by their session token, without a
// database; a service has to allow them.
package sigv4
