package userpool

import "preamp/internal/errs"

// The names of the exceptions.
const (
	codeAliasExists       = "AliasExistsException"
	codeDeliveryFailure   = "CodeDeliveryFailureException"
	codeMismatch          = "CodeMismatchException"
	codeDuplicateProvider = "DuplicateProviderException"
	codeEnableTOTP        = "EnableSoftwareTokenMFAException"
	codeExpiredCode       = "ExpiredCodeException"
	codeGroupExists       = "GroupExistsException"
	codeInvalidParameter  = "InvalidParameterException"
	codeInvalidPassword   = "InvalidPasswordException"
	codeLimitExceeded     = "LimitExceededException"
	codeNotAuthorized     = "NotAuthorizedException"
	codePasswordHistory   = "PasswordHistoryPolicyViolationException"
	codePasswordReset     = "PasswordResetRequiredException"
	codeResourceNotFound  = "ResourceNotFoundException"
	codeNoSoftwareToken   = "SoftwareTokenMFANotFoundException"
	codeTooManyRequests   = "TooManyRequestsException"
	codeUnsupportedState  = "UnsupportedUserStateException"
	codeUserNotConfirmed  = "UserNotConfirmedException"
	codeUserNotFound      = "UserNotFoundException"
	codeUsernameExists    = "UsernameExistsException"
)

func fail(kind errs.Kind, code, format string, args ...any) error {
	e := errs.E(kind, format, args...)
	e.Code = code
	return e
}

func invalid(format string, args ...any) error {
	return fail(errs.Invalid, codeInvalidParameter, format, args...)
}

func notAuthorized(format string, args ...any) error {
	return fail(errs.Unauthenticated, codeNotAuthorized, format, args...)
}

func limitExceeded(format string, args ...any) error {
	return fail(errs.TooMany, codeLimitExceeded, format, args...)
}

func noPool(id string) error {
	e := errs.Missing("UserPool", "User pool %s does not exist.", id)
	e.Code = codeResourceNotFound
	return e
}

func noClient(id string) error {
	e := errs.Missing("UserPoolClient", "User pool client %s does not exist.", id)
	e.Code = codeResourceNotFound
	return e
}

func noUser() error {
	return fail(errs.NotFound, codeUserNotFound, "User does not exist.")
}

// noCombination is the answer of the operations with codes for a user that does
// not exist.
func noCombination() error {
	return fail(errs.NotFound, codeUserNotFound, "Username/client id combination not found.")
}

func wrongPassword() error { return notAuthorized("Incorrect username or password.") }

func attemptsExceeded() error { return notAuthorized("Password attempts exceeded") }

func attemptLimit() error {
	return limitExceeded("Attempt limit exceeded, please try after some time.")
}

func wrongCode() error {
	return fail(errs.Invalid, codeMismatch, "Invalid verification code provided, please try again.")
}

// wrongFactor is wrongCode at sign-in.
func wrongFactor() error {
	return fail(errs.Unauthenticated, codeMismatch, "Invalid code or auth state for the user.")
}

func expiredCode() error {
	return fail(errs.Invalid, codeExpiredCode, "Invalid code provided, please request a code again.")
}

func disabled() error { return notAuthorized("User is disabled.") }

func unconfirmed() error {
	return fail(errs.Conflict, codeUserNotConfirmed, "User is not confirmed.")
}

func resetRequired() error {
	return fail(errs.Conflict, codePasswordReset, "Password reset required for the user")
}

func usernameExists() error {
	return fail(errs.Conflict, codeUsernameExists, "User already exists")
}

func aliasExists(attribute string) error {
	return fail(errs.Conflict, codeAliasExists, "An account with the given %s already exists.", attribute)
}

// nonconforming is the answer to attributes that the schema refuses, a line each.
func nonconforming(lines string) error {
	return invalid("Attributes did not conform to the schema: %s", lines)
}

func noDevice() error {
	return fail(errs.NotFound, codeResourceNotFound, "Device does not exist.")
}
