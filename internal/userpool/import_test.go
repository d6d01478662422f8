package userpool_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"preamp/internal/keys"
	"preamp/internal/userpool"
)

// bcryptHash and argonHash are what other systems keep of goodPass.
func bcryptHash(t testing.TB, form string) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(goodPass), bcrypt.MinCost)
	must(t, "hash", err)
	return strings.Replace(string(h), "$2a$", form, 1)
}

func argonHash(form string) string {
	salt, derive := []byte("0123456789abcdef"), argon2.IDKey
	if form == "argon2i" {
		derive = argon2.Key
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$%s$v=19$m=64,t=2,p=2$%s$%s", form, b64.EncodeToString(salt),
		b64.EncodeToString(derive([]byte(goodPass), salt, 2, 64, 2, 32)))
}

func (f *fixture) bring(t testing.TB, list ...userpool.ImportUser) []userpool.Imported {
	t.Helper()
	out, err := f.Import(t.Context(), f.call(), poolID, list, false)
	must(t, "import", err)
	return out
}

func withHash(name, hash string) userpool.ImportUser {
	return userpool.ImportUser{Username: name, Hash: keys.NewSecret([]byte(hash))}
}

// refused are the users that were refused, with what is wrong.
func refused(list []userpool.Imported) []string {
	out := []string{}
	for _, r := range list {
		if r.Message != "" {
			out = append(out, r.Field+": "+r.Message)
		}
	}
	return out
}

const resetRequired = "PasswordResetRequired: Password reset required for the user"

func TestImportedHashes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, hash string }{
		{"bcrypt a", bcryptHash(t, "$2a$")},
		{"bcrypt b", bcryptHash(t, "$2b$")},
		{"bcrypt y", bcryptHash(t, "$2y$")},
		{"argon2id", argonHash("argon2id")},
		{"argon2i", argonHash("argon2i")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			each(t, plain(), flows(), func(t *testing.T, f *fixture) {
				if got := f.bring(t, withHash("alice", c.hash)); got[0] != (userpool.Imported{}) {
					t.Fatalf("%+v", got)
				}
				// SRP cannot work before, and answers as for another password.
				_, err := f.srp(t, "alice", goodPass)
				want(t, "SRP before", err, wrongPassword)
				_, err = f.password(t, "alice", "Passw0rd!z")
				want(t, "wrong", err, wrongPassword)
				_, err = f.password(t, "alice", "")
				want(t, "empty", err, wrongPassword)
				if _, err := f.password(t, "alice", goodPass); err != nil {
					t.Fatal(err)
				}
				if out, err := f.srp(t, "alice", goodPass); err != nil || out.Tokens == nil {
					t.Errorf("SRP after: %+v, %v", out, err)
				}
				if _, err := f.password(t, "alice", goodPass); err != nil {
					t.Error(err)
				}
				_, err = f.password(t, "alice", "Passw0rd!z")
				want(t, "wrong", err, wrongPassword)
				var left int64
				must(t, "read", f.env.DB.Row(t.Context(), "SELECT count(*) FROM env.user_account WHERE hash_sealed IS NOT NULL").Scan(&left))
				if left != 0 {
					t.Error("the hash is still there")
				}
			})
		})
	}
}

// Sign-ins at the same time make one verifier, and all of them are right.
func TestImportedHashInParallel(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		f.bring(t, withHash("alice", bcryptHash(t, "$2b$")))
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := f.password(t, "alice", goodPass); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if _, err := f.srp(t, "alice", goodPass); err != nil {
			t.Error(err)
		}
	})
}

// Whatever else sets a password takes the hash away, and who is signed in without
// the password still has to know it to change it.
func TestImportedHashIsReplaced(t *testing.T) {
	t.Parallel()
	s := plain()
	s.FirstFactors = []string{"PASSWORD", "EMAIL_OTP"}
	verified := map[string]string{"email": "a@example.com", "email_verified": "true"}
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		row := withHash("alice", argonHash("argon2id"))
		row.Attributes = verified
		f.bring(t, row, withHash("bob", argonHash("argon2id")))
		must(t, "set", f.AdminSetPassword(ctx, f.call(), poolID, "bob", nextPass, true))
		_, err := f.password(t, "bob", goodPass)
		want(t, "the one before", err, wrongPassword)
		if _, err := f.password(t, "bob", nextPass); err != nil {
			t.Error(err)
		}
		out, err := f.InitiateAuth(ctx, f.call(), userpool.AuthInput{
			Client: f.client, Name: userpool.AuthChoice, Parameters: names("alice", "PREFERRED_CHALLENGE", "EMAIL_OTP"),
		})
		must(t, "choose", err)
		out, err = f.respond(t, "EMAIL_OTP", out.Session, names("alice", "EMAIL_OTP_CODE", f.last(t).Code))
		must(t, "code", err)
		want(t, "change without knowing", f.ChangePassword(ctx, f.call(), out.Tokens.Access, "", nextPass), wrongPassword)
		must(t, "change", f.ChangePassword(ctx, f.call(), out.Tokens.Access, goodPass, nextPass))
		if _, err := f.srp(t, "alice", nextPass); err != nil {
			t.Error(err)
		}
	})
}

// Wrong guesses at a hash count as all others.
func TestImportedHashLocks(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		f.bring(t, withHash("alice", argonHash("argon2id")))
		for range 5 {
			_, err := f.password(t, "alice", "Passw0rd!z")
			want(t, "wrong", err, wrongPassword)
		}
		_, err := f.password(t, "alice", goodPass)
		want(t, "locked", err, exceeded)
	})
}

func TestImportWithoutHash(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.bring(t, userpool.ImportUser{Username: "alice", Attributes: map[string]string{"email": "a@example.com", "email_verified": "true"}})
		if u := f.user(t, "alice"); u.Status != userpool.StatusReset || !u.Enabled {
			t.Errorf("%+v", u)
		}
		_, err := f.password(t, "alice", goodPass)
		want(t, "password", err, resetRequired)
		_, err = f.srp(t, "alice", goodPass)
		want(t, "SRP", err, resetRequired)
		hidden := f.newClient(t, hiding())
		_, err = f.InitiateAuth(ctx, f.call(), userpool.AuthInput{
			Client: hidden.ID, Name: userpool.AuthPassword, Parameters: map[string]string{"USERNAME": "alice", "PASSWORD": goodPass},
		})
		want(t, "password where users are hidden", err, wrongPassword)
		_, err = f.ForgotPassword(ctx, f.call(), f.by("alice"))
		must(t, "forgot", err)
		must(t, "confirm", f.ConfirmForgotPassword(ctx, f.call(), f.by("alice"), f.last(t).Code, goodPass))
		if _, err := f.srp(t, "alice", goodPass); err != nil {
			t.Error(err)
		}
	})
}

func TestImportStates(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		hash := argonHash("argon2id")
		for _, c := range []struct {
			name string
			set  func(u *userpool.ImportUser)
			want string
		}{
			{"off", func(u *userpool.ImportUser) { u.Disabled = true }, "NotAuthorized: User is disabled."},
			{"unconfirmed", func(u *userpool.ImportUser) { u.Status = "UNCONFIRMED" }, "UserNotConfirmed: User is not confirmed."},
			{"reset", func(u *userpool.ImportUser) { u.Status = "RESET_REQUIRED" }, resetRequired},
			{"confirmed", func(u *userpool.ImportUser) { u.Status = "CONFIRMED" }, ""},
		} {
			u := withHash(c.name, hash)
			c.set(&u)
			if got := refused(f.bring(t, u)); len(got) != 0 {
				t.Errorf("%s: %v", c.name, got)
			}
			_, err := f.password(t, c.name, goodPass)
			want(t, c.name, err, c.want)
		}
		u := withHash("force", hash)
		u.Status = "FORCE_CHANGE_PASSWORD"
		f.bring(t, u)
		out, err := f.password(t, "force", goodPass)
		must(t, "force", err)
		if out.Challenge != "NEW_PASSWORD_REQUIRED" {
			t.Errorf("%+v", out)
		}
		_, err = f.CreateGroup(ctx, f.call(), userpool.Group{Pool: poolID, Name: "admin"})
		must(t, "group", err)
		u = withHash("member", hash)
		u.Groups = []string{"admin", "admin"}
		f.bring(t, u)
		list, _, err := f.UsersInGroup(ctx, f.call(), poolID, "admin", userpool.Page{})
		if err != nil || len(list) != 1 || list[0].Username != "member" {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	s := byAlias()
	s.Attributes = []userpool.Attribute{
		{Name: "custom:age", Type: "Number", Mutable: true, Max: new("150")}, {Name: "name", Type: "String", Mutable: true, Required: true},
	}
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		f.newUser(t, "alice", map[string]string{"name": "A", "email": "a@example.com", "email_verified": "true"})
		with := func(kv ...string) userpool.ImportUser {
			u := userpool.ImportUser{Username: "bob", Attributes: map[string]string{"name": "B", "email": "b@example.com", "email_verified": "true"}}
			for i := 0; i < len(kv); i += 2 {
				u.Attributes[kv[i]] = kv[i+1]
			}
			return u
		}
		row := func(change func(u *userpool.ImportUser)) userpool.ImportUser {
			u := with()
			change(&u)
			return u
		}
		b64 := strings.Repeat("A", 43)
		hash := func(text string) userpool.ImportUser {
			return row(func(u *userpool.ImportUser) { u.Hash = keys.NewSecret([]byte(text)) })
		}
		argon := func(parameters string) userpool.ImportUser {
			return hash("$argon2id$v=19$" + parameters + "$" + b64 + "$" + b64)
		}
		bad := []struct {
			name string
			in   userpool.ImportUser
			want string
		}{
			{"attribute", with("custom:no", "1"), "custom:no: Attribute does not exist in the schema."},
			{"sub", with("sub", "1"), "sub: The pool gives it; it cannot be imported."},
			{"number", with("custom:age", "151"), "custom:age: The value must be at most 150"},
			{"email", with("email", "b"), "email: Invalid email address format."},
			{"phone", with("phone_number", "1"), "phone_number: Invalid phone number format."},
			{"verified nothing", with("phone_number_verified", "true"), "phone_number_verified: There is no phone_number."},
			{"required", with("name", ""), "name: The attribute is required"},
			{"long", with("name", strings.Repeat("x", 2049)), "name: String must be no longer than 2048 characters"},
			{"no way in", with("email_verified", "false"), "email_verified: A user without a password hash needs a verified email or phone_number."},
			{"alias of another", with("email", "A@example.com"), "email: An account with the given email already exists."},
			{
				"name is an alias", row(func(u *userpool.ImportUser) { u.Username = "b@example.com" }),
				"username: Username cannot be of email format, since user pool is configured for email alias.",
			},
			{
				"name", row(func(u *userpool.ImportUser) { u.Username = "b b" }),
				`username: 1 validation error detected: Value at 'username' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`,
			},
			{"second factor", row(func(u *userpool.ImportUser) { u.SMS = true }), "cognito:mfa_enabled: There is no phone_number."},
			{"group", row(func(u *userpool.ImportUser) { u.Groups = []string{"no"} }), `groups: There is no group "no".`},
			{"groups", row(func(u *userpool.ImportUser) { u.Groups = make([]string, 101) }), "groups: A user is in at most 100 groups."},
			{"group name", row(func(u *userpool.ImportUser) { u.Groups = []string{"a b"} }), `groups: "a b" is not the name of a group.`},
			{
				"state", row(func(u *userpool.ImportUser) { u.Status = "EXTERNAL_PROVIDER" }),
				"status: 1 validation error detected: Value 'EXTERNAL_PROVIDER' at 'status' failed to satisfy constraint: " +
					"Member must satisfy enum value set: [CONFIRMED, UNCONFIRMED, RESET_REQUIRED, FORCE_CHANGE_PASSWORD]",
			},
			{"unconfirmed", row(func(u *userpool.ImportUser) { u.Status = "UNCONFIRMED" }), "status: A user without a password hash cannot be UNCONFIRMED."},
			{"no hash", hash("secret"), "password_hash: neither a bcrypt hash ($2a$, $2b$, $2y$) nor an Argon2id or Argon2i hash of version 19 in PHC form"},
			{"bcrypt x", hash(bcryptHash(t, "$2x$")), "password_hash: neither a bcrypt hash ($2a$, $2b$, $2y$) nor an Argon2id or Argon2i hash of version 19 in PHC form"},
			{"bcrypt cost", hash("$2b$15$" + strings.Repeat("a", 53)), "password_hash: bcrypt cost is 15; from 4 to 14 are accepted"},
			{"argon2 memory", argon("m=131073,t=1,p=1"), "password_hash: argon2 memory in KiB (m) is 131073; from 8 to 131072 are accepted"},
			{"argon2 memory for lanes", argon("m=31,t=1,p=4"), "password_hash: argon2 memory in KiB (m) is 31; from 32 to 131072 are accepted"},
			{"argon2 passes", argon("m=64,t=11,p=1"), "password_hash: argon2 passes (t) is 11; from 1 to 10 are accepted"},
			{"argon2 no passes", argon("m=64,t=0,p=1"), "password_hash: argon2 passes (t) is 0; from 1 to 10 are accepted"},
			{"argon2 lanes", argon("m=64,t=1,p=17"), "password_hash: argon2 lanes (p) is 17; from 1 to 16 are accepted; argon2 memory in KiB (m) is 64; from 128 to 131072 are accepted"},
			{"argon2 work", argon("m=131072,t=5,p=1"), "password_hash: argon2 memory times passes in KiB (m*t) is 655360; from 1 to 524288 are accepted"},
			{"argon2 salt", hash("$argon2id$v=19$m=64,t=1,p=1$AAAA$" + b64), "password_hash: argon2 salt in bytes is 3; from 8 to 64 are accepted"},
			{"argon2 hash", hash("$argon2id$v=19$m=64,t=1,p=1$" + b64 + "$AAAA"), "password_hash: argon2 hash in bytes is 3; from 16 to 64 are accepted"},
			{"argon2 base64", hash("$argon2id$v=19$m=64,t=1,p=1$A$" + b64), "password_hash: argon2 salt is not base64 without padding"},
			{"long hash", hash(strings.Repeat("a", 257)), "password_hash: longer than 256 bytes"},
		}
		for _, c := range bad {
			if d := cmp.Diff([]string{c.want}, refused(f.bring(t, c.in))); d != "" {
				t.Errorf("%s: %s", c.name, d)
			}
			dry, err := f.Import(t.Context(), f.call(), poolID, []userpool.ImportUser{c.in}, true)
			if d := cmp.Diff([]string{c.want}, refused(dry)); d != "" || err != nil {
				t.Errorf("%s, dry: %v %s", c.name, err, d)
			}
		}
		if n, err := f.CountUsers(t.Context(), f.call(), poolID); n != 1 || err != nil {
			t.Errorf("%d users, %v; nothing of a refused one may be there", n, err)
		}
		// The good ones beside bad ones are stored; dry stores nothing.
		dry, err := f.Import(t.Context(), f.call(), poolID, []userpool.ImportUser{with()}, true)
		if n, _ := f.CountUsers(t.Context(), f.call(), poolID); n != 1 || err != nil || dry[0] != (userpool.Imported{}) {
			t.Errorf("dry: %d users, %+v, %v", n, dry, err)
		}
		out := f.bring(t, with("custom:age", "x"), with(), with(), row(func(u *userpool.ImportUser) { u.Username = "ALICE" }))
		if !out[2].Exists || !out[3].Exists || out[1] != (userpool.Imported{}) || out[0].Field != "custom:age" {
			t.Errorf("%+v", out)
		}
		if f.user(t, "b@example.com").Username != "bob" {
			t.Error("bob is not found by the alias")
		}
		if _, err := f.Import(t.Context(), f.call(), poolID, make([]userpool.ImportUser, userpool.MaxImport+1), false); err == nil {
			t.Error("too many at once")
		}
		_, err = f.Import(t.Context(), f.call(), "us-east-1_none", nil, false)
		want(t, "no pool", err, "ResourceNotFound: User pool us-east-1_none does not exist.")
	})
}

// Imports of the same users at the same time store each of them once.
func TestImportInParallel(t *testing.T) {
	t.Parallel()
	each(t, byEmail(), flows(), func(t *testing.T, f *fixture) {
		list := make([]userpool.ImportUser, 60)
		for i := range list {
			list[i] = userpool.ImportUser{Username: fmt.Sprintf("u%d@example.com", i), Attributes: map[string]string{"email_verified": "true"}}
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		stored := 0
		for range 4 {
			wg.Go(func() {
				out, err := f.Import(t.Context(), f.call(), poolID, list, false)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, r := range out {
					if r == (userpool.Imported{}) {
						stored++
					}
				}
			})
		}
		wg.Wait()
		n, err := f.CountUsers(t.Context(), f.call(), poolID)
		if stored != 60 || n != 60 || err != nil {
			t.Errorf("%d stored, %d there, %v", stored, n, err)
		}
		if u := f.user(t, "U7@example.com"); u.Username != u.Sub || u.Attributes["email"] != "u7@example.com" {
			t.Errorf("%+v", u)
		}
	})
}

func FuzzHash(f *testing.F) {
	for _, s := range []string{
		argonHash("argon2id"), "$2b$04$" + strings.Repeat("a", 53), "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "", "$",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := userpool.CheckHash(text)
		if err == nil && !strings.HasPrefix(text, "$2") && !strings.HasPrefix(text, "$argon2") {
			t.Errorf("accepted %q", text)
		}
	})
}
