package awswire

import "context"

// Request is what an operation may know of the request it answers, beside its
// input. Principal, Operation, Path, InvocationID and BodySHA256 together name
// an attempt of a client's call: all attempts of one call have them in common.
type Request struct {
	ID        string
	Operation string
	// Principal is the access key that signed the request, ARN its IAM name.
	Principal, ARN string
	Region         string
	// Path is the raw path.
	Path string
	// InvocationID is the client's name of the call (amz-sdk-invocation-id), empty
	// if it sent none or one that no SDK sends. boto3 does not sign it: it proves
	// nothing without the principal and the body.
	InvocationID string
	// BodySHA256 is the hash of the body; of the members as a JSON text when a
	// presigned URL carried them in its query.
	BodySHA256 [32]byte
	// Body is what BodySHA256 is the hash of. It may hold members that the input does
	// not have.
	Body      []byte
	Presigned bool
}

type requestKey struct{}

// RequestFrom is the request that an operation answers; false outside of one.
func RequestFrom(ctx context.Context) (Request, bool) {
	q, ok := ctx.Value(requestKey{}).(Request)
	return q, ok
}

// NewContext carries a request.
func NewContext(ctx context.Context, q Request) context.Context {
	return context.WithValue(ctx, requestKey{}, q)
}

// invocationID is a client's name of a call. A UUID has 36 characters; the bound
// keeps what is stored small.
func invocationID(s string) string {
	if len(s) > 64 {
		return ""
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return ""
		}
	}
	return s
}
