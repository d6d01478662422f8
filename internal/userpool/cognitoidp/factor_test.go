package cognitoidp_test

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
)

// totp is RFC 6238.
func totp(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(secret)
	must(t, err)
	m := hmac.New(sha1.New, key)
	m.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30)))
	sum := m.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1000000)
}

func TestSoftwareToken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		client := f.client(t, pool, nil)
		f.call(t, "SetUserPoolMfaConfig", obj{
			"UserPoolId": pool, "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": obj{"Enabled": true},
		})
		f.user(t, pool, "alice", attr("phone_number", "+15555550100"))
		me := obj{"AccessToken": text(f.signIn(t, client, "alice"), "AccessToken")}
		prefer := with(me, obj{"SoftwareTokenMfaSettings": obj{"Enabled": true, "PreferredMfa": true}})
		f.refused(t, "SetUserMFAPreference", prefer, "InvalidParameter: User has not verified software token mfa")
		out := f.call(t, "AssociateSoftwareToken", me)
		secret := text(out, "SecretCode")
		if len(secret) < 32 || out["Session"] != nil {
			t.Errorf("AssociateSoftwareToken: %v", out)
		}
		verify := with(me, obj{"UserCode": totp(t, secret, f.clock()), "FriendlyDeviceName": "phone"})
		f.refused(t, "VerifySoftwareToken", with(verify, obj{"UserCode": totp(t, secret, f.clock().Add(time.Hour))}),
			"EnableSoftwareTokenMFA: Code mismatch and fail enable Software Token MFA")
		if out := f.call(t, "VerifySoftwareToken", verify); out["Status"] != "SUCCESS" || len(out) != 1 {
			t.Errorf("VerifySoftwareToken: %v", out)
		}
		f.call(t, "SetUserMFAPreference", prefer)
		f.refused(t, "SetUserMFAPreference", with(me, obj{"WebAuthnMfaSettings": obj{"Enabled": true}}),
			"InvalidParameter: WebAuthnMfaSettings is not available in this version.")
		out = f.call(t, "GetUser", me)
		if out["PreferredMfaSetting"] != "SOFTWARE_TOKEN_MFA" || fmt.Sprint(out["UserMFASettingList"]) != "[SOFTWARE_TOKEN_MFA]" {
			t.Errorf("GetUser: %v", out)
		}
		out = f.call(t, "InitiateAuth", password(client, "alice", goodPass))
		if out["ChallengeName"] != "SOFTWARE_TOKEN_MFA" || text(out, "ChallengeParameters", "FRIENDLY_DEVICE_NAME") != "phone" {
			t.Errorf("InitiateAuth: %v", out)
		}
		answer := obj{"ClientId": client, "ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": out["Session"]}
		code := func(at time.Time) obj {
			return with(answer, obj{"ChallengeResponses": obj{"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": totp(t, secret, at)}})
		}
		f.refused(t, "RespondToAuthChallenge", code(f.clock().Add(time.Hour)), "CodeMismatch: Invalid code or auth state for the user.")
		f.after(31 * time.Second)
		if out := f.call(t, "RespondToAuthChallenge", code(f.clock())); text(out, "AuthenticationResult", "AccessToken") == "" {
			t.Errorf("RespondToAuthChallenge: %v", out)
		}

		// The ways of older clients.
		f.call(t, "SetUserSettings", with(me, obj{"MFAOptions": list{obj{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}}}))
		out = f.call(t, "GetUser", me)
		if fmt.Sprint(out["UserMFASettingList"]) != "[SMS_MFA SOFTWARE_TOKEN_MFA]" || len(out["MFAOptions"].(list)) != 1 {
			t.Errorf("GetUser: %v", out)
		}
		f.refused(t, "SetUserSettings", with(me, obj{"MFAOptions": list{obj{"DeliveryMedium": "EMAIL", "AttributeName": "email"}}}),
			"InvalidParameter: MFAOptions can only be SMS to phone_number.")
		f.call(t, "AdminSetUserSettings", obj{"UserPoolId": pool, "Username": "alice", "MFAOptions": list{}})
		f.call(t, "AdminSetUserMFAPreference", obj{"UserPoolId": pool, "Username": "alice", "SoftwareTokenMfaSettings": obj{"Enabled": false}})
		out = f.call(t, "AdminGetUser", obj{"UserPoolId": pool, "Username": "alice"})
		if out["UserMFASettingList"] != nil || out["PreferredMfaSetting"] != nil || out["MFAOptions"] != nil {
			t.Errorf("AdminGetUser: %v", out)
		}
	})
}

// Who sets a software token up to sign in has a Session and nothing else.
func TestSoftwareTokenBySession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		client := f.client(t, pool, nil)
		f.call(t, "SetUserPoolMfaConfig", obj{"UserPoolId": pool, "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": obj{"Enabled": true}})
		f.user(t, pool, "alice")
		out := f.call(t, "InitiateAuth", password(client, "alice", goodPass))
		if out["ChallengeName"] != "MFA_SETUP" || text(out, "ChallengeParameters", "MFAS_CAN_SETUP") != `["SOFTWARE_TOKEN_MFA"]` {
			t.Fatalf("InitiateAuth: %v", out)
		}
		first := text(out, "Session")
		out = f.call(t, "AssociateSoftwareToken", obj{"Session": first})
		secret := text(out, "SecretCode")
		f.refused(t, "AssociateSoftwareToken", obj{"Session": first}, "NotAuthorized: Invalid session for the user, session can only be used once.")
		out = f.call(t, "VerifySoftwareToken", obj{"Session": out["Session"], "UserCode": totp(t, secret, f.clock())})
		out = f.call(t, "RespondToAuthChallenge", obj{
			"ClientId": client, "ChallengeName": "MFA_SETUP", "Session": out["Session"], "ChallengeResponses": obj{"USERNAME": "alice"},
		})
		if text(out, "AuthenticationResult", "AccessToken") == "" {
			t.Errorf("RespondToAuthChallenge: %v", out)
		}
		_, sealed, _ := strings.Cut(first, ".")
		for name, session := range map[string]string{
			"nothing":          strings.Repeat("x", 20),
			"no such client":   "unknown." + sealed,
			"another client":   f.client(t, pool, nil) + "." + sealed,
			"no client":        "." + sealed,
			"what is no token": client + ".AAAAAAAAAAAAAAAAAAAA",
		} {
			t.Run(name, func(t *testing.T) {
				f.refused(t, "AssociateSoftwareToken", obj{"Session": session}, "NotAuthorized: Invalid session for the user.")
			})
		}
		f.refused(t, "AssociateSoftwareToken", obj{}, "InvalidParameter: Either an AccessToken or a Session is required.")
	})
}
