// Package errs holds the one error type of preamp. A feature chooses the kind,
// the AWS error code and the message; only transports turn an error into a
// status, headers and a body. Any error that is not an *Error is internal, and
// its text never reaches a client.
package errs

import (
	"errors"
	"fmt"
)

// Kind says what went wrong in terms that a transport can map to a status.
type Kind uint8

const (
	// Internal is a defect or an unexpected failure. Its message is never shown.
	Internal Kind = iota
	// Invalid is input that can never succeed as it is.
	Invalid
	// NotFound is something named by the caller that does not exist.
	NotFound
	// Conflict is a request that the present state does not allow.
	Conflict
	// Unauthenticated is a caller that did not prove who it is.
	Unauthenticated
	// Forbidden is a known caller that may not do this.
	Forbidden
	// TooLarge is input over a size limit.
	TooLarge
	// TooMany is a caller over its rate.
	TooMany
	// Unavailable is a failure that may pass, or a write whose outcome is unknown.
	Unavailable
	// Timeout is a wait for preamp's own resources that took too long.
	Timeout
)

var kindNames = [...]string{
	"internal", "invalid", "not found", "conflict", "unauthenticated",
	"forbidden", "too large", "too many", "unavailable", "timeout",
}

// String is the kind in lower case, for logs.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Error is an error that a client may see. Message is written for the client;
// Err is for the log only.
type Error struct {
	Kind Kind
	// Code is the AWS error name ("BadRequestException", "ConflictUnhandled");
	// empty lets the transport choose its default for the kind.
	Code    string
	Message string
	// Resource names the kind of thing that was not found ("App", "Api"), where
	// the wire error has a place for it.
	Resource string
	Err      error
}

// Error is the text for logs: message, then cause.
func (e *Error) Error() string {
	switch {
	case e.Message == "" && e.Err != nil:
		return e.Kind.String() + ": " + e.Err.Error()
	case e.Err != nil:
		return e.Message + ": " + e.Err.Error()
	case e.Message == "":
		return e.Kind.String()
	}
	return e.Message
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

// E makes an error of a kind with a message for the client.
func E(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Missing is a NotFound error that names the kind of thing that is missing.
func Missing(resource, format string, args ...any) *Error {
	return &Error{Kind: NotFound, Resource: resource, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an error of a kind with a cause for the log.
func Wrap(kind Kind, err error, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: err}
}

// KindOf is the kind of err; Internal for any error that is not an *Error.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Public is the part of err that a client may see. Internal errors, and all
// that are not an *Error, become "internal error".
func Public(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok && e.Kind != Internal {
		return e
	}
	return &Error{Kind: Internal, Message: "internal error", Err: err}
}
