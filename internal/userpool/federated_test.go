package userpool_test

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/keys"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

func secret(text string) keys.Secret { return keys.NewSecret([]byte(text)) }

// federation is a pool with providers and a client that has them.
func federation(t *testing.T, s userpool.Settings, fn func(t *testing.T, f *fixture, g userpool.Provider)) {
	t.Helper()
	cs := hiding()
	cs.Providers = []string{"COGNITO", "Google", "Corp"}
	each(t, s, cs, func(t *testing.T, f *fixture) {
		g := google(t)
		g.Mapping["email_verified"], g.Mapping["name"] = "email_verified", "name"
		fn(t, f, f.newProvider(t, g))
	})
}

func (f *fixture) federated(t testing.TB, p userpool.Provider, id string, claims map[string]string) (userpool.Proved, error) {
	t.Helper()
	return f.FederatedSignIn(t.Context(), f.call(), f.client, p, userpool.Profile{ID: id, Claims: claims})
}

func ada() map[string]string {
	return map[string]string{"email": "ada@example.com", "email_verified": "true", "name": "Ada", "locale": "en"}
}

func TestFederatedSignIn(t *testing.T) {
	t.Parallel()
	federation(t, plain(), func(t *testing.T, f *fixture, g userpool.Provider) {
		first, err := f.federated(t, g, "123", ada())
		must(t, "first", err)
		u := f.user(t, "Google_123")
		if u.ID != first.UserID || first.Username != "Google_123" || u.Status != userpool.StatusExternal || !first.AuthTime.Equal(f.now) {
			t.Errorf("%+v %+v", first, u)
		}
		wanted := map[string]string{"email": "ada@example.com", "email_verified": "true", "name": "Ada"}
		if diff := cmp.Diff(wanted, u.Attributes); diff != "" {
			t.Error(diff)
		}
		var list []map[string]any
		identities := u.All()["identities"]
		must(t, "identities", json.Unmarshal([]byte(identities), &list))
		if diff := cmp.Diff([]map[string]any{{
			"userId": "123", "providerName": "Google", "providerType": "Google", "issuer": nil, "primary": true,
			"dateCreated": float64(start.UnixMilli()),
		}}, list); diff != "" {
			t.Error(diff)
		}
		groups, _, err := f.UserGroups(t.Context(), f.call(), poolID, "Google_123", userpool.Page{})
		if err != nil || len(groups) != 1 || groups[0].Name != poolID+"_Google" {
			t.Errorf("%+v, %v", groups, err)
		}
		// Mapped attributes come again with every sign-in, and the others stay.
		must(t, "own attribute", f.AdminUpdateAttributes(t.Context(), f.call(), poolID, "Google_123", map[string]string{
			"nickname": "Countess", "name": "Changed",
		}))
		f.after(time.Hour)
		second, err := f.federated(t, g, "123", map[string]string{"email": "new@example.com", "name": "Lady Ada"})
		if err != nil || second.UserID != first.UserID {
			t.Fatalf("%+v, %v", second, err)
		}
		u = f.user(t, "Google_123")
		wanted = map[string]string{"email": "new@example.com", "email_verified": "false", "name": "Lady Ada", "nickname": "Countess"}
		if diff := cmp.Diff(wanted, u.Attributes); diff != "" {
			t.Error(diff)
		}
		if u.All()["identities"] != identities {
			t.Errorf("identities are now %s", u.All()["identities"])
		}
		// What the provider leaves out stays.
		_, err = f.federated(t, g, "123", map[string]string{"email_verified": "true"})
		must(t, "third", err)
		if diff := cmp.Diff(wanted, f.user(t, "Google_123").Attributes); diff != "" {
			t.Error(diff)
		}
	})
}

// Names that came by way of the browser count once.
func TestFederatedFirst(t *testing.T) {
	t.Parallel()
	federation(t, plain(), func(t *testing.T, f *fixture, g userpool.Provider) {
		for _, name := range []string{"Ada", "Mallory"} {
			_, err := f.FederatedSignIn(t.Context(), f.call(), f.client, g, userpool.Profile{
				ID: "1", Claims: map[string]string{"email": "a@example.com"}, First: map[string]string{"name": name, "email": "b@example.com"},
			})
			must(t, name, err)
			if u := f.user(t, "Google_1"); u.Attributes["name"] != "Ada" || u.Attributes["email"] != "a@example.com" {
				t.Errorf("%v", u.Attributes)
			}
		}
	})
}

// An e-mail address, whatever is said of it, leads to nobody else and takes
// nothing away from anybody.
func TestFederatedIsNobodyElse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		set  userpool.Settings
		user string
	}{
		{"names are addresses", byEmail(), "ada@example.com"},
		{"addresses are aliases", byAlias(), "ada"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			federation(t, tc.set, func(t *testing.T, f *fixture, g userpool.Provider) {
				f.newUser(t, tc.user, map[string]string{"email": "ada@example.com", "email_verified": "true"})
				native := f.user(t, tc.user)
				got, err := f.federated(t, g, "123", ada())
				if err != nil || got.UserID == native.ID {
					t.Fatalf("%+v, %v", got, err)
				}
				u := f.user(t, "Google_123")
				if u.ID != got.UserID || u.Attributes["email"] != "ada@example.com" || u.Attributes["email_verified"] != "true" {
					t.Errorf("%+v", u)
				}
				if again := f.user(t, "ada@example.com"); again.ID != native.ID || !cmp.Equal(again.Attributes, native.Attributes) {
					t.Errorf("the address leads to %s", again.Username)
				}
				must(t, "update", f.AdminUpdateAttributes(t.Context(), f.call(), poolID, "Google_123", map[string]string{
					"email": "ADA@example.com", "email_verified": "true",
				}))
				if again := f.user(t, "ada@example.com"); again.ID != native.ID {
					t.Errorf("the address leads to %s", again.Username)
				}
				access := f.federatedTokens(t, "Google_123").Access
				_, err = f.UpdateAttributes(t.Context(), f.call(), access, mail("Ada@example.com"))
				must(t, "update by the user", err)
				must(t, "verify", f.VerifyAttribute(t.Context(), f.call(), access, "email", f.last(t).Code))
				if again := f.user(t, "ada@example.com"); again.ID != native.ID {
					t.Errorf("the address leads to %s", again.Username)
				}
				// Nor does a provider keep somebody from signing up.
				_, err = f.federated(t, g, "4", map[string]string{"email": "bob@example.com", "email_verified": "true"})
				must(t, "sign in", err)
				if name := "bob@example.com"; tc.user == "ada" {
					f.newUser(t, "bob", map[string]string{"email": name, "email_verified": "true"})
				} else {
					f.signUp(t, name, nil)
				}
				if u := f.user(t, "bob@example.com"); u.Status == userpool.StatusExternal {
					t.Errorf("the address leads to %s", u.Username)
				}
			})
		})
	}
}

func TestFederatedRefused(t *testing.T) {
	t.Parallel()
	set := plain()
	set.Attributes = []userpool.Attribute{
		{Name: "email", Type: userpool.TypeString, Mutable: true, Required: true},
		{Name: "gender", Type: userpool.TypeString, Mutable: false},
	}
	federation(t, set, func(t *testing.T, f *fixture, _ userpool.Provider) {
		ctx := t.Context()
		g, err := f.UpdateProvider(ctx, f.call(), poolID, "Google", func(p *userpool.Provider) error {
			p.Mapping["gender"], p.Mapping["birthdate"] = "gender", "birthday"
			return nil
		})
		must(t, "update", err)
		_, err = f.federated(t, g, "1", map[string]string{"name": "Ada"})
		want(t, "no e-mail", err, "InvalidParameter: Attributes did not conform to the schema: email: The attribute is required\n")
		_, err = f.AdminUser(ctx, f.call(), poolID, "Google_1")
		want(t, "nobody was made", err, noUser)
		_, err = f.federated(t, g, "1", map[string]string{"email": "not an address"})
		want(t, "bad e-mail", err, "InvalidParameter: Invalid email address format.")
		_, err = f.federated(t, g, "1", map[string]string{"email": "a@example.com", "birthday": "1815"})
		want(t, "bad date", err, "InvalidParameter: Attributes did not conform to the schema: birthdate: String must be at least 10 characters long\n")
		for _, id := range []string{"a b", "a\x00b", strings.Repeat("x", 122), "\xff"} {
			_, err = f.federated(t, g, id, ada())
			want(t, "id", err, "InvalidParameter: The id of the user at Google cannot be part of a user name.")
		}
		if _, err := f.federated(t, g, "", ada()); err == nil {
			t.Error("nobody signs in")
		}
		_, err = f.federated(t, g, strings.Repeat("x", 121), ada())
		must(t, "longest id", err)

		_, err = f.federated(t, g, "1", map[string]string{"email": "a@example.com", "gender": "f"})
		must(t, "sign in", err)
		_, err = f.federated(t, g, "1", map[string]string{"email": "a@example.com", "gender": "m"})
		want(t, "immutable", err, "InvalidParameter: user.gender: Attribute cannot be updated.\n")
		_, err = f.federated(t, g, "1", map[string]string{"email": "a@example.com", "gender": "f"})
		must(t, "the same", err)

		must(t, "disable", f.AdminEnable(ctx, f.call(), poolID, "Google_1", false))
		_, err = f.federated(t, g, "1", map[string]string{"email": "b@example.com"})
		want(t, "disabled", err, "NotAuthorized: User is disabled.")
		if u := f.user(t, "Google_1"); u.Attributes["email"] != "a@example.com" {
			t.Errorf("%v", u.Attributes)
		}
		must(t, "enable", f.AdminEnable(ctx, f.call(), poolID, "Google_1", true))

		f.client = f.newClient(t, flows()).ID
		_, err = f.federated(t, g, "1", ada())
		want(t, "a client without", err, "InvalidParameter: The identity provider Google is not enabled for the app client.")
		f.client = "none"
		_, err = f.federated(t, g, "1", ada())
		want(t, "no client", err, "ResourceNotFound: User pool client none does not exist.")
	})
}

// The provider that the browser went to may be gone when it comes back.
func TestFederatedProviderGone(t *testing.T) {
	t.Parallel()
	federation(t, plain(), func(t *testing.T, f *fixture, g userpool.Provider) {
		must(t, "delete", f.DeleteProvider(t.Context(), f.call(), poolID, "Google"))
		_, err := f.federated(t, g, "1", ada())
		want(t, "deleted", err, "ResourceNotFound: Identity provider Google does not exist.")
		again := f.newProvider(t, google(t))
		_, err = f.federated(t, g, "1", ada())
		want(t, "made again", err, "ResourceNotFound: Identity provider Google does not exist.")
		_, err = f.federated(t, again, "1", ada())
		must(t, "the new one", err)
	})
}

// Ids differ by case, user names do not: who comes second is refused, and is not
// taken for the first. The same goes for a user who took the name by sign-up.
func TestFederatedNameTaken(t *testing.T) {
	t.Parallel()
	federation(t, plain(), func(t *testing.T, f *fixture, g userpool.Provider) {
		_, err := f.federated(t, g, "abc", ada())
		must(t, "first", err)
		_, err = f.federated(t, g, "ABC", ada())
		want(t, "another case", err, "UsernameExists: User already exists")
		f.newUser(t, "Google_999", nil)
		_, err = f.federated(t, g, "999", ada())
		want(t, "native user", err, "UsernameExists: User already exists")
		if u := f.user(t, "Google_999"); u.Status != userpool.StatusConfirmed {
			t.Error(u.Status)
		}
		// Deleted users come back as new ones.
		before := f.user(t, "Google_abc")
		must(t, "delete", f.AdminDelete(t.Context(), f.call(), poolID, "Google_abc"))
		got, err := f.federated(t, g, "abc", ada())
		if err != nil || got.UserID == before.ID {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// Of parallel first sign-ins all get the one user.
func TestFederatedParallel(t *testing.T) {
	t.Parallel()
	federation(t, plain(), func(t *testing.T, f *fixture, g userpool.Provider) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		ids := map[string]int{}
		for range 8 {
			wg.Go(func() {
				got, err := f.federated(t, g, "1", ada())
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				ids[got.UserID]++
			})
		}
		wg.Wait()
		n, err := f.CountUsers(t.Context(), f.call(), poolID)
		if err != nil || n != 1 || len(ids) != 1 || ids[f.user(t, "Google_1").ID] != 8 {
			t.Errorf("%d users, %v, %v", n, ids, err)
		}
	})
}

// A user of a provider has no password, and gets none.
func TestFederatedHasNoPassword(t *testing.T) {
	t.Parallel()
	set := plain()
	set.FirstFactors = []string{"PASSWORD", "EMAIL_OTP"}
	federation(t, set, func(t *testing.T, f *fixture, g userpool.Provider) {
		ctx := t.Context()
		_, err := f.federated(t, g, "1", ada())
		must(t, "sign in", err)
		for _, password := range []string{"", goodPass} {
			_, err := f.password(t, "Google_1", password)
			want(t, "password", err, wrongPassword)
		}
		_, err = f.srp(t, "Google_1", goodPass)
		want(t, "SRP", err, wrongPassword)
		access := f.federatedTokens(t, "Google_1").Access
		for _, previous := range []string{"", goodPass} {
			want(t, "ChangePassword", f.ChangePassword(ctx, f.call(), access, previous, nextPass),
				"NotAuthorized: The password of a user of an identity provider cannot be set.")
		}
		shown := f.newClient(t, flows()).ID
		for _, client := range []string{f.client, shown} {
			sent := len(f.sent)
			got, err := f.InitiateAuth(ctx, f.call(), userpool.AuthInput{
				Client: client, Name: userpool.AuthChoice, Parameters: map[string]string{"USERNAME": "Google_1", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
			})
			if err != nil || client == shown && len(got.Available) > 0 || len(f.sent) != sent {
				t.Errorf("USER_AUTH: %+v, %v", got, err)
			}
		}
		want(t, "AdminSetPassword", f.AdminSetPassword(ctx, f.call(), poolID, "Google_1", goodPass, true),
			"NotAuthorized: The password of a user of an identity provider cannot be set.")
		want(t, "AdminResetPassword", f.AdminResetPassword(ctx, f.call(), poolID, "Google_1"),
			"NotAuthorized: User password cannot be reset in the current state.")
		sent := len(f.sent)
		d, err := f.ForgotPassword(ctx, f.call(), f.by("Google_1"))
		if err != nil || d == nil || len(f.sent) != sent { // as for nobody
			t.Errorf("%+v, %v", d, err)
		}
		_, err = f.ForgotPassword(ctx, f.call(), userpool.ByClient{Client: shown, Username: "Google_1"})
		want(t, "ForgotPassword", err, "NotAuthorized: User password cannot be reset in the current state.")
		if _, err = f.AdminCreateUser(ctx, f.call(), userpool.NewUser{Pool: poolID, Username: "Google_1", Resend: true}); errText(err) == "" {
			t.Error("a temporary password was sent")
		}
		if u := f.user(t, "Google_1"); u.Status != userpool.StatusExternal {
			t.Error(u.Status)
		}
	})
}

// federatedTokens are tokens of a user who has come from a provider.
func (f *fixture) federatedTokens(t testing.TB, name string) *userpool.Tokens {
	t.Helper()
	out, err := f.GrantTokens(t.Context(), f.call(), userpool.OAuthGrant{
		Pool: poolID, Client: f.client, UserID: f.user(t, name).ID, Scopes: []string{"openid", "email", token.AdminScope}, AuthTime: f.now,
	})
	must(t, "tokens", err)
	return out
}

// Tokens tell where the user comes from, and refreshed ones do too.
func TestFederatedTokens(t *testing.T) {
	t.Parallel()
	federation(t, plain(), func(t *testing.T, f *fixture, g userpool.Provider) {
		ctx := t.Context()
		_, err := f.federated(t, g, "1", ada())
		must(t, "sign in", err)
		tokens := f.federatedTokens(t, "Google_1")
		again, err := f.Refresh(ctx, f.call(), userpool.RefreshInput{Client: f.client, Token: tokens.Refresh, Flow: true})
		must(t, "refresh", err)
		for _, id := range []string{tokens.ID, again.ID} {
			var claims struct {
				Name       string           `json:"cognito:username"`
				Groups     []string         `json:"cognito:groups"`
				Email      string           `json:"email"`
				Verified   bool             `json:"email_verified"`
				Identities []map[string]any `json:"identities"`
			}
			body, err := base64.RawURLEncoding.DecodeString(strings.Split(id, ".")[1])
			must(t, "decode", err)
			must(t, "decode", json.Unmarshal(body, &claims))
			if diff := cmp.Diff([]map[string]any{{
				"userId": "1", "providerName": "Google", "providerType": "Google", "issuer": nil, "primary": "true",
				"dateCreated": strconv.FormatInt(start.UnixMilli(), 10),
			}}, claims.Identities); diff != "" {
				t.Error(diff)
			}
			if claims.Name != "Google_1" || claims.Email != "ada@example.com" || !claims.Verified || len(claims.Groups) != 1 ||
				claims.Groups[0] != poolID+"_Google" {
				t.Errorf("%+v", claims)
			}
		}
		me, err := f.SignedIn(ctx, f.call(), tokens.Access)
		if err != nil || !strings.Contains(me.All()["identities"], `"providerName":"Google"`) {
			t.Errorf("%+v, %v", me, err)
		}
		f.newUser(t, "bob", nil)
		bob, client := f.user(t, "bob"), userpool.Client{}
		if got := userpool.TokenUser(&bob, &client, nil); got.Identities != nil || bob.All()["identities"] != "" {
			t.Errorf("%+v", got)
		}
		must(t, "disable", f.AdminEnable(ctx, f.call(), poolID, "Google_1", false))
		_, err = f.Refresh(ctx, f.call(), userpool.RefreshInput{Client: f.client, Token: tokens.Refresh, Flow: true})
		if errText(err) == "" {
			t.Error("a disabled user goes on")
		}
	})
}
