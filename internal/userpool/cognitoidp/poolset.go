package cognitoidp

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

// poolExtra is what a pool answers as it was given: it has no effect here, or
// stands in its settings in another form.
type poolExtra struct {
	Tags     map[string]string               `json:",omitempty"`
	Email    *idp.EmailConfigurationType     `json:",omitempty"`
	SMS      *idp.SmsConfigurationType       `json:",omitempty"`
	AddOns   *idp.UserPoolAddOnsType         `json:",omitempty"`
	Recovery *idp.AccountRecoverySettingType `json:",omitempty"`
	Tier     string                          `json:",omitempty"`
	// Names says that UsernameConfiguration was given.
	Names bool `json:",omitempty"`
	// Link are the members of the message template that are about links.
	Link *idp.VerificationMessageTemplateType `json:",omitempty"`
}

func readExtra[T any](raw json.RawMessage) (T, error) {
	var out T
	if len(raw) == 0 {
		return out, nil
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, fmt.Errorf("decode extra settings: %w", err)
	}
	return out, nil
}

func writeExtra(v any) (json.RawMessage, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode extra settings: %w", err)
	}
	return raw, nil
}

// newSettings are the settings of a new pool.
//
// Errors: InvalidParameterException.
func newSettings(in *idp.CreateUserPoolInput, s *userpool.Settings) error {
	s.UsernameAttributes, s.AliasAttributes = in.UsernameAttributes, in.AliasAttributes
	// The API's default; consoles and CreateBackendAuth say false.
	s.CaseSensitive = in.UsernameConfiguration == nil || in.UsernameConfiguration.CaseSensitive
	for _, given := range in.Schema {
		added, err := newAttribute(given, false)
		if err != nil {
			return err
		}
		s.Attributes = append(s.Attributes, added)
	}
	return applySettings(in, s, poolExtra{Names: in.UsernameConfiguration != nil, Tags: in.UserPoolTags})
}

// changedSettings are the settings of a pool that is changed.
//
// Errors: InvalidParameterException.
func changedSettings(in *idp.UpdateUserPoolInput, s *userpool.Settings) error {
	before, err := readExtra[poolExtra](s.Extra)
	if err != nil {
		return err
	}
	extra := poolExtra{Names: before.Names, Tags: before.Tags}
	if in.UserPoolTags != nil {
		extra.Tags = in.UserPoolTags
	}
	return applySettings(&idp.CreateUserPoolInput{
		Policies: in.Policies, DeletionProtection: in.DeletionProtection, LambdaConfig: in.LambdaConfig,
		AutoVerifiedAttributes: in.AutoVerifiedAttributes, SmsVerificationMessage: in.SmsVerificationMessage,
		EmailVerificationMessage: in.EmailVerificationMessage, EmailVerificationSubject: in.EmailVerificationSubject,
		VerificationMessageTemplate: in.VerificationMessageTemplate, SmsAuthenticationMessage: in.SmsAuthenticationMessage,
		UserAttributeUpdateSettings: in.UserAttributeUpdateSettings, MFAConfiguration: in.MFAConfiguration,
		DeviceConfiguration: in.DeviceConfiguration, EmailConfiguration: in.EmailConfiguration, SmsConfiguration: in.SmsConfiguration,
		AdminCreateUserConfig: in.AdminCreateUserConfig, UserPoolAddOns: in.UserPoolAddOns,
		AccountRecoverySetting: in.AccountRecoverySetting, UserPoolTier: in.UserPoolTier,
	}, s, extra)
}

// applySettings sets what can be changed later too.
func applySettings(in *idp.CreateUserPoolInput, s *userpool.Settings, extra poolExtra) error {
	if err := refusePool(in); err != nil {
		return err
	}
	if err := checkTags(extra.Tags); err != nil {
		return err
	}
	s.Password, s.FirstFactors = passwordPolicy(in), nil
	if in.Policies != nil && in.Policies.SignInPolicy != nil {
		s.FirstFactors = in.Policies.SignInPolicy.AllowedFirstAuthFactors
	}
	s.AutoVerified, s.VerifyBeforeUpdate = in.AutoVerifiedAttributes, nil
	if u := in.UserAttributeUpdateSettings; u != nil {
		s.VerifyBeforeUpdate = u.AttributesRequireVerificationBeforeUpdate
	}
	s.Protected = in.DeletionProtection == idp.DeletionProtectionTypeActive
	s.AdminCreateOnly = in.AdminCreateUserConfig != nil && isTrue(in.AdminCreateUserConfig.AllowAdminCreateUserOnly)
	s.Recovery = recovery(in.AccountRecoverySetting)
	setMode(s, in.MFAConfiguration, in.SmsConfiguration != nil)
	setMessages(in, &s.Messages)
	extra.Email, extra.SMS, extra.AddOns = in.EmailConfiguration, in.SmsConfiguration, in.UserPoolAddOns
	extra.Recovery, extra.Tier = in.AccountRecoverySetting, in.UserPoolTier
	if t := in.VerificationMessageTemplate; t != nil {
		extra.Link = &idp.VerificationMessageTemplateType{
			DefaultEmailOption: t.DefaultEmailOption, EmailMessageByLink: t.EmailMessageByLink, EmailSubjectByLink: t.EmailSubjectByLink,
		}
	}
	var err error
	s.Extra, err = writeExtra(extra)
	return err
}

// setMode sets the MFA configuration of CreateUserPool and UpdateUserPool, which
// turn on codes by SMS; other factors are those of SetUserPoolMfaConfig.
func setMode(s *userpool.Settings, mode string, sms bool) {
	s.MFA.Mode = cmp.Or(mode, userpool.MFAOff)
	if s.MFA.Mode == userpool.MFAOff {
		s.MFA = userpool.MFASettings{Mode: userpool.MFAOff}
		return
	}
	s.MFA.SMS = sms
}

// refusePool names the settings that need what this version does not have.
func refusePool(in *idp.CreateUserPoolInput) error {
	if l := in.LambdaConfig; l != nil {
		for _, t := range []struct {
			name string
			set  bool
		}{
			{"PreSignUp", l.PreSignUp != ""},
			{"CustomMessage", l.CustomMessage != ""},
			{"PostConfirmation", l.PostConfirmation != ""},
			{"PreAuthentication", l.PreAuthentication != ""},
			{"PostAuthentication", l.PostAuthentication != ""},
			{"DefineAuthChallenge", l.DefineAuthChallenge != ""},
			{"CreateAuthChallenge", l.CreateAuthChallenge != ""},
			{"VerifyAuthChallengeResponse", l.VerifyAuthChallengeResponse != ""},
			{"PreTokenGeneration", l.PreTokenGeneration != ""},
			{"UserMigration", l.UserMigration != ""},
			{"PreTokenGenerationConfig", l.PreTokenGenerationConfig != nil},
			{"CustomSMSSender", l.CustomSMSSender != nil},
			{"CustomEmailSender", l.CustomEmailSender != nil},
			{"KMSKeyID", l.KMSKeyID != ""},
			{"InboundFederation", l.InboundFederation != nil},
		} {
			if t.set {
				return unavailable("LambdaConfig." + t.name)
			}
		}
	}
	if d := in.DeviceConfiguration; d != nil && (d.ChallengeRequiredOnNewDevice != nil || d.DeviceOnlyRememberedOnUserPrompt != nil) {
		return unavailable("DeviceConfiguration") // any member turns the tracking of devices on
	}
	if o := in.UserPoolAddOns; o != nil {
		if o.AdvancedSecurityMode == idp.AdvancedSecurityModeTypeEnforced {
			return unavailable("UserPoolAddOns.AdvancedSecurityMode ENFORCED")
		}
		if f := o.AdvancedSecurityAdditionalFlows; f != nil && f.CustomAuthMode != "" {
			return unavailable("UserPoolAddOns.AdvancedSecurityAdditionalFlows.CustomAuthMode")
		}
	}
	return nil
}

// passwordPolicy is the policy that is given; what it leaves out is not asked
// for.
func passwordPolicy(in *idp.CreateUserPoolInput) userpool.PasswordPolicy {
	out := userpool.DefaultPolicy()
	if in.AdminCreateUserConfig != nil && in.AdminCreateUserConfig.UnusedAccountValidityDays != nil {
		out.TemporaryDays = int(*in.AdminCreateUserConfig.UnusedAccountValidityDays) // the older way to say it
	}
	if in.Policies == nil || in.Policies.PasswordPolicy == nil {
		return out
	}
	p := in.Policies.PasswordPolicy
	if p.MinimumLength != nil {
		out.MinLength = int(*p.MinimumLength)
	}
	out.Upper, out.Lower = isTrue(p.RequireUppercase), isTrue(p.RequireLowercase)
	out.Digit, out.Symbol = isTrue(p.RequireNumbers), isTrue(p.RequireSymbols)
	if p.PasswordHistorySize != nil {
		out.History = int(*p.PasswordHistorySize)
	}
	if p.TemporaryPasswordValidityDays != nil {
		out.TemporaryDays = int(*p.TemporaryPasswordValidityDays)
	}
	return out
}

// recovery are the ways to recover accounts, the best first. Without a setting
// Cognito prefers the telephone, as it did before there was one.
func recovery(in *idp.AccountRecoverySettingType) []string {
	if in == nil || len(in.RecoveryMechanisms) == 0 {
		return []string{userpool.RecoverPhone, userpool.RecoverEmail}
	}
	list := slices.Clone(in.RecoveryMechanisms)
	slices.SortStableFunc(list, func(a, b idp.RecoveryOptionType) int { return cmp.Compare(a.Priority, b.Priority) })
	var out []string
	for _, m := range list {
		out = append(out, m.Name)
	}
	return out
}

// setMessages sets the templates. Those of the template win over the older
// members; the mail of a code at sign-in is that of SetUserPoolMfaConfig.
func setMessages(in *idp.CreateUserPoolInput, m *userpool.Messages) {
	m.Verification = userpool.Template{
		Subject: in.EmailVerificationSubject, Email: in.EmailVerificationMessage, SMS: in.SmsVerificationMessage,
	}
	if t := in.VerificationMessageTemplate; t != nil {
		m.Verification = userpool.Template{
			Subject: cmp.Or(t.EmailSubject, m.Verification.Subject), Email: cmp.Or(t.EmailMessage, m.Verification.Email),
			SMS: cmp.Or(t.SmsMessage, m.Verification.SMS),
		}
	}
	m.Forgot, m.Invite = userpool.Template{}, userpool.Template{}
	if c := in.AdminCreateUserConfig; c != nil && c.InviteMessageTemplate != nil {
		t := c.InviteMessageTemplate
		m.Invite = userpool.Template{Subject: t.EmailSubject, Email: t.EmailMessage, SMS: t.SMSMessage}
	}
	m.Factor.SMS = in.SmsAuthenticationMessage
}
