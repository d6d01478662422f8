package cognitoidp_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden answers")

const goldenFile = "testdata/answers.txt"

// golden notes answers as they cross the wire, with what is random replaced.
type golden struct {
	*fixture
	out          bytes.Buffer
	replacements []string
}

var uuidForm = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// random are the members whose values nobody can foresee.
var random = map[string]string{
	"Session": "<session>", "RefreshToken": "<refresh>", "AccessToken": "<JWT>", "IdToken": "<JWT>", "SecretCode": "<secret>",
	"SALT": "<hex>", "SRP_B": "<hex>", "SECRET_BLOCK": "<b64>",
}

func plain(v any) any {
	switch v := v.(type) {
	case obj:
		for name, one := range v {
			v[name] = plain(one)
			if s, ok := one.(string); ok && random[name] != "" && s != "hours" && s != "minutes" {
				v[name] = random[name]
			}
		}
	case list:
		for i := range v {
			v[i] = plain(v[i])
		}
	case string:
		return uuidForm.ReplaceAllString(v, "<uuid>")
	}
	return v
}

// ask sends a request and notes the answer.
func (g *golden) ask(t *testing.T, note, operation string, in obj) obj {
	t.Helper()
	_, body := g.post(t, operation, in)
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	must(t, e.Encode(plain(read(t, body))))
	g.out.WriteString(operation + " (" + note + ") " + strings.NewReplacer(g.replacements...).Replace(line.String()))
	return read(t, body)
}

// TestAnswers compares the answers of a walk through the operations with those of
// the file, members and all.
func TestAnswers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, f *fixture) {
		g := &golden{fixture: f}
		g.pools(t)
		g.signUps(t)
		g.signIns(t)
		g.factors(t)
		g.selves(t)
		if *update {
			must(t, os.WriteFile(goldenFile, g.out.Bytes(), 0o644))
			return
		}
		want, err := os.ReadFile(goldenFile)
		must(t, err)
		if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(g.out.String(), "\n")); d != "" {
			t.Error(d)
		}
	})
}

const (
	poolMark   = "us-east-1_AbCdEfGhI"
	clientMark = "1example23456789abcdefghij"
)

func (g *golden) pools(t *testing.T) {
	t.Helper()
	pool := g.pool(t, obj{
		"AutoVerifiedAttributes": list{"email", "phone_number"}, "MfaConfiguration": "OPTIONAL", "UsernameConfiguration": obj{"CaseSensitive": false},
		"SmsConfiguration": obj{"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"},
		"Policies":         obj{"SignInPolicy": obj{"AllowedFirstAuthFactors": list{"PASSWORD", "EMAIL_OTP", "SMS_OTP"}}},
	})
	client := g.client(t, pool, obj{"ExplicitAuthFlows": list{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}})
	g.replacements = []string{pool, poolMark, client, clientMark}
	g.call(t, "SetUserPoolMfaConfig", obj{
		"UserPoolId": pool, "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": obj{"Enabled": true}, "SmsMfaConfiguration": obj{},
	})
	g.ask(t, "settings", "DescribeUserPool", obj{"UserPoolId": pool})
	g.ask(t, "factors", "GetUserPoolMfaConfig", obj{"UserPoolId": pool})
	g.ask(t, "settings", "DescribeUserPoolClient", obj{"UserPoolId": pool, "ClientId": client})
	g.ask(t, "all", "ListUserPools", obj{"MaxResults": 60})
	g.ask(t, "all", "ListUserPoolClients", obj{"UserPoolId": pool})
	g.ask(t, "none", "ListUsers", obj{"UserPoolId": pool})
	g.ask(t, "none", "ListIdentityProviders", obj{"UserPoolId": pool})
}

// poolID and clientID are the real ids.
func (g *golden) poolID() string   { return g.replacements[0] }
func (g *golden) clientID() string { return g.replacements[2] }

func (g *golden) signUps(t *testing.T) {
	t.Helper()
	up := func(name string, attributes ...any) obj {
		return obj{"ClientId": g.clientID(), "Username": name, "Password": goodPass, "UserAttributes": list(attributes)}
	}
	g.ask(t, "telephone", "SignUp", up("bob", attr("phone_number", "+15555550100")))
	g.ask(t, "nothing to verify", "SignUp", up("carol"))
	g.ask(t, "mail", "SignUp", up("alice", attr("email", "alice@example.com")))
	by := obj{"ClientId": g.clientID(), "Username": "alice"}
	g.ask(t, "mail", "ResendConfirmationCode", by)
	g.ask(t, "wrong", "ConfirmSignUp", with(by, obj{"ConfirmationCode": "0"}))
	g.ask(t, "right", "ConfirmSignUp", with(by, obj{"ConfirmationCode": g.code(t)}))
	g.ask(t, "confirmed", "ResendConfirmationCode", by)
	g.ask(t, "mail", "ForgotPassword", by)
	g.ask(t, "short", "ConfirmForgotPassword", with(by, obj{"ConfirmationCode": g.code(t), "Password": "x"}))
	g.ask(t, "right", "ConfirmForgotPassword", with(by, obj{"ConfirmationCode": g.code(t), "Password": goodPass}))
	g.ask(t, "unconfirmed", "InitiateAuth", password(g.clientID(), "bob", goodPass))
}

func (g *golden) signIns(t *testing.T) {
	t.Helper()
	in := obj{"ClientId": g.clientID(), "AuthFlow": "USER_SRP_AUTH", "AuthParameters": obj{"USERNAME": "alice", "SRP_A": strings.Repeat("a1", 384)}}
	g.ask(t, "SRP", "InitiateAuth", in)
	tokens := g.ask(t, "password", "InitiateAuth", password(g.clientID(), "alice", goodPass))
	refresh := text(tokens, "AuthenticationResult", "RefreshToken")
	g.ask(t, "refresh", "InitiateAuth", obj{
		"ClientId": g.clientID(), "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": obj{"REFRESH_TOKEN": refresh},
	})
	g.ask(t, "refresh", "GetTokensFromRefreshToken", obj{"ClientId": g.clientID(), "RefreshToken": refresh})
	g.ask(t, "right", "RevokeToken", obj{"ClientId": g.clientID(), "Token": refresh})
	g.ask(t, "revoked", "GetTokensFromRefreshToken", obj{"ClientId": g.clientID(), "RefreshToken": refresh})
	choice := obj{"ClientId": g.clientID(), "AuthFlow": "USER_AUTH", "AuthParameters": obj{"USERNAME": "alice"}}
	out := g.ask(t, "choice", "InitiateAuth", choice)
	g.ask(t, "code by mail", "RespondToAuthChallenge", obj{
		"ClientId": g.clientID(), "ChallengeName": "SELECT_CHALLENGE", "Session": out["Session"], "ChallengeResponses": obj{"USERNAME": "alice", "ANSWER": "EMAIL_OTP"},
	})
	g.ask(t, "a device", "InitiateAuth", with(in, obj{"AuthParameters": obj{"USERNAME": "alice", "DEVICE_KEY": "us-east-1_x"}}))
	g.call(t, "AdminCreateUser", obj{"UserPoolId": g.poolID(), "Username": "dora", "TemporaryPassword": goodPass})
	g.ask(t, "temporary password", "InitiateAuth", password(g.clientID(), "dora", goodPass))
	g.ask(t, "state", "AdminGetUser", obj{"UserPoolId": g.poolID(), "Username": "dora"})
}

func (g *golden) factors(t *testing.T) {
	t.Helper()
	g.user(t, g.poolID(), "erin", attr("phone_number", "+15555550100"), attr("phone_number_verified", "true"))
	me := obj{"AccessToken": text(g.signIn(t, g.clientID(), "erin"), "AccessToken")}
	secret := text(g.ask(t, "access token", "AssociateSoftwareToken", me), "SecretCode")
	g.ask(t, "access token", "VerifySoftwareToken", with(me, obj{"UserCode": totp(t, secret, g.clock()), "FriendlyDeviceName": "My TOTP"}))
	prefer := with(me, obj{"SMSMfaSettings": obj{"Enabled": true}, "SoftwareTokenMfaSettings": obj{"Enabled": true}})
	g.ask(t, "both", "SetUserMFAPreference", prefer)
	out := g.ask(t, "two factors", "InitiateAuth", password(g.clientID(), "erin", goodPass))
	pick := func(session any, factor string) obj {
		return obj{"ClientId": g.clientID(), "ChallengeName": "SELECT_MFA_TYPE", "Session": session, "ChallengeResponses": obj{"USERNAME": "erin", "ANSWER": factor}}
	}
	out = g.ask(t, "the token", "RespondToAuthChallenge", pick(out["Session"], "SOFTWARE_TOKEN_MFA"))
	answer := obj{"ClientId": g.clientID(), "ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": out["Session"]}
	g.ask(t, "wrong code", "RespondToAuthChallenge", with(answer, obj{"ChallengeResponses": obj{"USERNAME": "erin", "SOFTWARE_TOKEN_MFA_CODE": "x"}}))
	g.after(31 * time.Second)
	g.ask(t, "right code", "RespondToAuthChallenge", with(answer, obj{
		"ChallengeResponses": obj{"USERNAME": "erin", "SOFTWARE_TOKEN_MFA_CODE": totp(t, secret, g.clock())},
	}))
	out = g.call(t, "InitiateAuth", password(g.clientID(), "erin", goodPass))
	g.ask(t, "the telephone", "RespondToAuthChallenge", pick(out["Session"], "SMS_MFA"))
	g.ask(t, "two factors", "GetUser", me)
	g.call(t, "SetUserPoolMfaConfig", obj{"UserPoolId": g.poolID(), "MfaConfiguration": "ON", "SoftwareTokenMfaConfiguration": obj{"Enabled": true}})
	g.user(t, g.poolID(), "fay")
	out = g.ask(t, "no factor yet", "InitiateAuth", password(g.clientID(), "fay", goodPass))
	out = g.ask(t, "Session", "AssociateSoftwareToken", obj{"Session": out["Session"]})
	out = g.ask(t, "Session", "VerifySoftwareToken", obj{"Session": out["Session"], "UserCode": totp(t, text(out, "SecretCode"), g.clock())})
	g.ask(t, "set up", "RespondToAuthChallenge", obj{
		"ClientId": g.clientID(), "ChallengeName": "MFA_SETUP", "Session": out["Session"], "ChallengeResponses": obj{"USERNAME": "fay"},
	})
	g.call(t, "SetUserPoolMfaConfig", obj{"UserPoolId": g.poolID(), "MfaConfiguration": "OFF"})
}

func (g *golden) selves(t *testing.T) {
	t.Helper()
	me := obj{"AccessToken": text(g.signIn(t, g.clientID(), "alice"), "AccessToken")}
	g.ask(t, "verified", "GetUser", me)
	g.ask(t, "mail", "UpdateUserAttributes", with(me, obj{"UserAttributes": list{attr("email", "b@example.com"), attr("name", "B")}}))
	g.ask(t, "mail", "GetUserAttributeVerificationCode", with(me, obj{"AttributeName": "email"}))
	g.ask(t, "mail", "VerifyUserAttribute", with(me, obj{"AttributeName": "email", "Code": g.code(t)}))
	g.ask(t, "name", "DeleteUserAttributes", with(me, obj{"UserAttributeNames": list{"name"}}))
	g.ask(t, "right", "ChangePassword", with(me, obj{"PreviousPassword": goodPass, "ProposedPassword": nextPass}))
	g.ask(t, "all", "GetUserAuthFactors", me)
	g.ask(t, "right", "GlobalSignOut", me)
	g.ask(t, "signed out", "GetUser", me)
	me["AccessToken"] = text(g.call(t, "InitiateAuth", password(g.clientID(), "alice", nextPass)), "AuthenticationResult", "AccessToken")
	g.ask(t, "right", "DeleteUser", me)
}
