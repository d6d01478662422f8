package cognitoidp

import (
	"context"
	"slices"

	"preamp/internal/awswire"
	"preamp/internal/userpool"
	"preamp/internal/userpool/idp"
)

func userType(u *userpool.User, names []string) idp.UserType {
	return idp.UserType{
		Username: u.Username, Attributes: attributeList(u.All(), names), Enabled: &u.Enabled, UserStatus: u.Status,
		UserCreateDate: awswire.Timestamp{Time: u.Created}, UserLastModifiedDate: awswire.Timestamp{Time: u.Changed},
		MFAOptions: mfaOptions(u),
	}
}

func userTypes(list []userpool.User, names []string) []idp.UserType {
	out := make([]idp.UserType, 0, len(list))
	for _, u := range list {
		out = append(out, userType(&u, names))
	}
	return out
}

// AdminCreateUser implements idp.Service.
func (a *API) AdminCreateUser(ctx context.Context, in *idp.AdminCreateUserInput) (*idp.AdminCreateUserOutput, error) {
	given, err := attributeMap(in.UserAttributes)
	if err != nil {
		return nil, err
	}
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminCreateUserOutput, error) {
		u, err := a.users.AdminCreateUser(ctx, c, userpool.NewUser{
			Pool: in.UserPoolID, Username: in.Username, Attributes: given, Temporary: in.TemporaryPassword,
			Suppress: in.MessageAction == idp.MessageActionTypeSuppress, Resend: in.MessageAction == idp.MessageActionTypeResend,
			Mediums: in.DesiredDeliveryMediums, ForceAlias: isTrue(in.ForceAliasCreation),
		})
		if err != nil {
			return nil, err
		}
		return &idp.AdminCreateUserOutput{User: new(userType(&u, nil))}, nil
	})
}

// AdminGetUser implements idp.Service.
func (a *API) AdminGetUser(ctx context.Context, in *idp.AdminGetUserInput) (*idp.AdminGetUserOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminGetUserOutput, error) {
		u, err := a.users.AdminUser(ctx, c, in.UserPoolID, in.Username)
		if err != nil {
			return nil, err
		}
		return &idp.AdminGetUserOutput{
			Username: u.Username, UserAttributes: attributeList(u.All(), nil), Enabled: &u.Enabled, UserStatus: u.Status,
			UserCreateDate: awswire.Timestamp{Time: u.Created}, UserLastModifiedDate: awswire.Timestamp{Time: u.Changed},
			MFAOptions: mfaOptions(&u), PreferredMFASetting: u.MFA.Preferred, UserMFASettingList: u.MFA.Settings(),
		}, nil
	})
}

// AdminUpdateUserAttributes implements idp.Service.
func (a *API) AdminUpdateUserAttributes(ctx context.Context, in *idp.AdminUpdateUserAttributesInput) (*idp.AdminUpdateUserAttributesOutput, error) {
	given, err := attributeMap(in.UserAttributes)
	if err != nil {
		return nil, err
	}
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminUpdateUserAttributesOutput, error) {
		return nothing[idp.AdminUpdateUserAttributesOutput](a.users.AdminUpdateAttributes(ctx, c, in.UserPoolID, in.Username, given))
	})
}

// AdminDeleteUserAttributes implements idp.Service.
func (a *API) AdminDeleteUserAttributes(ctx context.Context, in *idp.AdminDeleteUserAttributesInput) (*idp.AdminDeleteUserAttributesOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminDeleteUserAttributesOutput, error) {
		return nothing[idp.AdminDeleteUserAttributesOutput](a.users.AdminDeleteAttributes(ctx, c, in.UserPoolID, in.Username, in.UserAttributeNames))
	})
}

// AdminDeleteUser implements idp.Service.
func (a *API) AdminDeleteUser(ctx context.Context, in *idp.AdminDeleteUserInput) (*idp.AdminDeleteUserOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminDeleteUserOutput, error) {
		return nothing[idp.AdminDeleteUserOutput](a.users.AdminDelete(ctx, c, in.UserPoolID, in.Username))
	})
}

// AdminConfirmSignUp implements idp.Service.
func (a *API) AdminConfirmSignUp(ctx context.Context, in *idp.AdminConfirmSignUpInput) (*idp.AdminConfirmSignUpOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminConfirmSignUpOutput, error) {
		return nothing[idp.AdminConfirmSignUpOutput](a.users.AdminConfirm(ctx, c, in.UserPoolID, in.Username))
	})
}

// AdminEnableUser implements idp.Service.
func (a *API) AdminEnableUser(ctx context.Context, in *idp.AdminEnableUserInput) (*idp.AdminEnableUserOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminEnableUserOutput, error) {
		return nothing[idp.AdminEnableUserOutput](a.users.AdminEnable(ctx, c, in.UserPoolID, in.Username, true))
	})
}

// AdminDisableUser implements idp.Service.
func (a *API) AdminDisableUser(ctx context.Context, in *idp.AdminDisableUserInput) (*idp.AdminDisableUserOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminDisableUserOutput, error) {
		return nothing[idp.AdminDisableUserOutput](a.users.AdminEnable(ctx, c, in.UserPoolID, in.Username, false))
	})
}

// AdminResetUserPassword implements idp.Service.
func (a *API) AdminResetUserPassword(ctx context.Context, in *idp.AdminResetUserPasswordInput) (*idp.AdminResetUserPasswordOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminResetUserPasswordOutput, error) {
		return nothing[idp.AdminResetUserPasswordOutput](a.users.AdminResetPassword(ctx, c, in.UserPoolID, in.Username))
	})
}

// AdminSetUserPassword implements idp.Service.
func (a *API) AdminSetUserPassword(ctx context.Context, in *idp.AdminSetUserPasswordInput) (*idp.AdminSetUserPasswordOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminSetUserPasswordOutput, error) {
		err := a.users.AdminSetPassword(ctx, c, in.UserPoolID, in.Username, in.Password, isTrue(in.Permanent))
		return nothing[idp.AdminSetUserPasswordOutput](err)
	})
}

// AdminUserGlobalSignOut implements idp.Service.
func (a *API) AdminUserGlobalSignOut(ctx context.Context, in *idp.AdminUserGlobalSignOutInput) (*idp.AdminUserGlobalSignOutOutput, error) {
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.AdminUserGlobalSignOutOutput, error) {
		return nothing[idp.AdminUserGlobalSignOutOutput](a.users.AdminSignOut(ctx, c, in.UserPoolID, in.Username))
	})
}

// ListUsers implements idp.Service.
func (a *API) ListUsers(ctx context.Context, in *idp.ListUsersInput) (*idp.ListUsersOutput, error) {
	filter := ""
	if in.Filter != nil {
		filter = *in.Filter
	}
	return inPool(ctx, a, in.UserPoolID, func(c userpool.Call) (*idp.ListUsersOutput, error) {
		if err := a.known(ctx, c, in.UserPoolID, in.AttributesToGet); err != nil {
			return nil, err
		}
		list, next, err := a.users.Users(ctx, c, in.UserPoolID, filter, page(in.Limit, in.PaginationToken))
		if err != nil {
			return nil, err
		}
		return &idp.ListUsersOutput{Users: userTypes(list, in.AttributesToGet), PaginationToken: next}, nil
	})
}

// known refuses names that are no attributes of a pool.
func (a *API) known(ctx context.Context, c userpool.Call, pool string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	p, err := a.users.Pool(ctx, c, pool)
	if err != nil {
		return err
	}
	schema := p.Settings.Schema()
	unknown := func(name string) bool {
		_, ok := schema[name]
		return !ok
	}
	if slices.ContainsFunc(names, unknown) {
		return invalid("One or more requested attributes do not exist.")
	}
	return nil
}
