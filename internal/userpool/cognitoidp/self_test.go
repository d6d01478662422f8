package cognitoidp_test

import (
	"fmt"
	"strings"
	"testing"

	"preamp/internal/keys"
	"preamp/internal/userpool"
)

func TestSignUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, obj{"AutoVerifiedAttributes": list{"email"}})
		client := f.client(t, pool, nil)
		alice := obj{
			"ClientId": client, "Username": "alice", "Password": goodPass, "UserAttributes": list{attr("email", "alice@example.com")},
			"ClientMetadata": obj{"m": "1"}, "ValidationData": list{attr("k", "v")},
		}
		out := f.call(t, "SignUp", alice)
		if out["UserConfirmed"] != false || len(text(out, "UserSub")) != 36 || text(out, "CodeDeliveryDetails", "Destination") != "a***@e***" {
			t.Errorf("SignUp: %v", out)
		}
		f.refused(t, "SignUp", alice, "UsernameExists: User already exists")
		f.refused(t, "SignUp", with(alice, obj{"Username": "bob", "Password": "short"}),
			"InvalidPassword: Password did not conform with policy: Password not long enough")
		f.refused(t, "SignUp", with(alice, obj{"ClientId": "unknown"}), "ResourceNotFound: User pool client unknown does not exist.")
		f.refused(t, "SignUp", with(alice, obj{"UserAttributes": list{attr("name", "a"), attr("name", "b")}}),
			"InvalidParameter: The attribute name is given twice.")
		f.refused(t, "SignUp", with(alice, obj{"Username": nil}),
			"InvalidParameter: 1 validation error detected: Value null at 'username' failed to satisfy constraint: Member must not be null")

		by := obj{"ClientId": client, "Username": "alice"}
		out = f.call(t, "ResendConfirmationCode", by)
		if text(out, "CodeDeliveryDetails", "DeliveryMedium") != "EMAIL" || text(out, "CodeDeliveryDetails", "AttributeName") != "email" {
			t.Errorf("ResendConfirmationCode: %v", out)
		}
		f.refused(t, "ResendConfirmationCode", with(by, obj{"Username": "nobody"}), "UserNotFound: Username/client id combination not found.")
		code := with(by, obj{"ConfirmationCode": f.code(t)})
		f.refused(t, "InitiateAuth", password(client, "alice", goodPass), "UserNotConfirmed: User is not confirmed.")
		f.refused(t, "ConfirmSignUp", with(code, obj{"ConfirmationCode": "x"}),
			"CodeMismatch: Invalid verification code provided, please try again.")
		if out := f.call(t, "ConfirmSignUp", code); len(out) != 0 {
			t.Errorf("ConfirmSignUp: %v", out)
		}
		f.refused(t, "ResendConfirmationCode", by, "InvalidParameter: User is already confirmed.")
		f.signIn(t, client, "alice")

		out = f.call(t, "ForgotPassword", by)
		if text(out, "CodeDeliveryDetails", "Destination") != "a***@e***" {
			t.Errorf("ForgotPassword: %v", out)
		}
		fresh := with(by, obj{"ConfirmationCode": f.code(t), "Password": nextPass})
		f.refused(t, "ConfirmForgotPassword", with(fresh, obj{"Password": "Passw0rdx"}),
			"InvalidPassword: Password does not conform to policy: Password must have symbol characters")
		if out := f.call(t, "ConfirmForgotPassword", fresh); len(out) != 0 {
			t.Errorf("ConfirmForgotPassword: %v", out)
		}
		f.refused(t, "InitiateAuth", password(client, "alice", goodPass), "NotAuthorized: Incorrect username or password.")
		f.refused(t, "ForgotPassword", with(by, obj{"ClientId": "x"}), "ResourceNotFound: User pool client x does not exist.")
	})
}

// A pool whose accounts only administrators recover says so to whoever asks, and
// does not say who exists.
func TestForgotPasswordOfAdministrators(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, obj{"AccountRecoverySetting": obj{"RecoveryMechanisms": list{obj{"Name": "admin_only", "Priority": 1}}}})
		client := f.client(t, pool, nil)
		f.user(t, pool, "alice", attr("email", "a@example.com"), attr("email_verified", "true"))
		for _, name := range []string{"alice", "nobody"} {
			f.refused(t, "ForgotPassword", obj{"ClientId": client, "Username": name}, "NotAuthorized: Contact administrator to reset password.")
		}
	})
}

// Without a setting the telephone comes first.
func TestRecoveryWithoutSetting(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		client := f.client(t, pool, nil)
		f.user(t, pool, "alice", attr("email", "a@example.com"), attr("email_verified", "True"),
			attr("phone_number", "+15555550100"), attr("phone_number_verified", "true"))
		out := f.call(t, "ForgotPassword", obj{"ClientId": client, "Username": "alice"})
		if text(out, "CodeDeliveryDetails", "DeliveryMedium") != "SMS" || text(out, "CodeDeliveryDetails", "Destination") != "+*******0100" {
			t.Errorf("ForgotPassword: %v", out)
		}
		mail := f.pool(t, obj{"AccountRecoverySetting": obj{"RecoveryMechanisms": list{
			obj{"Name": "verified_phone_number", "Priority": 2}, obj{"Name": "verified_email", "Priority": 1},
		}}})
		client = f.client(t, mail, nil)
		f.user(t, mail, "alice", attr("email", "a@example.com"), attr("email_verified", "True"),
			attr("phone_number", "+15555550100"), attr("phone_number_verified", "true"))
		out = f.call(t, "ForgotPassword", obj{"ClientId": client, "Username": "alice"})
		if text(out, "CodeDeliveryDetails", "DeliveryMedium") != "EMAIL" {
			t.Errorf("ForgotPassword: %v", out)
		}
	})
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		client := f.client(t, pool, nil)
		f.user(t, pool, "alice")
		out := f.call(t, "InitiateAuth", password(client, "alice", goodPass))
		tokens := at(out, "AuthenticationResult").(obj)
		if tokens["TokenType"] != "Bearer" || tokens["ExpiresIn"] != 3600.0 || len(at(out, "ChallengeParameters").(obj)) != 0 {
			t.Errorf("InitiateAuth: %v", out)
		}
		srp := obj{"ClientId": client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": obj{"USERNAME": "alice", "SRP_A": strings.Repeat("a1", 384)}}
		out = f.call(t, "InitiateAuth", srp)
		if out["ChallengeName"] != "PASSWORD_VERIFIER" || out["Session"] != nil || text(out, "ChallengeParameters", "USER_ID_FOR_SRP") != "alice" {
			t.Errorf("InitiateAuth: %v", out)
		}
		f.refused(t, "RespondToAuthChallenge", obj{"ClientId": client, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": obj{
			"USERNAME": "alice", "TIMESTAMP": "Mon Nov 2 08:05:09 UTC 2026", "PASSWORD_CLAIM_SECRET_BLOCK": text(out, "ChallengeParameters", "SECRET_BLOCK"),
			"PASSWORD_CLAIM_SIGNATURE": strings.Repeat("A", 43) + "=",
		}}, "NotAuthorized: Incorrect username or password.")

		for _, c := range []struct {
			name string
			in   obj
			want string
		}{
			{
				"no such flow",
				obj{"ClientId": client, "AuthFlow": "NO_SUCH_FLOW"},
				"InvalidParameter: 1 validation error detected: Value 'NO_SUCH_FLOW' at 'authFlow' failed to satisfy constraint: " +
					"Member must satisfy enum value set: [USER_SRP_AUTH, REFRESH_TOKEN_AUTH, REFRESH_TOKEN, CUSTOM_AUTH, ADMIN_NO_SRP_AUTH, " +
					"USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH, USER_AUTH]",
			},
			{
				"a flow of administrators",
				obj{"ClientId": client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": obj{"USERNAME": "alice", "PASSWORD": goodPass}},
				"InvalidParameter: Initiate Auth method not supported",
			},
			{"custom", obj{"ClientId": client, "AuthFlow": "CUSTOM_AUTH"}, "InvalidParameter: CUSTOM_AUTH is not available in this version."},
			{
				"a flow that the client does not have",
				obj{"ClientId": client, "AuthFlow": "USER_AUTH", "AuthParameters": obj{"USERNAME": "alice"}},
				"InvalidParameter: USER_AUTH flow not enabled for this client",
			},
			{
				"a device",
				obj{"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": obj{
					"USERNAME": "alice", "PASSWORD": goodPass, "DEVICE_KEY": "us-east-1_x",
				}},
				"ResourceNotFound: Device does not exist.",
			},
			{"wrong password", password(client, "alice", "x"), "NotAuthorized: Incorrect username or password."},
			{"nobody", password(client, "nobody", goodPass), "UserNotFound: User does not exist."},
			{"no such client", password("unknown", "alice", goodPass), "ResourceNotFound: User pool client unknown does not exist."},
		} {
			t.Run(c.name, func(t *testing.T) { f.refused(t, "InitiateAuth", c.in, c.want) })
		}
		f.refused(t, "RespondToAuthChallenge", obj{
			"ClientId": client, "ChallengeName": "SMS_MFA", "Session": "not a session of this server", "ChallengeResponses": obj{"USERNAME": "alice", "SMS_MFA_CODE": "1"},
		}, "NotAuthorized: Invalid session for the user.")
		f.refused(t, "RespondToAuthChallenge", obj{"ClientId": client, "ChallengeName": "CUSTOM_CHALLENGE", "Session": strings.Repeat("x", 20)},
			"InvalidParameter: CUSTOM_CHALLENGE is not available in this version.")
	})
}

func TestAdminSignIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		client := f.client(t, pool, obj{"ExplicitAuthFlows": list{"ADMIN_NO_SRP_AUTH"}})
		f.call(t, "AdminCreateUser", obj{"UserPoolId": pool, "Username": "alice", "TemporaryPassword": goodPass})
		admin := obj{
			"UserPoolId": pool, "ClientId": client, "AuthFlow": "ADMIN_NO_SRP_AUTH", "AuthParameters": obj{"USERNAME": "alice", "PASSWORD": goodPass},
		}
		out := f.call(t, "AdminInitiateAuth", admin)
		if out["ChallengeName"] != "NEW_PASSWORD_REQUIRED" || text(out, "ChallengeParameters", "requiredAttributes") != "[]" {
			t.Fatalf("AdminInitiateAuth: %v", out)
		}
		out = f.call(t, "AdminRespondToAuthChallenge", obj{
			"UserPoolId": pool, "ClientId": client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": out["Session"],
			"ChallengeResponses": obj{"USERNAME": "alice", "NEW_PASSWORD": nextPass},
		})
		refresh := text(out, "AuthenticationResult", "RefreshToken")
		if refresh == "" {
			t.Fatalf("AdminRespondToAuthChallenge: %v", out)
		}
		// Clients with flows by their older names may refresh and use SRP.
		out = f.call(t, "AdminInitiateAuth", with(admin, obj{"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": obj{"REFRESH_TOKEN": refresh}}))
		if text(out, "AuthenticationResult", "AccessToken") == "" || at(out, "AuthenticationResult", "RefreshToken") != nil {
			t.Errorf("refresh: %v", out)
		}
		f.refused(t, "AdminInitiateAuth", with(admin, obj{"AuthFlow": "USER_PASSWORD_AUTH"}), "InvalidParameter: Initiate Auth method not supported")
		f.refused(t, "AdminInitiateAuth", with(admin, obj{"UserPoolId": "us-east-1_none"}), "ResourceNotFound: User pool us-east-1_none does not exist.")
		f.refused(t, "AdminInitiateAuth", with(admin, obj{"ClientId": "unknown"}), "ResourceNotFound: User pool client unknown does not exist.")
		other := f.pool(t, nil)
		f.refused(t, "AdminInitiateAuth", with(admin, obj{"UserPoolId": other}), "ResourceNotFound: User pool client "+client+" does not exist.")
		f.call(t, "AdminDisableUser", obj{"UserPoolId": pool, "Username": "alice"})
		f.refused(t, "AdminInitiateAuth", with(admin, obj{"AuthParameters": obj{"USERNAME": "alice", "PASSWORD": nextPass}}), "NotAuthorized: User is disabled.")
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		made := f.call(t, "CreateUserPoolClient", obj{
			"UserPoolId": pool, "ClientName": "server", "GenerateSecret": true, "ExplicitAuthFlows": list{"ALLOW_USER_PASSWORD_AUTH"},
			"RefreshTokenRotation": obj{"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
		})
		client, secret := text(made, "UserPoolClient", "ClientId"), text(made, "UserPoolClient", "ClientSecret")
		f.user(t, pool, "alice")
		in := password(client, "alice", goodPass)
		f.refused(t, "InitiateAuth", in, "NotAuthorized: Client "+client+" is configured with secret but SECRET_HASH was not received")
		in["AuthParameters"].(obj)["SECRET_HASH"] = "AAAA"
		f.refused(t, "InitiateAuth", in, "NotAuthorized: Unable to verify secret hash for client "+client)
		in["AuthParameters"].(obj)["SECRET_HASH"] = userpool.SecretHash(keys.NewSecret([]byte(secret)), "alice", client)
		first := text(f.call(t, "InitiateAuth", in), "AuthenticationResult", "RefreshToken")

		again := obj{"ClientId": client, "ClientSecret": secret, "RefreshToken": first}
		second := text(f.call(t, "GetTokensFromRefreshToken", again), "AuthenticationResult", "RefreshToken")
		if second == "" || second == first {
			t.Errorf("rotation: %q after %q", second, first)
		}
		f.refused(t, "GetTokensFromRefreshToken", with(again, obj{"ClientSecret": nil}), "NotAuthorized: Unable to verify secret for client "+client)
		f.refused(t, "GetTokensFromRefreshToken", with(again, obj{"RefreshToken": "x"}), "NotAuthorized: Invalid Refresh Token")
		if out := f.call(t, "RevokeToken", obj{"ClientId": client, "ClientSecret": secret, "Token": second}); len(out) != 0 {
			t.Errorf("RevokeToken: %v", out)
		}
		f.refused(t, "GetTokensFromRefreshToken", with(again, obj{"RefreshToken": second}), "NotAuthorized: Refresh Token has been revoked")
		f.refused(t, "RevokeToken", obj{"ClientId": "unknown", "Token": "x"}, "Unauthorized: User pool client unknown does not exist.")
		f.refused(t, "RevokeToken", obj{"ClientId": client, "Token": "x"}, "Unauthorized: Unable to verify secret for client "+client)
	})
}

func TestSelf(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, obj{"AutoVerifiedAttributes": list{"email"}, "Schema": list{obj{"Name": "vip", "AttributeDataType": "Boolean"}}})
		client := f.client(t, pool, nil)
		f.user(t, pool, "alice", attr("email", "a@example.com"), attr("name", "Alice"))
		access := text(f.signIn(t, client, "alice"), "AccessToken")
		me := obj{"AccessToken": access}

		out := f.call(t, "GetUser", me)
		attributes := out["UserAttributes"].(list)
		if out["Username"] != "alice" || text(attributes[0], "Name") != "sub" || len(attributes) != 3 || out["UserMFASettingList"] != nil {
			t.Errorf("GetUser: %v", out)
		}
		for _, operation := range []string{"GetUser", "GlobalSignOut", "DeleteUser", "GetUserAuthFactors"} {
			f.refused(t, operation, obj{"AccessToken": "x"}, "NotAuthorized: Invalid Access Token")
		}
		out = f.call(t, "GetUserAuthFactors", me)
		if fmt.Sprint(out["ConfiguredUserAuthFactors"]) != "[PASSWORD]" {
			t.Errorf("GetUserAuthFactors: %v", out)
		}
		out = f.call(t, "UpdateUserAttributes", with(me, obj{"UserAttributes": list{
			attr("email", "b@example.com"), attr("name", "B"), attr("custom:vip", "True"),
		}}))
		if sent := out["CodeDeliveryDetailsList"].(list); text(sent[0], "Destination") != "b***@e***" || len(sent) != 1 {
			t.Errorf("UpdateUserAttributes: %v", out)
		}
		f.refused(t, "UpdateUserAttributes", with(me, obj{"UserAttributes": list{attr("custom:x", "1")}}),
			"InvalidParameter: Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.\n")
		out = f.call(t, "GetUserAttributeVerificationCode", with(me, obj{"AttributeName": "email"}))
		if text(out, "CodeDeliveryDetails", "AttributeName") != "email" {
			t.Errorf("GetUserAttributeVerificationCode: %v", out)
		}
		verify := with(me, obj{"AttributeName": "email", "Code": f.code(t)})
		f.refused(t, "VerifyUserAttribute", with(verify, obj{"Code": "x"}), "CodeMismatch: Invalid verification code provided, please try again.")
		f.call(t, "VerifyUserAttribute", verify)
		f.call(t, "DeleteUserAttributes", with(me, obj{"UserAttributeNames": list{"name"}}))
		f.refused(t, "DeleteUserAttributes", with(me, obj{"UserAttributeNames": list{"custom:x", "custom:y"}}),
			"InvalidParameter: Invalid user attributes: user.custom:x: Attribute does not exist in the schema.\n"+
				"user.custom:y: Attribute does not exist in the schema.\n")
		got := fmt.Sprint(f.call(t, "GetUser", me)["UserAttributes"])
		for _, want := range []string{"b@example.com", "Name:email_verified Value:true", "Name:custom:vip Value:true"} {
			if !strings.Contains(got, want) {
				t.Errorf("attributes %s; want %s", got, want)
			}
		}

		change := with(me, obj{"PreviousPassword": goodPass, "ProposedPassword": nextPass})
		f.refused(t, "ChangePassword", with(change, obj{"PreviousPassword": "x"}), "NotAuthorized: Incorrect username or password.")
		f.call(t, "ChangePassword", change)
		f.call(t, "ChangePassword", with(change, obj{"PreviousPassword": nextPass, "ProposedPassword": goodPass}))
		f.call(t, "GlobalSignOut", me)
		f.refused(t, "GetUser", me, "NotAuthorized: Access Token has been revoked")
		me["AccessToken"] = text(f.signIn(t, client, "alice"), "AccessToken")
		if out := f.call(t, "DeleteUser", me); len(out) != 0 {
			t.Errorf("DeleteUser: %v", out)
		}
		f.refused(t, "AdminGetUser", obj{"UserPoolId": pool, "Username": "alice"}, "UserNotFound: User does not exist.")
	})
}

// A token of a pool that is gone, or never was, is no token.
func TestTokenOfNoPool(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		client := f.client(t, pool, nil)
		f.user(t, pool, "alice")
		access := text(f.signIn(t, client, "alice"), "AccessToken")
		f.call(t, "DeleteUserPool", obj{"UserPoolId": pool})
		f.refused(t, "GetUser", obj{"AccessToken": access}, "NotAuthorized: Invalid Access Token")
	})
}
