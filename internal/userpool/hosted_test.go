package userpool_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"preamp/internal/db"
	"preamp/internal/userpool"
	"preamp/internal/userpool/token"
)

// pages are the settings of a client that nobody signs in by through the API.
func pages() userpool.ClientSettings {
	return userpool.ClientSettings{
		Flows: []string{userpool.FlowRefresh}, OAuth: true, OAuthFlows: []string{"code"}, OAuthScopes: []string{"openid", "email"},
		Callbacks: []string{"https://app.example/cb"},
	}
}

func TestHostedSignIn(t *testing.T) {
	t.Parallel()
	s := plain()
	s.MFA = userpool.MFASettings{Mode: userpool.MFAOptional, SMS: true}
	each(t, s, pages(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		c, err := f.CreateClient(ctx, f.call(), userpool.NewClient{Pool: poolID, Name: "secret", GenerateSecret: true, Settings: pages()})
		must(t, "client", err)
		f.client = c.ID
		f.newUser(t, "alice", map[string]string{"phone_number": "+15555550100", "phone_number_verified": "true"})

		// The control: the same is refused to the API.
		_, err = f.password(t, "alice", goodPass)
		want(t, "API", err, "NotAuthorized: Client "+c.ID+" is configured with secret but SECRET_HASH was not received")

		out, err := f.HostedSignIn(ctx, f.call(), c.ID, "alice", goodPass)
		must(t, "sign in", err)
		if out.Tokens != nil || out.Proved == nil || out.Proved.Username != "alice" || !out.Proved.AuthTime.Equal(f.now) {
			t.Fatalf("%+v", out)
		}
		_, err = f.HostedSignIn(ctx, f.call(), c.ID, "alice", "x")
		want(t, "wrong password", err, wrongPassword)

		on := userpool.Preferences{SMS: &userpool.Preference{Enabled: true, Preferred: true}}
		must(t, "factor", f.AdminSetMFAPreference(ctx, f.call(), poolID, "alice", on))
		out, err = f.HostedSignIn(ctx, f.call(), c.ID, "alice", goodPass)
		must(t, "sign in", err)
		if out.Proved != nil || out.Challenge != "SMS_MFA" {
			t.Fatalf("%+v", out)
		}
		out, err = f.HostedRespond(ctx, f.call(), userpool.AuthInput{
			Client: c.ID, Name: "SMS_MFA", Session: out.Session, Parameters: names("alice", "SMS_MFA_CODE", f.last(t).Code),
		})
		must(t, "respond", err)
		if out.Proved == nil || out.Tokens != nil {
			t.Fatalf("%+v", out)
		}
		for range 5 {
			_, _ = f.HostedSignIn(ctx, f.call(), c.ID, "alice", "x")
		}
		_, err = f.HostedSignIn(ctx, f.call(), c.ID, "alice", goodPass)
		want(t, "locked", err, exceeded)
	})
}

func TestHostedSignUp(t *testing.T) {
	t.Parallel()
	each(t, plain(), pages(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		c, err := f.CreateClient(ctx, f.call(), userpool.NewClient{Pool: poolID, Name: "secret", GenerateSecret: true, Settings: pages()})
		must(t, "client", err)
		by := userpool.ByPages(c.ID, "alice")
		up, err := f.SignUp(ctx, f.call(), userpool.SignUpInput{ByClient: by, Password: goodPass, Attributes: mail("a@example.com")})
		must(t, "sign up", err)
		_, err = f.HostedConfirmed(ctx, f.call(), c.ID, "alice", up.Session)
		want(t, "before the code", err, "NotAuthorized: Invalid session for the user.")
		next, err := f.ConfirmSignUp(ctx, f.call(), by, f.last(t).Code, false, up.Session)
		must(t, "confirm", err)
		f.newUser(t, "bob", nil)
		_, err = f.HostedConfirmed(ctx, f.call(), c.ID, "bob", next)
		want(t, "another user", err, "NotAuthorized: Invalid session for the user.")
		out, err := f.HostedConfirmed(ctx, f.call(), c.ID, "alice", next)
		must(t, "sign in", err)
		if out.Proved == nil || out.Proved.Username != "alice" {
			t.Errorf("%+v", out)
		}
		_, err = f.HostedConfirmed(ctx, f.call(), c.ID, "alice", next)
		want(t, "again", err, "NotAuthorized: Invalid session for the user, session can only be used once.")
	})
}

func TestGrantTokens(t *testing.T) {
	t.Parallel()
	each(t, plain(), pages(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", map[string]string{"email": "a@example.com", "email_verified": "true"})
		u := f.user(t, "alice")
		in := userpool.OAuthGrant{
			Pool: poolID, Client: f.client, UserID: u.ID, Scopes: []string{"openid", "email"}, Nonce: "n", AuthTime: f.now.Add(-time.Minute),
		}
		var sessions []string
		in.Within = func(_ *db.Tx, session string) error {
			sessions = append(sessions, session)
			return nil
		}
		out, err := f.GrantTokens(ctx, f.call(), in)
		must(t, "grant", err)
		access := claimsOf(t, out.Access)
		if access["scope"] != "openid email" || out.Scope != "openid email" || !slices.Contains(sessions, access["origin_jti"].(string)) {
			t.Errorf("%v, sessions %v", access, sessions)
		}
		if got := claimsOf(t, out.ID)["nonce"]; got != "n" {
			t.Errorf("nonce %v", got)
		}
		_, err = f.SignedIn(ctx, f.call(), out.Access)
		want(t, "GetUser", err, "NotAuthorized: Access Token does not have required scopes")
		info, err := f.UserInfo(ctx, f.call(), out.Access)
		if err != nil || info.Attributes["email"] != "a@example.com" {
			t.Errorf("%+v, %v", info, err)
		}

		refused := errors.New("refused")
		in.Within = func(_ *db.Tx, session string) error {
			sessions = append(sessions, session)
			return refused
		}
		if _, err := f.GrantTokens(ctx, f.call(), in); !errors.Is(err, refused) {
			t.Errorf("%v", err)
		}
		err = f.env.DB.Read(ctx, func(q *db.Query) error {
			return token.CheckSession(q, poolID, &token.Claims{Session: sessions[len(sessions)-1], Client: f.client, Sub: u.Sub})
		})
		if !errors.Is(err, token.ErrRevoked) {
			t.Errorf("the session that was refused is there: %v", err)
		}

		in.Within = nil
		for _, row := range []struct {
			name string
			edit func(in *userpool.OAuthGrant)
			want string
		}{
			{"another pool", func(in *userpool.OAuthGrant) { in.Pool = "us-east-1_xxxxxxxxx" }, "ResourceNotFound: User pool us-east-1_xxxxxxxxx does not exist."},
			{"another client", func(in *userpool.OAuthGrant) { in.Client = strings.Repeat("a", 26) }, "ResourceNotFound: User pool client " + strings.Repeat("a", 26) + " does not exist."},
			{"nobody", func(in *userpool.OAuthGrant) { in.UserID = "nobody" }, noUser},
		} {
			t.Run(row.name, func(t *testing.T) {
				changed := in
				row.edit(&changed)
				_, err := f.GrantTokens(ctx, f.call(), changed)
				want(t, row.name, err, row.want)
			})
		}
		must(t, "disable", f.AdminEnable(ctx, f.call(), poolID, "alice", false))
		_, err = f.GrantTokens(ctx, f.call(), in)
		want(t, "disabled", err, "NotAuthorized: User is disabled.")
		_, err = f.HostedUser(ctx, f.call(), poolID, u.ID)
		want(t, "disabled", err, "NotAuthorized: User is disabled.")
	})
}
