package awswire

import (
	"context"
	"errors"
	"fmt"
)

// Action is one operation of an awsJson1_1 service: the facts of its model, and
// how it is decoded and called. Its zero value demands a signature.
type Action struct {
	Name string
	// Unsigned says that requests prove themselves by what stands in them, such
	// as a password or a token, or not at all.
	Unsigned bool
	// Errors are the names of the modelled errors.
	Errors []string
	// Decode makes the input of a body and validates it; see DecodeInput.
	Decode func(body []byte) (any, error)
	// Call runs the operation on an input that Decode made.
	Call func(ctx context.Context, in any) (any, error)
}

// DefineAction completes an action with a typed decoder and the function that
// implements it.
func DefineAction[In, Out any](
	a Action,
	decode func(d *Decoder) (In, error),
	call func(ctx context.Context, in *In) (*Out, error),
) Action {
	a.Decode = func(body []byte) (any, error) { return Ptr(DecodeInput(body, decode)) }
	a.Call = bind(a.Name, call)
	return a
}

// bind makes a typed function callable by its name alone.
func bind[In, Out any](name string, call func(ctx context.Context, in *In) (*Out, error)) func(context.Context, any) (any, error) {
	return func(ctx context.Context, in any) (any, error) {
		typed, ok := in.(*In)
		if !ok {
			return nil, fmt.Errorf("%s: input is %T", name, in)
		}
		out, err := call(ctx, typed)
		if err != nil {
			return nil, err
		}
		if out == nil {
			return nil, errors.New(name + " returned neither an answer nor an error")
		}
		return out, nil
	}
}
