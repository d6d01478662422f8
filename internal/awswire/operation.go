package awswire

import "context"

// Operation is one operation of a service: the facts of its model, and how it
// is decoded and called.
type Operation struct {
	Name   string
	Method string
	// URI is the template of the path: literals and {labels}.
	URI string
	// Members are the top-level members of the body.
	Members []Member
	// Errors are the names of the modelled errors.
	Errors []string
	// Decode makes the input of labels, in the order of URI, and body, and
	// validates it. Its errors are of kind Invalid.
	Decode func(labels []string, body []byte) (any, error)
	// Call runs the operation on an input that Decode made.
	Call func(ctx context.Context, in any) (any, error)
}

// Define completes an operation with a typed decoder and the function that
// implements it.
func Define[In, Out any](
	o Operation,
	decode func(d *Decoder, labels []string) (In, error),
	call func(ctx context.Context, in *In) (*Out, error),
) Operation {
	o.Decode = func(labels []string, body []byte) (any, error) {
		return Ptr(Decode(body, func(d *Decoder) (In, error) { return decode(d, labels) }))
	}
	o.Call = bind(o.Name, call)
	return o
}
