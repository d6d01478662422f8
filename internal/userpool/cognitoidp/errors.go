package cognitoidp

import (
	"preamp/internal/errs"
	"preamp/internal/userpool/idp"
)

func fail(kind errs.Kind, code, format string, args ...any) error {
	e := errs.E(kind, format, args...)
	e.Code = code
	return e
}

func invalid(format string, args ...any) error {
	return fail(errs.Invalid, idp.InvalidParameterException, format, args...)
}

// unavailable names what this version does not have.
func unavailable(what string) error { return invalid("%s is not available in this version.", what) }

func noPool(id string) error {
	return fail(errs.NotFound, idp.ResourceNotFoundException, "User pool %s does not exist.", id)
}

func noClient(id string) error {
	return fail(errs.NotFound, idp.ResourceNotFoundException, "User pool client %s does not exist.", id)
}

func invalidToken() error {
	return fail(errs.Unauthenticated, idp.NotAuthorizedException, "Invalid Access Token")
}

func invalidSession() error {
	return fail(errs.Unauthenticated, idp.NotAuthorizedException, "Invalid session for the user.")
}
