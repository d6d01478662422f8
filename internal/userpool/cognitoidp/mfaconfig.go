package cognitoidp

import (
	"cmp"
	"context"

	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

// SetUserPoolMfaConfig implements idp.Service. The factors become those that are
// given.
func (a *API) SetUserPoolMfaConfig(ctx context.Context, in *idp.SetUserPoolMfaConfigInput) (*idp.SetUserPoolMfaConfigOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.SetUserPoolMfaConfigOutput, error) {
		p, err := a.users.UpdatePool(ctx, c, in.UserPoolID, func(_ *string, s *userpool.Settings) error { return setFactors(in, s) })
		if err != nil {
			return nil, err
		}
		out, err := mfaConfig(&p)
		return new(idp.SetUserPoolMfaConfigOutput(out)), err
	})
}

func setFactors(in *idp.SetUserPoolMfaConfigInput, s *userpool.Settings) error {
	if w := in.WebAuthnConfiguration; w != nil && *w != (idp.WebAuthnConfigurationType{}) {
		return unavailable("WebAuthnConfiguration")
	}
	extra, err := readExtra[poolExtra](s.Extra)
	if err != nil {
		return err
	}
	mode := cmp.Or(in.MFAConfiguration, s.MFA.Mode)
	totp := in.SoftwareTokenMFAConfiguration != nil && isTrue(in.SoftwareTokenMFAConfiguration.Enabled)
	if mode == userpool.MFAOff {
		if in.SmsMFAConfiguration != nil || in.EmailMFAConfiguration != nil || totp {
			return invalid("Invalid MFA configuration given, can't turn off MFA and configure an MFA together.")
		}
		s.MFA = userpool.MFASettings{Mode: mode}
		return nil
	}
	if mode == userpool.MFAOn && in.SmsMFAConfiguration == nil && in.EmailMFAConfiguration == nil && !totp {
		return invalid("At least one of [SmsMfaConfiguration] or [SoftwareTokenMfaConfiguration] must be provided.")
	}
	s.MFA = userpool.MFASettings{Mode: mode, TOTP: totp, SMS: in.SmsMFAConfiguration != nil, Email: in.EmailMFAConfiguration != nil}
	if sms := in.SmsMFAConfiguration; sms != nil {
		if sms.SmsConfiguration == nil && extra.SMS == nil {
			return invalid("[SmsConfiguration] is a required member of [SoftwareTokenMfaConfiguration].")
		}
		extra.SMS = cmp.Or(sms.SmsConfiguration, extra.SMS)
		s.Messages.Factor.SMS = sms.SmsAuthenticationMessage
	}
	if email := in.EmailMFAConfiguration; email != nil {
		s.Messages.Factor.Email, s.Messages.Factor.Subject = email.Message, email.Subject
	}
	s.Extra, err = writeExtra(extra)
	return err
}

// GetUserPoolMfaConfig implements idp.Service.
func (a *API) GetUserPoolMfaConfig(ctx context.Context, in *idp.GetUserPoolMfaConfigInput) (*idp.GetUserPoolMfaConfigOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.GetUserPoolMfaConfigOutput, error) {
		p, err := a.users.Pool(ctx, c, in.UserPoolID)
		if err != nil {
			return nil, err
		}
		out, err := mfaConfig(&p)
		return &out, err
	})
}

func mfaConfig(p *userpool.Pool) (idp.GetUserPoolMfaConfigOutput, error) {
	s := &p.Settings
	extra, err := readExtra[poolExtra](s.Extra)
	out := idp.GetUserPoolMfaConfigOutput{MFAConfiguration: s.MFA.Mode}
	if s.MFA.SMS {
		out.SmsMFAConfiguration = &idp.SmsMfaConfigType{SmsAuthenticationMessage: s.Messages.Factor.SMS, SmsConfiguration: extra.SMS}
	}
	if s.MFA.TOTP {
		out.SoftwareTokenMFAConfiguration = &idp.SoftwareTokenMfaConfigType{Enabled: new(true)}
	}
	if s.MFA.Email {
		out.EmailMFAConfiguration = &idp.EmailMfaConfigType{Message: s.Messages.Factor.Email, Subject: s.Messages.Factor.Subject}
	}
	return out, err
}
