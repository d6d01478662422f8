package attack_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"preamp/test/harness"
)

// TestGuesses guesses passwords and codes at once.
func TestGuesses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		t.Run("passwords", func(t *testing.T) {
			u := w.user(w.shop)
			judged := 0
			for _, a := range atOnce(60, func(i int) answer { return w.password(w.shop.client, u.email, fmt.Sprintf("Passw0rd!%d", i)) }) {
				refused(t, a, "NotAuthorizedException", "TooManyRequestsException")
				if a.Text("message") == "Incorrect username or password." {
					judged++
				}
			}
			if judged > 12 { // five, and one after each lock that ended meanwhile
				t.Errorf("%d of 60 guesses at once were judged", judged)
			}
			a := w.password(w.shop.client, u.email, password)
			refused(t, a, "NotAuthorizedException")
			if a.Text("message") != "Password attempts exceeded" {
				t.Errorf("the right password after the guesses: %v", a)
			}
			for name, u := range map[string]user{"another user": w.user(w.shop), "another pool": w.user(w.other)} {
				t.Run("control: "+name, func(t *testing.T) { taken(t, w.password(u.app.client, u.email, password)) })
			}
			t.Run("by another client", func(t *testing.T) {
				w.good("UpdateUserPoolClient", w.admin("UpdateUserPoolClient", w.everyFlow(app{Auth: w.shop.Auth, client: w.shop.NativeClient})))
				a := w.password(w.shop.NativeClient, u.email, password)
				refused(t, a, "NotAuthorizedException")
				if a.Text("message") != "Password attempts exceeded" {
					t.Errorf("another client is not locked out: %v", a)
				}
			})
			t.Run("by its sub", func(t *testing.T) {
				got := w.good("AdminGetUser", w.admin("AdminGetUser", harness.M{"UserPoolId": w.shop.UserPool, "Username": u.email}))
				a := w.password(w.shop.client, got.Text("Username"), password)
				refused(t, a, "NotAuthorizedException")
				if a.Text("message") != "Password attempts exceeded" {
					t.Errorf("another name of the user is not locked out: %v", a)
				}
			})
			t.Run("by the pages", func(t *testing.T) {
				b := w.browser()
				action, fields := b.loginPage(w.authorizeQuery())
				fields.Set("username", u.email)
				fields.Set("password", password)
				if a := b.post(action, fields, nil); a.Status != 200 && a.Status != 400 || !bytes.Contains(a.Raw, []byte(`role="alert"`)) || a.Header.Get("Location") != "" {
					t.Errorf("the pages are not locked: %v, Location %q", a.Status, a.Header.Get("Location"))
				}
			})
		})
		t.Run("codes", func(t *testing.T) {
			name := w.address()
			w.good("SignUp", w.idp("SignUp", harness.M{"ClientId": w.shop.client, "Username": name, "Password": password}))
			code := w.code(name, 0)
			var n int
			if _, err := fmt.Sscanf(code, "%d", &n); err != nil {
				t.Fatal(err)
			}
			judged := 0
			for _, a := range atOnce(200, func(i int) answer {
				return w.idp("ConfirmSignUp", harness.M{"ClientId": w.shop.client, "Username": name, "ConfirmationCode": fmt.Sprintf("%06d", (n+1+i)%1_000_000)})
			}) {
				refused(t, a, "CodeMismatchException", "LimitExceededException", "TooManyRequestsException")
				if a.Header.Get("X-Amzn-Errortype") == "CodeMismatchException" {
					judged++
				}
			}
			if judged > 15 {
				t.Errorf("%d of 200 guesses at once were judged, of 15 per hour", judged)
			}
			refused(t, w.idp("ConfirmSignUp", harness.M{"ClientId": w.shop.client, "Username": name, "ConfirmationCode": code}), "LimitExceededException")
			t.Run("control", func(t *testing.T) {
				name := w.address()
				w.good("SignUp", w.idp("SignUp", harness.M{"ClientId": w.shop.client, "Username": name, "Password": password}))
				taken(t, w.idp("ConfirmSignUp", harness.M{"ClientId": w.shop.client, "Username": name, "ConfirmationCode": w.code(name, 0)}))
			})
		})
		t.Run("after a crash", func(t *testing.T) {
			u := w.user(w.shop)
			for range 5 {
				refused(t, w.password(w.shop.client, u.email, "Wr0ng!password"), "NotAuthorizedException")
			}
			w.server.Kill()
			w.server.Start(t)
			w.http = w.server.Client()
			// The lock of five is short and may be over. One more guess is judged then, and
			// locks: who had forgotten the five would judge five others.
			for {
				a := w.password(w.shop.client, u.email, "Wr0ng!password")
				refused(t, a, "NotAuthorizedException")
				if a.Text("message") == "Incorrect username or password." {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			a := w.password(w.shop.client, u.email, password)
			refused(t, a, "NotAuthorizedException")
			if a.Text("message") != "Password attempts exceeded" {
				t.Errorf("the guesses before the crash are forgotten: %v", a)
			}
			fresh := w.user(w.shop)
			taken(t, w.password(w.shop.client, fresh.email, password))
		})
	})
}

// TestEnumeration asks about somebody and about nobody; the answers must not
// differ in a byte.
func TestEnumeration(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		u := w.user(w.shop)
		unconfirmed := w.address()
		w.good("SignUp", w.idp("SignUp", harness.M{"ClientId": w.shop.client, "Username": unconfirmed, "Password": password}))
		nobody := func() string { return w.address() }
		for _, tc := range []struct {
			name string
			ask  func(name string) answer
			of   []string // who exists
		}{
			{"a wrong password", func(name string) answer { return w.password(w.shop.client, name, "Wr0ng!password") }, []string{u.email, unconfirmed}},
			{"confirm", func(name string) answer {
				return w.idp("ConfirmSignUp", harness.M{"ClientId": w.shop.client, "Username": name, "ConfirmationCode": "000000"})
			}, []string{u.email, unconfirmed}},
			{"reset", func(name string) answer {
				return w.idp("ConfirmForgotPassword", harness.M{
					"ClientId": w.shop.client, "Username": name, "ConfirmationCode": "000000", "Password": nextPassword,
				})
			}, []string{u.email, unconfirmed}},
			{"forgot", func(name string) answer {
				return w.idp("ForgotPassword", harness.M{"ClientId": w.shop.client, "Username": name})
			}, []string{u.email, unconfirmed}},
			{"resend", func(name string) answer {
				return w.idp("ResendConfirmationCode", harness.M{"ClientId": w.shop.client, "Username": name})
			}, []string{u.email, unconfirmed}},
			{"USER_AUTH", func(name string) answer {
				return w.idp("InitiateAuth", harness.M{"ClientId": w.shop.client, "AuthFlow": "USER_AUTH", "AuthParameters": harness.M{"USERNAME": name}})
			}, []string{u.email, unconfirmed}},
		} {
			t.Run(tc.name, func(t *testing.T) {
				want := shape(tc.ask(nobody()))
				for _, name := range tc.of {
					if got := shape(tc.ask(name)); got != want {
						t.Errorf("somebody: %s\nnobody:   %s", got, want)
					}
				}
			})
		}
		t.Run("SRP", func(t *testing.T) {
			lengths := map[string]int{}
			for _, name := range []string{u.email, fmt.Sprintf("%0*d@example.com", len(u.email)-len("@example.com"), 0)} {
				first, again := w.srpStep(w.shop.client, name), w.srpStep(w.shop.client, name)
				for _, member := range []string{"SECRET_BLOCK", "USER_ID_FOR_SRP"} {
					if n := len(text(first[member])); lengths[member] != 0 && lengths[member] != n {
						t.Errorf("%s is %d long for one and %d for the other", member, n, lengths[member])
					} else {
						lengths[member] = n
					}
				}
				for _, member := range []string{"SALT", "USER_ID_FOR_SRP", "USERNAME"} {
					if text(first[member]) == "" || first[member] != again[member] {
						t.Errorf("%s of %s: %v, then %v", member, name, first[member], again[member])
					}
				}
				if first["SRP_B"] == again["SRP_B"] {
					t.Errorf("the same SRP_B twice for %s", name)
				}
			}
		})
		t.Run("the pages", func(t *testing.T) {
			page := func(name string) string {
				b := w.browser()
				action, fields := b.loginPage(w.authorizeQuery())
				fields.Set("username", name)
				fields.Set("password", "Wr0ng!password")
				a := b.post(action, fields, nil)
				_, left := b.form(action, a)
				raw := bytes.ReplaceAll(a.Raw, []byte(name), []byte("NAME"))
				return fmt.Sprint(a.Status, " ", string(bytes.ReplaceAll(raw, []byte(left.Get("_csrf")), nil)))
			}
			if somebody, nobody := page(w.user(w.shop).email), page(nobody()); somebody != nobody {
				t.Errorf("somebody:\n%s\nnobody:\n%s", somebody, nobody)
			}
		})
	})
}

// shape is an answer without what differs with each one: Sessions, and the letters
// of masked addresses.
func shape(a answer) string {
	if a.Text("Session") != "" {
		a.Body["Session"] = fmt.Sprint("Session ", len(a.Text("Session")))
	}
	if d, ok := a.Body["CodeDeliveryDetails"].(harness.M); ok {
		d["Destination"] = len(text(d["Destination"]))
	}
	if p, ok := a.Body["ChallengeParameters"].(harness.M); ok && p["CODE_DELIVERY_DESTINATION"] != nil {
		p["CODE_DELIVERY_DESTINATION"] = "masked"
	}
	return fmt.Sprint(a.Status, " ", a.Header.Get("X-Amzn-Errortype"), " ", a.Body)
}
