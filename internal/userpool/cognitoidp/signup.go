package cognitoidp

import (
	"context"

	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

// SignUp implements idp.Service.
func (a *API) SignUp(ctx context.Context, in *idp.SignUpInput) (*idp.SignUpOutput, error) {
	given, err := attributeMap(in.UserAttributes)
	if err != nil {
		return nil, err
	}
	return inClient(ctx, a, in.ClientID, func(c userpool.Call) (*idp.SignUpOutput, error) {
		out, err := a.users.SignUp(ctx, c, userpool.SignUpInput{
			ByClient: userpool.ByClient{Client: in.ClientID, SecretHash: in.SecretHash, Username: in.Username},
			Password: in.Password, Attributes: given,
		})
		if err != nil {
			return nil, err
		}
		return &idp.SignUpOutput{
			UserConfirmed: out.Confirmed, UserSub: out.Sub, Session: out.Session, CodeDeliveryDetails: deliveryOf(out.Delivery),
		}, nil
	})
}

// ConfirmSignUp implements idp.Service.
func (a *API) ConfirmSignUp(ctx context.Context, in *idp.ConfirmSignUpInput) (*idp.ConfirmSignUpOutput, error) {
	return inClient(ctx, a, in.ClientID, func(c userpool.Call) (*idp.ConfirmSignUpOutput, error) {
		by := userpool.ByClient{Client: in.ClientID, SecretHash: in.SecretHash, Username: in.Username}
		next, err := a.users.ConfirmSignUp(ctx, c, by, in.ConfirmationCode, isTrue(in.ForceAliasCreation), in.Session)
		if err != nil {
			return nil, err
		}
		return &idp.ConfirmSignUpOutput{Session: next}, nil
	})
}

// ResendConfirmationCode implements idp.Service.
func (a *API) ResendConfirmationCode(ctx context.Context, in *idp.ResendConfirmationCodeInput) (*idp.ResendConfirmationCodeOutput, error) {
	return inClient(ctx, a, in.ClientID, func(c userpool.Call) (*idp.ResendConfirmationCodeOutput, error) {
		by := userpool.ByClient{Client: in.ClientID, SecretHash: in.SecretHash, Username: in.Username}
		to, err := a.users.ResendConfirmationCode(ctx, c, by)
		if err != nil {
			return nil, err
		}
		return &idp.ResendConfirmationCodeOutput{CodeDeliveryDetails: deliveryOf(to)}, nil
	})
}

// ForgotPassword implements idp.Service.
func (a *API) ForgotPassword(ctx context.Context, in *idp.ForgotPasswordInput) (*idp.ForgotPasswordOutput, error) {
	return inClient(ctx, a, in.ClientID, func(c userpool.Call) (*idp.ForgotPasswordOutput, error) {
		by := userpool.ByClient{Client: in.ClientID, SecretHash: in.SecretHash, Username: in.Username}
		to, err := a.users.ForgotPassword(ctx, c, by)
		if err != nil {
			return nil, err
		}
		return &idp.ForgotPasswordOutput{CodeDeliveryDetails: deliveryOf(to)}, nil
	})
}

// ConfirmForgotPassword implements idp.Service.
func (a *API) ConfirmForgotPassword(ctx context.Context, in *idp.ConfirmForgotPasswordInput) (*idp.ConfirmForgotPasswordOutput, error) {
	return inClient(ctx, a, in.ClientID, func(c userpool.Call) (*idp.ConfirmForgotPasswordOutput, error) {
		by := userpool.ByClient{Client: in.ClientID, SecretHash: in.SecretHash, Username: in.Username}
		return nothing[idp.ConfirmForgotPasswordOutput](a.users.ConfirmForgotPassword(ctx, c, by, in.ConfirmationCode, in.Password))
	})
}
