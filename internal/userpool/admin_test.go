package userpool_test

import (
	"strings"
	"testing"

	"preamp/internal/userpool"
)

// What administrators write is stored in one form, so that True verifies too.
func TestTruthValues(t *testing.T) {
	t.Parallel()
	s := plain()
	s.Attributes = []userpool.Attribute{{Name: "custom:vip", Type: userpool.TypeBoolean, Mutable: true}}
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", map[string]string{"email": "a@example.com", "email_verified": "True"})
		must(t, "update", f.AdminUpdateAttributes(ctx, f.call(), poolID, "alice", map[string]string{"custom:vip": "FALSE"}))
		u := f.user(t, "alice")
		if u.Attributes["email_verified"] != "true" || u.Attributes["custom:vip"] != "false" {
			t.Errorf("attributes %v", u.Attributes)
		}
		_, err := f.UpdateAttributes(ctx, f.call(), f.access(t, "alice"), map[string]string{"custom:vip": "tRue"})
		must(t, "update by the user", err)
		if u := f.user(t, "alice"); u.Attributes["custom:vip"] != "true" {
			t.Errorf("attributes %v", u.Attributes)
		}
		err = f.AdminUpdateAttributes(ctx, f.call(), poolID, "alice", map[string]string{"custom:vip": "yes"})
		want(t, "another word", err, "InvalidParameter: Attributes did not conform to the schema: custom:vip: The value must be true or false\n")
	})
}

func TestDeleteUnknownAttributes(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", map[string]string{"name": "Alice"})
		const refused = "InvalidParameter: Invalid user attributes: user.custom:b: Attribute does not exist in the schema.\n" +
			"user.custom:a: Attribute does not exist in the schema.\n"
		names := []string{"name", "custom:b", "custom:a"}
		want(t, "administrator", f.AdminDeleteAttributes(t.Context(), f.call(), poolID, "alice", names), refused)
		want(t, "user", f.DeleteAttributes(t.Context(), f.call(), f.access(t, "alice"), names), refused)
		want(t, "nobody", f.AdminDeleteAttributes(t.Context(), f.call(), poolID, "bob", names), noUser)
		if u := f.user(t, "alice"); u.Attributes["name"] != "Alice" {
			t.Errorf("attributes %v", u.Attributes)
		}
	})
}

// Who exists does not matter where only administrators recover accounts.
func TestRecoveryByAdministrators(t *testing.T) {
	t.Parallel()
	s := plain()
	s.Recovery = []string{userpool.RecoverAdmin}
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", map[string]string{"email": "a@example.com", "email_verified": "true"})
		for _, name := range []string{"alice", "nobody"} {
			_, err := f.ForgotPassword(t.Context(), f.call(), f.by(name))
			want(t, name, err, "NotAuthorized: Contact administrator to reset password.")
		}
	})
}

func TestAdministratorsTexts(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		_, err := f.AdminCreateUser(t.Context(), f.call(), userpool.NewUser{Pool: poolID, Username: "alice"})
		want(t, "create twice", err, "UsernameExists: User account already exists")
		_, err = f.InitiateAuth(t.Context(), f.call(), userpool.AuthInput{
			Pool: poolID, Client: f.client, Name: userpool.AuthPassword, Parameters: names("alice", "PASSWORD", goodPass),
		})
		want(t, "a flow of users", err, "InvalidParameter: Initiate Auth method not supported")
	})
}

// A Session says of which client it is, for who has nothing else, and is bound to
// what it says.
func TestSessionClient(t *testing.T) {
	t.Parallel()
	s := plain()
	s.MFA = userpool.MFASettings{Mode: userpool.MFAOn, TOTP: true}
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", nil)
		out, err := f.password(t, "alice", goodPass)
		must(t, "sign in", err)
		client, err := userpool.SessionClient(out.Session)
		if err != nil || client != f.client {
			t.Errorf("client %q, %v", client, err)
		}
		const refused = "NotAuthorized: Invalid session for the user."
		_, sealed, _ := strings.Cut(out.Session, ".")
		_, err = f.AssociateSoftwareToken(t.Context(), f.call(), "", f.newClient(t, flows()).ID+"."+sealed)
		want(t, "of another client", err, refused)
		for _, text := range []string{"", "x", ".", "." + sealed, "a b." + sealed, "\x00." + sealed} {
			_, err := userpool.SessionClient(text)
			want(t, text, err, refused)
		}
	})
}
