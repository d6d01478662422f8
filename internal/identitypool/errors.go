package identitypool

import (
	"strings"
	"time"

	"preamp/internal/errs"
	"preamp/internal/identitypool/wire"
)

func fail(kind errs.Kind, code, format string, args ...any) error {
	e := errs.E(kind, format, args...)
	e.Code = code
	return e
}

func invalid(format string, args ...any) error {
	return fail(errs.Invalid, wire.InvalidParameterException, format, args...)
}

func notAuthorized(format string, args ...any) error {
	return fail(errs.Unauthenticated, wire.NotAuthorizedException, format, args...)
}

func conflict(format string, args ...any) error {
	return fail(errs.Conflict, wire.ResourceConflictException, format, args...)
}

func limitExceeded(format string, args ...any) error {
	return fail(errs.TooMany, wire.LimitExceededException, format, args...)
}

func unavailable(what string) error { return invalid("%s is not available in this version", what) }

func noPool(id string) error {
	e := errs.Missing("IdentityPool", "IdentityPool '%s' not found.", id)
	e.Code = wire.ResourceNotFoundException
	return e
}

func noIdentity(id string) error {
	e := errs.Missing("Identity", "Identity '%s' not found.", id)
	e.Code = wire.ResourceNotFoundException
	return e
}

func noGuests() error {
	return notAuthorized("Unauthenticated access is not supported for this identity pool.")
}

func noMatch() error {
	return notAuthorized("Logins don't match. Please include at least one valid login for this identity or identity pool.")
}

func forbidden(identity string) error {
	return notAuthorized("Access to Identity '%s' is forbidden.", identity)
}

func badConfiguration() error {
	return fail(errs.Conflict, wire.InvalidIdentityPoolConfigurationException,
		"Invalid identity pool configuration. Check assigned IAM roles for this pool.")
}

func linkedElsewhere() error {
	return conflict("Logins belong to different identities, or the identity has another login of the same provider.")
}

// Refused is the error of a login token that is not good: what Config.VerifyLogin
// answers.
func Refused(why string) error {
	return notAuthorized("%s", strings.TrimSpace(refusedText+" "+why))
}

const refusedText = "Invalid login token."

// Expired is the error of a login token that was good before.
func Expired(now, expires time.Time) error {
	return notAuthorized(refusedText+" Token expired: %d >= %d", now.Unix(), expires.Unix())
}

func isNotFound(err error) bool { return errs.KindOf(err) == errs.NotFound }
