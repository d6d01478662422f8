package awswire

import (
	"net/http"

	"preamp/internal/errs"
)

// answer is how a kind of error looks on the wire.
type answer struct {
	status int
	// code is the error name when the error itself has none.
	code string
}

// answers is the one table of it. BadRequestException, NotFoundException,
// TooManyRequestsException and GatewayTimeoutException are the modelled errors;
// SDKs repeat calls on 429 and on every 5xx, so a state that a repeat cannot
// change is 400, and a failure that may pass is 503.
var answers = map[errs.Kind]answer{
	errs.Internal:        {http.StatusInternalServerError, "InternalServerException"},
	errs.Invalid:         {http.StatusBadRequest, "BadRequestException"},
	errs.Conflict:        {http.StatusBadRequest, "BadRequestException"},
	errs.TooLarge:        {http.StatusRequestEntityTooLarge, "BadRequestException"},
	errs.NotFound:        {http.StatusNotFound, "NotFoundException"},
	errs.Unauthenticated: {http.StatusForbidden, "MissingAuthenticationTokenException"},
	errs.Forbidden:       {http.StatusForbidden, "AccessDeniedException"},
	errs.TooMany:         {http.StatusTooManyRequests, "TooManyRequestsException"},
	errs.Unavailable:     {http.StatusServiceUnavailable, "ServiceUnavailableException"},
	errs.Timeout:         {http.StatusGatewayTimeout, "GatewayTimeoutException"},
}

// errorBody is the body of an error answer.
type errorBody struct {
	Message      string `json:"message"`
	ResourceType string `json:"resourceType,omitempty"`
	LimitType    string `json:"limitType,omitempty"`
}

// describe is the status, the error name and the body of an error.
func describe(err error) (status int, code string, body errorBody) {
	public := errs.Public(err)
	a, ok := answers[public.Kind]
	if !ok {
		a = answers[errs.Internal]
	}
	body = errorBody{Message: public.Message}
	switch public.Kind {
	case errs.NotFound:
		body.ResourceType = public.Resource
	case errs.TooMany:
		body.LimitType = public.Resource
	}
	if public.Code != "" {
		a.code = public.Code
	}
	return a.status, a.code, body
}
