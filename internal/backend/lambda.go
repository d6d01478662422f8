package backend

import (
	"regexp"

	"preamp/internal/errs"
)

// SettingLambdaAuthorizer is the setting that names the Lambda authorizer of the
// APIs of an environment: the mode AWS_LAMBDA, which no operation carries.
const SettingLambdaAuthorizer = "lambdaauthorizer"

// functionForm is the form of function names.
var functionForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,140}$`)

var lambdaAuthorizer = Setting{
	Name: SettingLambdaAuthorizer,
	Doc:  "Name of the function that authorizes callers with tokens of their own (rules with allow: custom); empty for none.",
	check: func(value string) error {
		if value == "" || functionForm.MatchString(value) {
			return nil
		}
		return errs.E(errs.Invalid, "must be the name of a function or empty, not %q", printable(value))
	},
}

// FreeSettings are the settings whose values are not a list: Values is empty, and
// so is their default.
func FreeSettings() []Setting { return []Setting{lambdaAuthorizer} }
