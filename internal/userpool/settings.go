package userpool

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Attributes that sign in, are verified or recover accounts.
const (
	attrEmail     = "email"
	attrPhone     = "phone_number"
	attrPreferred = "preferred_username"
	attrSub       = "sub"
	attrUsername  = "username"
)

// MFA configurations.
const (
	MFAOff      = "OFF"
	MFAOn       = "ON"
	MFAOptional = "OPTIONAL"
)

const (
	settingsVersion = 1

	// RecoverEmail, RecoverPhone and RecoverAdmin are account recovery mechanisms.
	RecoverEmail = "verified_email"
	RecoverPhone = "verified_phone_number"
	RecoverAdmin = "admin_only"
)

// Settings is how a pool is set up, stored as one document.
type Settings struct {
	Version  int
	Password PasswordPolicy
	// UsernameAttributes are what users sign in with in the place of a user name:
	// email, phone_number. AliasAttributes sign in beside it: email, phone_number,
	// preferred_username. A pool has one or the other, for good.
	UsernameAttributes, AliasAttributes []string
	// CaseSensitive says whether user names differ by case. E-mail addresses never
	// do.
	CaseSensitive bool
	// AutoVerified attributes are sent a code when they are given.
	AutoVerified []string
	// VerifyBeforeUpdate is AttributesRequireVerificationBeforeUpdate.
	VerifyBeforeUpdate []string
	// Attributes are the custom attributes, and the standard ones that are not as
	// they stand in the standard.
	Attributes []Attribute
	MFA        MFASettings
	// FirstFactors are those of USER_AUTH: PASSWORD, EMAIL_OTP, SMS_OTP.
	FirstFactors []string
	Messages     Messages
	// AdminCreateOnly forbids SignUp.
	AdminCreateOnly bool
	// Recovery are the ways of ForgotPassword, the best first.
	Recovery []string
	// AWSIssuer makes tokens name the pool as AWS would.
	AWSIssuer bool
	// Protected pools are not deleted.
	Protected bool
	// Extra is kept for the API and not read here.
	Extra json.RawMessage `json:",omitempty"`
}

// PasswordPolicy says which passwords are accepted.
type PasswordPolicy struct {
	MinLength                   int
	Upper, Lower, Digit, Symbol bool
	// History is how many earlier passwords are refused.
	History int
	// TemporaryDays is how long a temporary password works.
	TemporaryDays int
}

// MFASettings are the second factors of a pool.
type MFASettings struct {
	Mode             string // OFF, ON, OPTIONAL
	SMS, TOTP, Email bool
}

// DefaultPolicy is the policy of a pool for which none is given.
func DefaultPolicy() PasswordPolicy {
	return PasswordPolicy{MinLength: 8, Upper: true, Lower: true, Digit: true, Symbol: true, TemporaryDays: 7}
}

// setDefaults fills in what was left out.
func (s *Settings) setDefaults() {
	s.Version = settingsVersion
	if s.Password == (PasswordPolicy{}) {
		s.Password = DefaultPolicy()
	}
	if s.Password.MinLength == 0 {
		s.Password.MinLength = DefaultPolicy().MinLength
	}
	if s.Password.TemporaryDays == 0 { // the API takes 0 for none given
		s.Password.TemporaryDays = DefaultPolicy().TemporaryDays
	}
	if s.MFA.Mode == "" {
		s.MFA.Mode = MFAOff
	}
	if len(s.FirstFactors) == 0 {
		s.FirstFactors = []string{factorPassword}
	}
	if len(s.Recovery) == 0 {
		s.Recovery = []string{RecoverEmail, RecoverPhone}
	}
}

// check refuses settings that contradict themselves.
func (s *Settings) check() error {
	if len(s.UsernameAttributes) > 0 && len(s.AliasAttributes) > 0 {
		return invalid("Only one of the aliasAttributes or usernameAttributes can be set in an user pool.")
	}
	for _, c := range []struct {
		member  string
		values  []string
		allowed []string
	}{
		{"usernameAttributes", s.UsernameAttributes, []string{attrPhone, attrEmail}},
		{"aliasAttributes", s.AliasAttributes, []string{attrPhone, attrEmail, attrPreferred}},
		{"autoVerifiedAttributes", s.AutoVerified, []string{attrPhone, attrEmail}},
		{"attributesRequireVerificationBeforeUpdate", s.VerifyBeforeUpdate, []string{attrPhone, attrEmail}},
		{"recoveryMechanisms", s.Recovery, []string{RecoverEmail, RecoverPhone, RecoverAdmin}},
	} {
		if err := oneOf(c.member, c.values, c.allowed); err != nil {
			return err
		}
	}
	if !slices.Contains([]string{MFAOff, MFAOn, MFAOptional}, s.MFA.Mode) {
		return invalid("[MfaConfiguration] must be one of 'ON', 'OFF', or 'OPTIONAL'.")
	}
	if s.MFA.Mode == MFAOn && !s.MFA.SMS && !s.MFA.TOTP && !s.MFA.Email {
		return invalid("Invalid MFA configuration given, can't turn on MFA without a second factor.")
	}
	if slices.Contains(s.FirstFactors, "WEB_AUTHN") {
		return unavailable("WEB_AUTHN")
	}
	if err := oneOf("allowedFirstAuthFactors", s.FirstFactors, []string{factorPassword, challengeEmailOTP, challengeSMSOTP}); err != nil {
		return err
	}
	if !slices.Contains(s.FirstFactors, factorPassword) {
		return invalid("PASSWORD must be among the AllowedFirstAuthFactors.")
	}
	if err := s.Password.check(); err != nil {
		return err
	}
	return s.checkSchema()
}

// unavailable names what this version does not have.
func unavailable(what string) error {
	return invalid("%s is not available in this version.", what)
}

// oneOf answers as the API does for a value that is not in an enumeration.
func oneOf(member string, values, allowed []string) error {
	for i, v := range values {
		if !slices.Contains(allowed, v) {
			return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: "+
				"Member must satisfy enum value set: [%s]", v, member, strings.Join(allowed, ", "))
		}
		if slices.Contains(values[:i], v) {
			return invalid("Duplicate value '%s' at '%s'.", v, member)
		}
	}
	return nil
}

// signsIn reports whether an attribute is a sign-in name, verified or not.
func (s *Settings) signsIn(attribute string) bool {
	return slices.Contains(s.UsernameAttributes, attribute)
}

// aliases reports whether an attribute is a sign-in name once it is verified.
func (s *Settings) aliases(attribute string) bool {
	return slices.Contains(s.AliasAttributes, attribute)
}

// foldName is the form in which a name that signs in is compared.
func (s *Settings) foldName(name string) string {
	// Letters that look the same and are written in several ways are the same.
	name = norm.NFKC.String(name)
	email := s.signsIn(attrEmail) || s.aliases(attrEmail)
	if !s.CaseSensitive || email && strings.Contains(name, "@") {
		return strings.ToLower(name)
	}
	return name
}

// hasFirstFactor reports whether a factor of USER_AUTH is on.
func (s *Settings) hasFirstFactor(name string) bool { return slices.Contains(s.FirstFactors, name) }

func encodeSettings(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode settings: %w", err)
	}
	return string(b), nil
}

// decodeSettings reads a stored document, and refuses one that a newer version
// has written.
func decodeSettings(text string, version *int, v any) error {
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("decode settings: %w", err)
	}
	if *version < 1 || *version > settingsVersion {
		return fmt.Errorf("settings of version %d are not known to this version of preamp", *version)
	}
	return nil
}

// FoldName is the form in which a name that signs in is compared.
func (s *Settings) FoldName(name string) string { return s.foldName(name) }
