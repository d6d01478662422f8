package awswire

import (
	"net/http"
	"slices"

	"preamp/internal/errs"
)

// Errors of the protocol and of signatures, which no model lists.
const (
	codeSerialization    = "SerializationException"
	codeUnknownOperation = "UnknownOperationException"
	codeInvalidParameter = "InvalidParameterException"
)

// targetAnswer is how a kind of error looks in awsJson1_1.
type targetAnswer struct {
	status int
	// codes are the names it can have when the error itself has none: the first
	// that is modelled for the operation, else the first.
	codes []string
}

// targetAnswers is the one table of it. The services say 400 for everything but
// their own faults. 503 makes SDKs repeat the call as 500 does, and says that the
// failure may pass; 413 is answered by what stands before the services.
var targetAnswers = map[errs.Kind]targetAnswer{
	errs.Internal:        {http.StatusInternalServerError, []string{"InternalErrorException", "InternalServerException"}},
	errs.Invalid:         {http.StatusBadRequest, []string{codeInvalidParameter}},
	errs.Conflict:        {http.StatusBadRequest, []string{"ConcurrentModificationException", "ResourceConflictException", codeInvalidParameter}},
	errs.TooLarge:        {http.StatusRequestEntityTooLarge, []string{codeInvalidParameter}},
	errs.NotFound:        {http.StatusBadRequest, []string{"ResourceNotFoundException", codeInvalidParameter}},
	errs.Unauthenticated: {http.StatusBadRequest, []string{"NotAuthorizedException", "UnauthorizedException", "AccessDeniedException"}},
	errs.Forbidden:       {http.StatusBadRequest, []string{"NotAuthorizedException", "UnauthorizedException", "AccessDeniedException"}},
	errs.TooMany:         {http.StatusBadRequest, []string{"TooManyRequestsException"}},
	errs.Unavailable:     {http.StatusServiceUnavailable, []string{"InternalErrorException", "InternalServerException"}},
	errs.Timeout:         {http.StatusServiceUnavailable, []string{"InternalErrorException", "InternalServerException"}},
}

// targetError is the body of an error answer.
type targetError struct {
	Type    string `json:"__type"`
	Message string `json:"message"`
}

// describeTarget is the status and the body of an error. modelled are the error
// names of the operation.
func describeTarget(err error, modelled []string) (status int, body targetError) {
	public := errs.Public(err)
	a, ok := targetAnswers[public.Kind]
	if !ok {
		a = targetAnswers[errs.Internal]
	}
	body = targetError{Type: public.Code, Message: public.Message}
	if body.Type == "" {
		body.Type = a.codes[0]
		if i := slices.IndexFunc(a.codes, func(c string) bool { return slices.Contains(modelled, c) }); i >= 0 {
			body.Type = a.codes[i]
		}
	}
	return a.status, body
}
