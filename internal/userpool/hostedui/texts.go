package hostedui

import (
	"fmt"
	"strings"

	"preamp/internal/errs"
	"preamp/internal/userpool"
)

// texts are the errors of the API in the words of these pages; what is not here is
// shown as it is.
var texts = map[string]string{
	"Incorrect username or password.":                                       "The name or the password is wrong.",
	"User does not exist.":                                                  "There is no such user.",
	"Username/client id combination not found.":                             "There is no such user.",
	"Password attempts exceeded":                                            "Too many attempts have failed. Wait a while, then try again.",
	"Attempt limit exceeded, please try after some time.":                   "Too many attempts. Wait a while, then try again.",
	"Too many requests":                                                     "Too many people are signing in. Try again in a moment.",
	"Invalid verification code provided, please try again.":                 "The code is wrong. Check it and try again.",
	"Invalid code or auth state for the user.":                              "The code is wrong. Check it and try again.",
	"Code mismatch and fail enable Software Token MFA":                      "The code is wrong. Check it and try again.",
	"Invalid code provided, please request a code again.":                   "The code is no longer valid. Ask for another one.",
	"Invalid session for the user.":                                         "The sign-in was interrupted. Please sign in again.",
	"Invalid session for the user, session is expired.":                     "The sign-in took too long. Please sign in again.",
	"Invalid session for the user, session can only be used once.":          "This step was done before. Please sign in again.",
	"User is disabled.":                                                     "This account is disabled.",
	"User already exists":                                                   "There is an account with this name already.",
	"User is already confirmed.":                                            "The account is confirmed already. You can sign in.",
	"Password has previously been used.":                                    "You have used this password before. Choose another one.",
	"SignUp is not permitted for this user pool":                            "New accounts are made by an administrator.",
	"Temporary password has expired and must be reset by an administrator.": "The temporary password has expired. Ask an administrator for another one.",
	"Cannot reset password for the user as there is no registered/verified email or phone_number": "There is no verified e-mail address or phone number to which a code could be sent. Ask an administrator.",
}

// passwordRule is why a password is refused.
func passwordRule(e *errs.Error) string {
	if e.Code != "InvalidPasswordException" {
		return ""
	}
	if _, rule, ok := strings.Cut(e.Message, "policy: "); ok {
		return rule + "."
	}
	return ""
}

// rules say what a new password must have.
func rules(p userpool.PasswordPolicy) []string {
	out := []string{fmt.Sprintf("At least %d characters", p.MinLength)}
	for _, r := range []struct {
		on   bool
		text string
	}{
		{p.Upper, "An upper-case letter"},
		{p.Lower, "A lower-case letter"},
		{p.Digit, "A digit"},
		{p.Symbol, "A symbol, such as ! or ?"},
	} {
		if r.on {
			out = append(out, r.text)
		}
	}
	return out
}

// formRule is why a value is refused, in the texts that name members of the API.
func formRule(e *errs.Error) string {
	if strings.HasPrefix(e.Message, "1 validation error detected") {
		if strings.Contains(e.Message, "'username'") {
			return "The name must not have spaces in it, and not be too long."
		}
		return "A field has a value that is not allowed."
	}
	lines, ok := strings.CutPrefix(e.Message, "Attributes did not conform to the schema: ")
	if !ok {
		return ""
	}
	name, why, ok := strings.Cut(strings.TrimSpace(strings.SplitN(lines, "\n", 2)[0]), ": ")
	if !ok || name == "" {
		return ""
	}
	return attributeLabel(name) + ": " + why + "."
}
