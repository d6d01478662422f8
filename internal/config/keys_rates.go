package config

import (
	"fmt"
	"strconv"
)

// CognitoRates are requests per second by the categories of Cognito's quotas, of
// all callers together; 0 is no limit.
type CognitoRates struct {
	UserAuthentication, UserCreation, UserAccountRecovery, UserToken int
	UserRead, UserUpdate, UserList                                   int
	UserResourceRead, UserResourceUpdate                             int
	UserPoolRead, UserPoolUpdate                                     int
	UserPoolResourceRead, UserPoolResourceUpdate                     int
	ClientRead, ClientUpdate                                         int
	IdentityGetID, IdentityOpenIDToken, IdentityCredentials          int
	// OneUserRead and OneUserWrite are of the calls for one user.
	OneUserRead, OneUserWrite int
}

// rateKeys are the keys of CognitoRates.
var rateKeys = func() []key {
	var out []key
	for _, r := range []struct {
		name, what string
		def        int
		get        func(*CognitoRates) *int
	}{
		{"user_authentication", "sign-ins and answers to challenges", 120, func(r *CognitoRates) *int { return &r.UserAuthentication }},
		{"user_creation", "sign-ups and confirmations", 50, func(r *CognitoRates) *int { return &r.UserCreation }},
		{"user_account_recovery", "operations that set or reset passwords", 30, func(r *CognitoRates) *int { return &r.UserAccountRecovery }},
		{"user_token", "refreshes and sign-outs", 120, func(r *CognitoRates) *int { return &r.UserToken }},
		{"user_read", "GetUser and AdminGetUser", 120, func(r *CognitoRates) *int { return &r.UserRead }},
		{"user_update", "changes of users", 25, func(r *CognitoRates) *int { return &r.UserUpdate }},
		{"user_list", "ListUsers and ListUsersInGroup", 30, func(r *CognitoRates) *int { return &r.UserList }},
		{"user_resource_read", "reads of what users have, and codes sent again", 50, func(r *CognitoRates) *int { return &r.UserResourceRead }},
		{"user_resource_update", "changes of what users have, such as second factors", 25, func(r *CognitoRates) *int { return &r.UserResourceUpdate }},
		{"user_pool_read", "DescribeUserPool and ListUserPools", 15, func(r *CognitoRates) *int { return &r.UserPoolRead }},
		{"user_pool_update", "CreateUserPool, UpdateUserPool and DeleteUserPool", 15, func(r *CognitoRates) *int { return &r.UserPoolUpdate }},
		{"user_pool_resource_read", "reads of groups, identity providers and domains", 20, func(r *CognitoRates) *int { return &r.UserPoolResourceRead }},
		{"user_pool_resource_update", "changes of groups, identity providers and domains", 15, func(r *CognitoRates) *int { return &r.UserPoolResourceUpdate }},
		{"client_read", "reads of app clients", 15, func(r *CognitoRates) *int { return &r.ClientRead }},
		{"client_update", "changes of app clients", 15, func(r *CognitoRates) *int { return &r.ClientUpdate }},
		{"identity_get_id", "GetId of identity pools", 25, func(r *CognitoRates) *int { return &r.IdentityGetID }},
		{"identity_open_id_token", "GetOpenIdToken of identity pools", 200, func(r *CognitoRates) *int { return &r.IdentityOpenIDToken }},
		{"one_user_read", "operations that read, for one and the same user", 10, func(r *CognitoRates) *int { return &r.OneUserRead }},
		{"one_user_write", "operations that write, for one and the same user", 10, func(r *CognitoRates) *int { return &r.OneUserWrite }},
		{"identity_credentials", "GetCredentialsForIdentity of identity pools", 200, func(r *CognitoRates) *int { return &r.IdentityCredentials }},
	} {
		get := r.get
		out = append(out, key{
			path: "limits.cognito." + r.name, form: "number", def: strconv.Itoa(r.def),
			doc: fmt.Sprintf("Requests per second, of all callers together: %s. Beyond it: TooManyRequestsException. 0 is no limit. "+
				"Off in `preamp dev`.", r.what),
			value: intValue{get: func(c *Config) *int { return get(&c.Limits.Cognito) }, least: 0, most: 1_000_000},
		})
	}
	return out
}()
