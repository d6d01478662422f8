package attack_test

import (
	"encoding/base64"
	"strings"
	"sync"
	"testing"

	"preamp/test/harness"
)

// srpStep begins a sign-in by SRP. The proof of an attacker is arithmetic nonsense
// of the right form; what is tried here is the state that travels with it.
func (w *world) srpStep(client, name string) (parameters harness.M) {
	w.Helper()
	a := w.good("InitiateAuth", w.idp("InitiateAuth", harness.M{
		"ClientId": client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": harness.M{"USERNAME": name, "SRP_A": strings.Repeat("7b", 380)},
	}))
	parameters, _ = a.Body["ChallengeParameters"].(harness.M)
	return parameters
}

// TestSessions answers challenges with Sessions that are not theirs. The challenge
// is a code by e-mail, which the user has: only the Session is wrong.
func TestSessions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.good("SetUserPoolMfaConfig", w.admin("SetUserPoolMfaConfig", harness.M{
			"UserPoolId": w.shop.UserPool, "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": harness.M{"Enabled": true},
		}))
		w.good("UpdateUserPool", w.admin("UpdateUserPool", harness.M{
			"UserPoolId": w.shop.UserPool, "MfaConfiguration": "OPTIONAL", "AutoVerifiedAttributes": []string{"email"},
			"Policies": harness.M{"SignInPolicy": harness.M{"AllowedFirstAuthFactors": []string{"PASSWORD", "EMAIL_OTP"}}},
		}))
		begin := func(u user) (session, code string) {
			w.Helper()
			sent := len(w.codes(u.email))
			a := w.good("InitiateAuth", w.idp("InitiateAuth", harness.M{
				"ClientId": u.app.client, "AuthFlow": "USER_AUTH",
				"AuthParameters": harness.M{"USERNAME": u.email, "PREFERRED_CHALLENGE": "EMAIL_OTP"},
			}))
			return a.Text("Session"), w.code(u.email, sent)
		}
		respond := func(client, challenge, name, session, code string) answer {
			return w.idp("RespondToAuthChallenge", harness.M{
				"ClientId": client, "ChallengeName": challenge, "Session": session,
				"ChallengeResponses": harness.M{"USERNAME": name, challenge + "_CODE": code},
			})
		}
		alice, bob := w.user(w.shop), w.user(w.shop)
		foreigner := w.user(w.other)
		session, code := begin(alice)
		bobs, bobsCode := begin(bob)
		half := len(session) / 2
		other := "A"
		if session[half] == 'A' {
			other = "B"
		}
		for _, tc := range []struct {
			name                           string
			client, challenge, user, state string
			code                           string
		}{
			{name: "another user's Session", user: alice.email, state: bobs, code: bobsCode},
			{name: "another user's code", user: alice.email, state: session, code: bobsCode},
			{name: "another user's name", user: bob.email, state: session, code: code},
			{name: "nobody's name", user: "nobody@example.com", state: session, code: code},
			{name: "another challenge", challenge: "SMS_OTP", user: alice.email, state: session, code: code},
			{name: "a second factor's challenge", challenge: "SMS_MFA", user: alice.email, state: session, code: code},
			{name: "another client", client: w.shop.WebClient, user: alice.email, state: session, code: code},
			{name: "a client of another pool", client: w.other.client, user: alice.email, state: session, code: code},
			{name: "a user of another pool", client: w.other.client, user: foreigner.email, state: session, code: code},
			{name: "a bit changed", user: alice.email, state: session[:half] + other + session[half+1:], code: code},
			{name: "cut", user: alice.email, state: session[:len(session)-2], code: code},
			{name: "longer", user: alice.email, state: session + "AA", code: code},
			{name: "in front", user: alice.email, state: "AA" + session, code: code},
			{name: "two joined", user: alice.email, state: session[:half] + bobs[half:], code: code},
			{name: "made up", user: alice.email, state: strings.Repeat("A", 200), code: code},
			{name: "too short", user: alice.email, state: "A", code: code},
			{name: "too long", user: alice.email, state: strings.Repeat("A", 2049), code: code},
			{name: "an access token", user: alice.email, state: w.access(alice), code: code},
			{name: "a secret block", user: alice.email, state: text(w.srpStep(w.shop.client, alice.email)["SECRET_BLOCK"]), code: code},
			{name: "no code", user: alice.email, state: session},
			{name: "a code of spaces", user: alice.email, state: session, code: "        "},
			{name: "a code in full width", user: alice.email, state: session, code: fullWidth(code)},
		} {
			t.Run(tc.name, func(t *testing.T) {
				client, challenge := w.shop.client, "EMAIL_OTP"
				if tc.client != "" {
					client = tc.client
				}
				if tc.challenge != "" {
					challenge = tc.challenge
				}
				refused(t, respond(client, challenge, tc.user, tc.state, tc.code))
			})
		}
		t.Run("control", func(t *testing.T) {
			carol := w.user(w.shop)
			session, code := begin(carol)
			taken(t, respond(w.shop.client, "EMAIL_OTP", carol.email, session, code))
			t.Run("used again", func(t *testing.T) {
				refused(t, respond(w.shop.client, "EMAIL_OTP", carol.email, session, code), "NotAuthorizedException")
			})
		})
		t.Run("twenty at once", func(t *testing.T) {
			dave := w.user(w.shop)
			session, code := begin(dave)
			got := atOnce(20, func(int) answer { return respond(w.shop.client, "EMAIL_OTP", dave.email, session, code) })
			if n := count(got); n != 1 {
				t.Errorf("%d of 20 answers to one challenge give tokens", n)
			}
		})
	})
}

func text(v any) string { s, _ := v.(string); return s }

// fullWidth writes digits as others that look like them.
func fullWidth(digits string) string {
	return strings.Map(func(r rune) rune { return r - '0' + '０' }, digits)
}

func (w *world) access(u user) string {
	w.Helper()
	w.signIn(&u)
	return u.access
}

// atOnce makes calls at the same time.
func atOnce(n int, call func(i int) answer) []answer {
	got := make([]answer, n)
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i] = call(i) })
	}
	wg.Wait()
	return got
}

// count is how many answers are good.
func count(all []answer) (n int) {
	for _, a := range all {
		if a.Err == nil && a.Status == 200 {
			n++
		}
	}
	return n
}

// TestCodesOfUsers uses codes for what they were not sent for.
func TestCodesOfUsers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		signUp := func(name string) string {
			w.Helper()
			sent := len(w.codes(name))
			w.good("SignUp", w.idp("SignUp", harness.M{"ClientId": w.shop.client, "Username": name, "Password": password}))
			return w.code(name, sent)
		}
		forgot := func(u user) string {
			w.Helper()
			sent := len(w.codes(u.email))
			w.good("ForgotPassword", w.idp("ForgotPassword", harness.M{"ClientId": u.app.client, "Username": u.email}))
			return w.code(u.email, sent)
		}
		confirm := func(client, name, code string) answer {
			return w.idp("ConfirmSignUp", harness.M{"ClientId": client, "Username": name, "ConfirmationCode": code})
		}
		reset := func(client, name, code string) answer {
			return w.idp("ConfirmForgotPassword", harness.M{
				"ClientId": client, "Username": name, "ConfirmationCode": code, "Password": nextPassword,
			})
		}
		first, second := w.address(), w.address()
		firstCode, secondCode := signUp(first), signUp(second)
		alice, bob := w.user(w.shop), w.user(w.shop)
		aliceCode, bobCode := forgot(alice), forgot(bob)
		for _, tc := range []struct {
			name string
			try  func() answer
		}{
			{"another's code confirms", func() answer { return confirm(w.shop.client, first, secondCode) }},
			{"a code to reset confirms", func() answer { return confirm(w.shop.client, first, aliceCode) }},
			{"a code of another pool's client", func() answer { return confirm(w.other.client, first, firstCode) }},
			{"a code with a space", func() answer { return confirm(w.shop.client, first, firstCode+" ") }},
			{"a code in full width", func() answer { return confirm(w.shop.client, first, fullWidth(firstCode)) }},
			{"no code", func() answer { return confirm(w.shop.client, first, "") }},
			{"another's code resets", func() answer { return reset(w.shop.client, alice.email, bobCode) }},
			{"a code to confirm resets", func() answer { return reset(w.shop.client, alice.email, firstCode) }},
			{"a code to confirm resets its user", func() answer { return reset(w.shop.client, first, firstCode) }},
			{"a reset by another pool's client", func() answer { return reset(w.other.client, alice.email, aliceCode) }},
			{"a reset for nobody", func() answer { return reset(w.shop.client, "nobody@example.com", aliceCode) }},
		} {
			t.Run(tc.name, func(t *testing.T) { refused(t, tc.try()) })
		}
		t.Run("control", func(t *testing.T) {
			taken(t, confirm(w.shop.client, first, firstCode))
			taken(t, confirm(w.shop.client, second, secondCode))
			taken(t, reset(w.shop.client, alice.email, aliceCode))
			taken(t, reset(w.shop.client, bob.email, bobCode))
		})
		t.Run("used again", func(t *testing.T) {
			refused(t, confirm(w.shop.client, first, firstCode))
			refused(t, reset(w.shop.client, alice.email, aliceCode))
		})
		t.Run("an older code", func(t *testing.T) {
			name := w.address()
			old := signUp(name)
			w.good("ResendConfirmationCode", w.idp("ResendConfirmationCode", harness.M{"ClientId": w.shop.client, "Username": name}))
			next := w.code(name, 1)
			if old == next {
				return // one in a million
			}
			refused(t, confirm(w.shop.client, name, old))
			taken(t, confirm(w.shop.client, name, next))
		})
	})
}

// TestRefreshTokens changes, mixes up and replays refresh tokens.
func TestRefreshTokens(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.signedIn(w.shop)
		refresh := func(client, token string) answer {
			return w.idp("GetTokensFromRefreshToken", harness.M{"ClientId": client, "RefreshToken": token})
		}
		flow := func(client, token string) answer {
			return w.idp("InitiateAuth", harness.M{
				"ClientId": client, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": harness.M{"REFRESH_TOKEN": token},
			})
		}
		half := len(u.refr) / 2
		other := "A"
		if u.refr[half] == 'A' {
			other = "B"
		}
		for _, way := range []struct {
			name string
			call func(client, token string) answer
		}{{"GetTokensFromRefreshToken", refresh}, {"REFRESH_TOKEN_AUTH", flow}} {
			for _, tc := range []struct{ name, client, token string }{
				{"cut", w.shop.client, u.refr[:len(u.refr)-1]},
				{"longer", w.shop.client, u.refr + "A"},
				{"a character changed", w.shop.client, u.refr[:half] + other + u.refr[half+1:]},
				{"upper case", w.shop.client, strings.ToUpper(u.refr)},
				{"a space behind", w.shop.client, u.refr + " "},
				{"padded", w.shop.client, u.refr + "="},
				{"another client", w.shop.WebClient, u.refr},
				{"a client of another pool", w.other.client, u.refr},
				{"the access token", w.shop.client, u.access},
				{"the id token", w.shop.client, u.id},
				{"made up", w.shop.client, base64.RawURLEncoding.EncodeToString(make([]byte, 48))},
			} {
				t.Run(way.name+" "+tc.name, func(t *testing.T) { refused(t, way.call(tc.client, tc.token)) })
			}
			t.Run(way.name+" control", func(t *testing.T) { taken(t, way.call(w.shop.client, u.refr)) })
		}
		for _, tc := range []struct {
			name string
			end  func(u user) answer
		}{
			{"revoked", func(u user) answer {
				return w.idp("RevokeToken", harness.M{"ClientId": w.shop.client, "Token": u.refr})
			}},
			{"signed out everywhere", func(u user) answer { return w.idp("GlobalSignOut", harness.M{"AccessToken": u.access}) }},
			{"signed out by an administrator", func(u user) answer {
				return w.admin("AdminUserGlobalSignOut", harness.M{"UserPoolId": w.shop.UserPool, "Username": u.email})
			}},
			{"disabled", func(u user) answer {
				return w.admin("AdminDisableUser", harness.M{"UserPoolId": w.shop.UserPool, "Username": u.email})
			}},
			{"deleted", func(u user) answer {
				return w.admin("AdminDeleteUser", harness.M{"UserPoolId": w.shop.UserPool, "Username": u.email})
			}},
			{"deleted by the user", func(u user) answer { return w.idp("DeleteUser", harness.M{"AccessToken": u.access}) }},
			{"another password by an administrator", func(u user) answer {
				return w.admin("AdminSetUserPassword", harness.M{
					"UserPoolId": w.shop.UserPool, "Username": u.email, "Password": nextPassword, "Permanent": true,
				})
			}},
		} {
			t.Run(tc.name, func(t *testing.T) {
				u := w.signedIn(w.shop)
				taken(t, refresh(w.shop.client, u.refr))
				taken(t, w.idp("GetUser", harness.M{"AccessToken": u.access}))
				taken(t, tc.end(u))
				refused(t, refresh(w.shop.client, u.refr))
				refused(t, flow(w.shop.client, u.refr))
				refused(t, w.idp("GetUser", harness.M{"AccessToken": u.access}))
			})
		}
	})
}

// TestProofs answers password challenges with what belongs to others.
func TestProofs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		alice, bob := w.user(w.shop), w.user(w.shop)
		own, theirs := w.srpStep(w.shop.client, alice.email), w.srpStep(w.shop.client, bob.email)
		prove := func(client, name string, block, signature any) answer {
			return w.idp("RespondToAuthChallenge", harness.M{
				"ClientId": client, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": harness.M{
					"USERNAME": name, "PASSWORD_CLAIM_SECRET_BLOCK": block, "PASSWORD_CLAIM_SIGNATURE": signature,
					"TIMESTAMP": "Mon Nov 2 08:05:09 UTC 2026",
				},
			})
		}
		zero := base64.StdEncoding.EncodeToString(make([]byte, 32))
		for _, tc := range []struct {
			name, client, user string
			block, signature   any
		}{
			{"a proof of zeros", w.shop.client, alice.email, own["SECRET_BLOCK"], zero},
			{"another's block", w.shop.client, alice.email, theirs["SECRET_BLOCK"], zero},
			{"another client", w.shop.WebClient, alice.email, own["SECRET_BLOCK"], zero},
			{"a client of another pool", w.other.client, alice.email, own["SECRET_BLOCK"], zero},
			{"a made-up block", w.shop.client, alice.email, base64.StdEncoding.EncodeToString([]byte("a block")), zero},
			{"a block that is no base64", w.shop.client, alice.email, "***", zero},
			{"a proof that is too short", w.shop.client, alice.email, own["SECRET_BLOCK"], "AAAA"},
			{"no proof", w.shop.client, alice.email, own["SECRET_BLOCK"], ""},
			{"nobody", w.shop.client, "nobody@example.com", own["SECRET_BLOCK"], zero},
		} {
			t.Run(tc.name, func(t *testing.T) { refused(t, prove(tc.client, tc.user, tc.block, tc.signature)) })
		}
		for _, a := range []struct{ name, value string }{
			{"zero", "0"}, {"N", prime}, {"twice N", "1" + prime}, {"empty", ""}, {"negative", "-1"}, {"not hexadecimal", "xyz"}, {"huge", strings.Repeat("f", 100_000)},
		} {
			t.Run("SRP_A "+a.name, func(t *testing.T) {
				refused(t, w.idp("InitiateAuth", harness.M{
					"ClientId": w.shop.client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": harness.M{"USERNAME": alice.email, "SRP_A": a.value},
				}))
			})
		}
		t.Run("control", func(t *testing.T) { taken(t, w.password(w.shop.client, alice.email, password)) })
	})
}

// prime is the modulus of the handshakes, which as a public value would make the
// shared secret zero.
const prime = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
	"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
	"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
	"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
	"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
	"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
	"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
