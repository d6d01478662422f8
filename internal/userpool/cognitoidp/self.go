package cognitoidp

import (
	"context"

	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

// GetUser implements idp.Service.
func (a *API) GetUser(ctx context.Context, in *idp.GetUserInput) (*idp.GetUserOutput, error) {
	return inToken(ctx, a, in.AccessToken, func(c userpool.Call) (*idp.GetUserOutput, error) {
		u, err := a.users.SignedIn(ctx, c, in.AccessToken)
		if err != nil {
			return nil, err
		}
		return &idp.GetUserOutput{
			Username: u.Username, UserAttributes: attributeList(u.All(), nil), MFAOptions: mfaOptions(&u),
			PreferredMFASetting: u.MFA.Preferred, UserMFASettingList: u.MFA.Settings(),
		}, nil
	})
}

// mfaOptions is where codes for the second factor of older clients go.
func mfaOptions(u *userpool.User) []idp.MFAOptionType {
	if !u.MFA.SMS {
		return nil
	}
	return []idp.MFAOptionType{{DeliveryMedium: idp.DeliveryMediumTypeSMS, AttributeName: attrPhone}}
}

// GetUserAuthFactors implements idp.Service.
func (a *API) GetUserAuthFactors(ctx context.Context, in *idp.GetUserAuthFactorsInput) (*idp.GetUserAuthFactorsOutput, error) {
	return inToken(ctx, a, in.AccessToken, func(c userpool.Call) (*idp.GetUserAuthFactorsOutput, error) {
		u, factors, err := a.users.FirstFactors(ctx, c, in.AccessToken)
		if err != nil {
			return nil, err
		}
		return &idp.GetUserAuthFactorsOutput{
			Username: u.Username, PreferredMFASetting: u.MFA.Preferred, UserMFASettingList: u.MFA.Settings(),
			ConfiguredUserAuthFactors: factors,
		}, nil
	})
}

// UpdateUserAttributes implements idp.Service.
func (a *API) UpdateUserAttributes(ctx context.Context, in *idp.UpdateUserAttributesInput) (*idp.UpdateUserAttributesOutput, error) {
	given, err := attributeMap(in.UserAttributes)
	if err != nil {
		return nil, err
	}
	return inToken(ctx, a, in.AccessToken, func(c userpool.Call) (*idp.UpdateUserAttributesOutput, error) {
		sent, err := a.users.UpdateAttributes(ctx, c, in.AccessToken, given)
		if err != nil {
			return nil, err
		}
		out := &idp.UpdateUserAttributesOutput{}
		for _, d := range sent {
			out.CodeDeliveryDetailsList = append(out.CodeDeliveryDetailsList, *deliveryOf(&d))
		}
		return out, nil
	})
}

// DeleteUserAttributes implements idp.Service.
func (a *API) DeleteUserAttributes(ctx context.Context, in *idp.DeleteUserAttributesInput) (*idp.DeleteUserAttributesOutput, error) {
	return inToken(ctx, a, in.AccessToken, func(c userpool.Call) (*idp.DeleteUserAttributesOutput, error) {
		return nothing[idp.DeleteUserAttributesOutput](a.users.DeleteAttributes(ctx, c, in.AccessToken, in.UserAttributeNames))
	})
}

// GetUserAttributeVerificationCode implements idp.Service.
func (a *API) GetUserAttributeVerificationCode(ctx context.Context, in *idp.GetUserAttributeVerificationCodeInput) (*idp.GetUserAttributeVerificationCodeOutput, error) {
	return inToken(ctx, a, in.AccessToken, func(c userpool.Call) (*idp.GetUserAttributeVerificationCodeOutput, error) {
		to, err := a.users.SendAttributeCode(ctx, c, in.AccessToken, in.AttributeName)
		if err != nil {
			return nil, err
		}
		return &idp.GetUserAttributeVerificationCodeOutput{CodeDeliveryDetails: deliveryOf(to)}, nil
	})
}

// VerifyUserAttribute implements idp.Service.
func (a *API) VerifyUserAttribute(ctx context.Context, in *idp.VerifyUserAttributeInput) (*idp.VerifyUserAttributeOutput, error) {
	return inToken(ctx, a, in.AccessToken, func(c userpool.Call) (*idp.VerifyUserAttributeOutput, error) {
		return nothing[idp.VerifyUserAttributeOutput](a.users.VerifyAttribute(ctx, c, in.AccessToken, in.AttributeName, in.Code))
	})
}

// ChangePassword implements idp.Service.
func (a *API) ChangePassword(ctx context.Context, in *idp.ChangePasswordInput) (*idp.ChangePasswordOutput, error) {
	return inToken(ctx, a, in.AccessToken, func(c userpool.Call) (*idp.ChangePasswordOutput, error) {
		return nothing[idp.ChangePasswordOutput](a.users.ChangePassword(ctx, c, in.AccessToken, in.PreviousPassword, in.ProposedPassword))
	})
}

// DeleteUser implements idp.Service.
func (a *API) DeleteUser(ctx context.Context, in *idp.DeleteUserInput) (*idp.DeleteUserOutput, error) {
	return inToken(ctx, a, in.AccessToken, func(c userpool.Call) (*idp.DeleteUserOutput, error) {
		return nothing[idp.DeleteUserOutput](a.users.DeleteUser(ctx, c, in.AccessToken))
	})
}

// GlobalSignOut implements idp.Service.
func (a *API) GlobalSignOut(ctx context.Context, in *idp.GlobalSignOutInput) (*idp.GlobalSignOutOutput, error) {
	return inToken(ctx, a, in.AccessToken, func(c userpool.Call) (*idp.GlobalSignOutOutput, error) {
		return nothing[idp.GlobalSignOutOutput](a.users.SignOutEverywhere(ctx, c, in.AccessToken))
	})
}
