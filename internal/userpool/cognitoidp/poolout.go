package cognitoidp

import (
	"cmp"
	"slices"

	"preamp/internal/awswire"
	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

// poolType is a pool as the API shows it.
func (a *API) poolType(p *userpool.Pool) (*idp.UserPoolType, error) {
	s := &p.Settings
	extra, err := readExtra[poolExtra](s.Extra)
	if err != nil {
		return nil, err
	}
	out := &idp.UserPoolType{
		ID: p.ID, Name: p.Name, ARN: ARN(a.region, p.ID),
		CreationDate: awswire.Timestamp{Time: p.Created}, LastModifiedDate: awswire.Timestamp{Time: p.Changed},
		Policies: policies(s), DeletionProtection: idp.DeletionProtectionTypeInactive, LambdaConfig: &idp.LambdaConfigType{},
		SchemaAttributes: schemaAttributes(s), AutoVerifiedAttributes: nonEmpty(s.AutoVerified),
		AliasAttributes: nonEmpty(s.AliasAttributes), UsernameAttributes: nonEmpty(s.UsernameAttributes),
		SmsVerificationMessage: s.Messages.Verification.SMS, EmailVerificationMessage: s.Messages.Verification.Email,
		EmailVerificationSubject: s.Messages.Verification.Subject, SmsAuthenticationMessage: s.Messages.Factor.SMS,
		VerificationMessageTemplate: template(s.Messages.Verification, extra.Link),
		UserAttributeUpdateSettings: &idp.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: orEmpty(s.VerifyBeforeUpdate)},
		MFAConfiguration:            s.MFA.Mode, EmailConfiguration: extra.Email, SmsConfiguration: extra.SMS,
		UserPoolTags: extra.Tags, AdminCreateUserConfig: adminCreate(s), UserPoolAddOns: extra.AddOns,
		AccountRecoverySetting: shownRecovery(s.Recovery, extra.Recovery), UserPoolTier: cmp.Or(extra.Tier, idp.UserPoolTierTypeEssentials),
	}
	if s.Protected {
		out.DeletionProtection = idp.DeletionProtectionTypeActive
	}
	if out.EmailConfiguration == nil {
		out.EmailConfiguration = &idp.EmailConfigurationType{EmailSendingAccount: idp.EmailSendingAccountTypeCognitoDefault}
	}
	if out.UserPoolTags == nil {
		out.UserPoolTags = map[string]string{}
	}
	if extra.Names || !s.CaseSensitive {
		out.UsernameConfiguration = &idp.UsernameConfigurationType{CaseSensitive: s.CaseSensitive}
	}
	return out, nil
}

// shownRecovery is the setting as it was given, unless it was made or changed by
// others since; nothing when it is that of a pool without one.
func shownRecovery(have []string, given *idp.AccountRecoverySettingType) *idp.AccountRecoverySettingType {
	if slices.Equal(recovery(given), have) {
		return given
	}
	out := &idp.AccountRecoverySettingType{}
	for i, name := range have {
		out.RecoveryMechanisms = append(out.RecoveryMechanisms, idp.RecoveryOptionType{Priority: int32(i + 1), Name: name})
	}
	return out
}

func policies(s *userpool.Settings) *idp.UserPoolPolicyType {
	p := s.Password
	out := &idp.UserPoolPolicyType{
		PasswordPolicy: &idp.PasswordPolicyType{
			MinimumLength: new(int32(p.MinLength)), RequireUppercase: &p.Upper, RequireLowercase: &p.Lower, RequireNumbers: &p.Digit,
			RequireSymbols: &p.Symbol, TemporaryPasswordValidityDays: new(int32(p.TemporaryDays)),
		},
		SignInPolicy: &idp.SignInPolicyType{AllowedFirstAuthFactors: s.FirstFactors},
	}
	if p.History > 0 {
		out.PasswordPolicy.PasswordHistorySize = new(int32(p.History))
	}
	return out
}

func template(t userpool.Template, link *idp.VerificationMessageTemplateType) *idp.VerificationMessageTemplateType {
	out := idp.VerificationMessageTemplateType{}
	if link != nil {
		out = *link
	}
	out.SmsMessage, out.EmailMessage, out.EmailSubject = t.SMS, t.Email, t.Subject
	out.DefaultEmailOption = cmp.Or(out.DefaultEmailOption, idp.DefaultEmailOptionTypeConfirmWithCode)
	return &out
}

func adminCreate(s *userpool.Settings) *idp.AdminCreateUserConfigType {
	out := &idp.AdminCreateUserConfigType{
		AllowAdminCreateUserOnly: &s.AdminCreateOnly, UnusedAccountValidityDays: new(int32(s.Password.TemporaryDays)),
	}
	if t := s.Messages.Invite; t != (userpool.Template{}) {
		out.InviteMessageTemplate = &idp.MessageTemplateType{SMSMessage: t.SMS, EmailMessage: t.Email, EmailSubject: t.Subject}
	}
	return out
}

// nonEmpty leaves an empty list out of an answer.
func nonEmpty(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

// orEmpty shows an empty list.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
