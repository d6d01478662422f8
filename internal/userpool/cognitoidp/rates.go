package cognitoidp

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"preamp/internal/awswire"
	"preamp/internal/errs"
	"preamp/internal/userpool/idp"
)

// Rates are how many requests of a category of operations the server takes in a
// second, from all callers together; zero is no limit. The categories are those
// of Cognito's quotas.
type Rates struct {
	UserAuthentication, UserCreation, UserAccountRecovery, UserToken float64
	UserRead, UserUpdate, UserList                                   float64
	UserResourceRead, UserResourceUpdate                             float64
	UserPoolRead, UserPoolUpdate                                     float64
	UserPoolResourceRead, UserPoolResourceUpdate                     float64
	ClientRead, ClientUpdate                                         float64
}

// DefaultRates are the quotas of an account.
func DefaultRates() Rates {
	return Rates{
		UserAuthentication: 120, UserCreation: 50, UserAccountRecovery: 30, UserToken: 120, UserRead: 120, UserUpdate: 25, UserList: 30,
		UserResourceRead: 50, UserResourceUpdate: 25, UserPoolRead: 15, UserPoolUpdate: 15,
		UserPoolResourceRead: 20, UserPoolResourceUpdate: 15, ClientRead: 15, ClientUpdate: 15,
	}
}

// category is a rate and the operations that share it.
type category struct {
	rate       float64
	operations []string
}

// categories has every operation once.
func (r *Rates) categories() []category {
	return []category{
		{r.UserAuthentication, []string{"InitiateAuth", "RespondToAuthChallenge", "AdminInitiateAuth", "AdminRespondToAuthChallenge"}},
		{r.UserCreation, []string{"SignUp", "ConfirmSignUp", "AdminCreateUser", "AdminConfirmSignUp"}},
		{r.UserAccountRecovery, []string{
			"ForgotPassword", "ConfirmForgotPassword", "ChangePassword", "AdminResetUserPassword", "AdminSetUserPassword",
		}},
		{r.UserToken, []string{"GetTokensFromRefreshToken", "RevokeToken", "GlobalSignOut", "AdminUserGlobalSignOut"}},
		{r.UserRead, []string{"GetUser", "AdminGetUser", "GetUserAuthFactors"}},
		{r.UserUpdate, []string{
			"UpdateUserAttributes", "DeleteUserAttributes", "VerifyUserAttribute", "DeleteUser", "AdminUpdateUserAttributes",
			"AdminDeleteUserAttributes", "AdminDeleteUser", "AdminEnableUser", "AdminDisableUser", "AdminAddUserToGroup",
			"AdminRemoveUserFromGroup", "AdminLinkProviderForUser", "AdminDisableProviderForUser",
		}},
		{r.UserList, []string{"ListUsers", "ListUsersInGroup"}},
		{r.UserResourceRead, []string{
			"GetUserAttributeVerificationCode", "ResendConfirmationCode", "AdminListGroupsForUser", "AdminListUserAuthEvents",
			"GetDevice", "ListDevices", "AdminGetDevice", "AdminListDevices", "ListWebAuthnCredentials",
		}},
		{r.UserResourceUpdate, []string{
			"AssociateSoftwareToken", "VerifySoftwareToken", "SetUserMFAPreference", "AdminSetUserMFAPreference", "SetUserSettings",
			"AdminSetUserSettings", "ConfirmDevice", "ForgetDevice", "UpdateDeviceStatus", "AdminForgetDevice", "AdminUpdateDeviceStatus",
			"UpdateAuthEventFeedback", "AdminUpdateAuthEventFeedback", "StartWebAuthnRegistration", "CompleteWebAuthnRegistration",
			"DeleteWebAuthnCredential",
		}},
		{r.UserPoolRead, []string{"DescribeUserPool", "ListUserPools"}},
		{r.UserPoolUpdate, []string{"CreateUserPool", "UpdateUserPool", "DeleteUserPool"}},
		{r.UserPoolResourceRead, []string{
			"GetGroup", "ListGroups", "DescribeIdentityProvider", "GetIdentityProviderByIdentifier", "ListIdentityProviders",
			"DescribeUserPoolDomain", "GetUserPoolMfaConfig", "ListTagsForResource", "GetCSVHeader", "GetSigningCertificate",
			"GetUICustomization", "GetLogDeliveryConfiguration", "DescribeRiskConfiguration", "DescribeResourceServer",
			"ListResourceServers", "DescribeUserImportJob", "ListUserImportJobs", "DescribeManagedLoginBranding",
			"DescribeManagedLoginBrandingByClient", "DescribeTerms", "ListTerms",
		}},
		{r.UserPoolResourceUpdate, []string{
			"AddCustomAttributes", "CreateGroup", "UpdateGroup", "DeleteGroup", "CreateIdentityProvider", "UpdateIdentityProvider",
			"DeleteIdentityProvider", "CreateUserPoolDomain", "UpdateUserPoolDomain", "DeleteUserPoolDomain", "SetUserPoolMfaConfig",
			"TagResource", "UntagResource", "SetUICustomization", "SetLogDeliveryConfiguration", "SetRiskConfiguration",
			"CreateResourceServer", "UpdateResourceServer", "DeleteResourceServer", "CreateUserImportJob", "StartUserImportJob",
			"StopUserImportJob", "CreateManagedLoginBranding", "UpdateManagedLoginBranding", "DeleteManagedLoginBranding", "CreateTerms",
			"UpdateTerms", "DeleteTerms",
		}},
		{r.ClientRead, []string{"DescribeUserPoolClient", "ListUserPoolClients", "ListUserPoolClientSecrets"}},
		{r.ClientUpdate, []string{
			"CreateUserPoolClient", "UpdateUserPoolClient", "DeleteUserPoolClient", "AddUserPoolClientSecret", "DeleteUserPoolClientSecret",
		}},
	}
}

// Limit is the TargetConfig.Limit of a server. It says nothing about operations
// of other services. now is the clock; time.Now if nil.
//
// Errors of what it answers: TooManyRequestsException.
func (r Rates) Limit(now func() time.Time) func(ctx context.Context, service string, q awswire.Request) error {
	if now == nil {
		now = time.Now
	}
	buckets := map[string]*rate.Limiter{}
	for _, c := range r.categories() {
		if c.rate <= 0 {
			continue
		}
		bucket := rate.NewLimiter(rate.Limit(c.rate), max(1, int(c.rate))) // a second's worth at once
		for _, name := range c.operations {
			buckets[name] = bucket
		}
	}
	return func(_ context.Context, service string, q awswire.Request) error {
		if service != idp.SigningName {
			return nil
		}
		if bucket := buckets[q.Operation]; bucket != nil && !bucket.AllowN(now(), 1) {
			return fail(errs.TooMany, idp.TooManyRequestsException, "Too many requests")
		}
		return nil
	}
}
