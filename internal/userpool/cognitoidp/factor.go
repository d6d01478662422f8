package cognitoidp

import (
	"context"

	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

const attrPhone = "phone_number"

// AssociateSoftwareToken implements idp.Service.
func (a *API) AssociateSoftwareToken(ctx context.Context, in *idp.AssociateSoftwareTokenInput) (*idp.AssociateSoftwareTokenOutput, error) {
	return inBearer(ctx, a, in.AccessToken, in.Session, func(c userpool.Call) (*idp.AssociateSoftwareTokenOutput, error) {
		out, err := a.users.AssociateSoftwareToken(ctx, c, in.AccessToken, in.Session)
		if err != nil {
			return nil, err
		}
		return &idp.AssociateSoftwareTokenOutput{SecretCode: out.Secret, Session: out.Session}, nil
	})
}

// VerifySoftwareToken implements idp.Service.
func (a *API) VerifySoftwareToken(ctx context.Context, in *idp.VerifySoftwareTokenInput) (*idp.VerifySoftwareTokenOutput, error) {
	return inBearer(ctx, a, in.AccessToken, in.Session, func(c userpool.Call) (*idp.VerifySoftwareTokenOutput, error) {
		next, err := a.users.VerifySoftwareToken(ctx, c, in.AccessToken, in.Session, in.UserCode, in.FriendlyDeviceName)
		if err != nil {
			return nil, err
		}
		return &idp.VerifySoftwareTokenOutput{Status: idp.VerifySoftwareTokenResponseTypeSuccess, Session: next}, nil
	})
}

// inBearer runs fn where an access token, or else a Session, belongs.
func inBearer[T any](ctx context.Context, a *API, accessToken, session string, fn func(c userpool.Call) (T, error)) (T, error) {
	var none T
	switch {
	case accessToken != "":
		return inToken(ctx, a, accessToken, fn)
	case session == "":
		return none, invalid("Either an AccessToken or a Session is required.")
	}
	client, err := userpool.SessionClient(session)
	if err != nil {
		return none, err
	}
	c, release, err := a.find(ctx, userpool.RouteClient, client, invalidSession())
	if err != nil {
		return none, err
	}
	defer release()
	return fn(c)
}

// SetUserMFAPreference implements idp.Service.
func (a *API) SetUserMFAPreference(ctx context.Context, in *idp.SetUserMFAPreferenceInput) (*idp.SetUserMFAPreferenceOutput, error) {
	want, err := preferences(in.SMSMFASettings, in.SoftwareTokenMFASettings, in.EmailMFASettings, in.WebAuthnMFASettings)
	if err != nil {
		return nil, err
	}
	return inToken(ctx, a, in.AccessToken, func(c userpool.Call) (*idp.SetUserMFAPreferenceOutput, error) {
		return nothing[idp.SetUserMFAPreferenceOutput](a.users.SetMFAPreference(ctx, c, in.AccessToken, want))
	})
}

// AdminSetUserMFAPreference implements idp.Service.
func (a *API) AdminSetUserMFAPreference(ctx context.Context, in *idp.AdminSetUserMFAPreferenceInput) (*idp.AdminSetUserMFAPreferenceOutput, error) {
	want, err := preferences(in.SMSMFASettings, in.SoftwareTokenMFASettings, in.EmailMFASettings, in.WebAuthnMFASettings)
	if err != nil {
		return nil, err
	}
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminSetUserMFAPreferenceOutput, error) {
		return nothing[idp.AdminSetUserMFAPreferenceOutput](a.users.AdminSetMFAPreference(ctx, c, in.UserPoolID, in.Username, want))
	})
}

func preferences(sms *idp.SMSMfaSettingsType, totp *idp.SoftwareTokenMfaSettingsType, email *idp.EmailMfaSettingsType,
	passkey *idp.WebAuthnMfaSettingsType,
) (userpool.Preferences, error) {
	var out userpool.Preferences
	if passkey != nil && isTrue(passkey.Enabled) {
		return out, unavailable("WebAuthnMfaSettings")
	}
	if sms != nil {
		out.SMS = &userpool.Preference{Enabled: isTrue(sms.Enabled), Preferred: isTrue(sms.PreferredMFA)}
	}
	if totp != nil {
		out.TOTP = &userpool.Preference{Enabled: isTrue(totp.Enabled), Preferred: isTrue(totp.PreferredMFA)}
	}
	if email != nil {
		out.Email = &userpool.Preference{Enabled: isTrue(email.Enabled), Preferred: isTrue(email.PreferredMFA)}
	}
	return out, nil
}

// SetUserSettings implements idp.Service: the way of older clients to choose
// codes by SMS.
func (a *API) SetUserSettings(ctx context.Context, in *idp.SetUserSettingsInput) (*idp.SetUserSettingsOutput, error) {
	want, err := smsOption(in.MFAOptions)
	if err != nil {
		return nil, err
	}
	return inToken(ctx, a, in.AccessToken, func(c userpool.Call) (*idp.SetUserSettingsOutput, error) {
		return nothing[idp.SetUserSettingsOutput](a.users.SetMFAPreference(ctx, c, in.AccessToken, want))
	})
}

// AdminSetUserSettings implements idp.Service.
func (a *API) AdminSetUserSettings(ctx context.Context, in *idp.AdminSetUserSettingsInput) (*idp.AdminSetUserSettingsOutput, error) {
	want, err := smsOption(in.MFAOptions)
	if err != nil {
		return nil, err
	}
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminSetUserSettingsOutput, error) {
		return nothing[idp.AdminSetUserSettingsOutput](a.users.AdminSetMFAPreference(ctx, c, in.UserPoolID, in.Username, want))
	})
}

func smsOption(list []idp.MFAOptionType) (userpool.Preferences, error) {
	for _, o := range list {
		if o.DeliveryMedium != idp.DeliveryMediumTypeSMS || o.AttributeName != attrPhone {
			return userpool.Preferences{}, invalid("MFAOptions can only be SMS to phone_number.")
		}
	}
	return userpool.Preferences{SMS: &userpool.Preference{Enabled: len(list) > 0}}, nil
}
