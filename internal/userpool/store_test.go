package userpool_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"preamp/internal/userpool"
)

func TestPools(t *testing.T) {
	t.Parallel()
	each(t, byEmail(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		p, err := f.Pool(ctx, f.call(), poolID)
		must(t, "read", err)
		if p.Settings.Version != 1 || p.Settings.Password != userpool.DefaultPolicy() || p.Settings.MFA.Mode != "OFF" || !p.Created.Equal(start) {
			t.Errorf("%+v", p)
		}
		_, err = f.Pool(ctx, f.call(), "us-east-1_Nope")
		want(t, "unknown", err, "ResourceNotFound: User pool us-east-1_Nope does not exist.")
		_, err = f.Pool(ctx, f.call(), "a\x00b")
		want(t, "not text", err, "ResourceNotFound: User pool a\x00b does not exist.")
		f.after(time.Minute)
		p, err = f.UpdatePool(ctx, f.call(), poolID, func(name *string, s *userpool.Settings) error {
			*name, s.Password.MinLength, s.Protected = "other", 10, true
			s.Attributes = append(s.Attributes, userpool.Attribute{Name: "custom:a", Type: "String", Mutable: true})
			return nil
		})
		must(t, "update", err)
		again, err := f.Pool(ctx, f.call(), poolID)
		must(t, "read", err)
		if d := cmp.Diff(p, again, cmpopts.IgnoreUnexported(userpool.Pool{})); d != "" || again.Name != "other" || !again.Changed.Equal(f.now) {
			t.Errorf("%s %+v", d, again)
		}
		for name, c := range map[string]struct {
			change func(s *userpool.Settings)
			want   string
		}{
			"sign-in names": {
				func(s *userpool.Settings) { s.UsernameAttributes = []string{"phone_number"} },
				"InvalidParameter: What users of a user pool sign in with cannot be changed.",
			},
			"attribute taken away": {
				func(s *userpool.Settings) { s.Attributes = nil },
				"InvalidParameter: Existing schema attributes cannot be modified or deleted.",
			},
			"factor": {
				func(s *userpool.Settings) { s.MFA.Mode = "SOMETIMES" },
				"InvalidParameter: [MfaConfiguration] must be one of 'ON', 'OFF', or 'OPTIONAL'.",
			},
			"passkeys": {
				func(s *userpool.Settings) { s.FirstFactors = []string{"PASSWORD", "WEB_AUTHN"} },
				"InvalidParameter: WEB_AUTHN is not available in this version.",
			},
			"short passwords": {
				func(s *userpool.Settings) { s.Password.MinLength = 5 },
				"InvalidParameter: The minimum length of passwords must be from 6 to 99.",
			},
			"required custom attribute": {
				func(s *userpool.Settings) {
					s.Attributes = append(s.Attributes, userpool.Attribute{Name: "custom:b", Type: "String", Required: true})
				},
				"InvalidParameter: Required custom attributes are not supported currently.",
			},
			"aliases beside names": {
				func(s *userpool.Settings) { s.AliasAttributes = []string{"email"} },
				"InvalidParameter: Only one of the aliasAttributes or usernameAttributes can be set in an user pool.",
			},
		} {
			_, err := f.UpdatePool(ctx, f.call(), poolID, func(_ *string, s *userpool.Settings) error { c.change(s); return nil })
			want(t, name, err, c.want)
		}
		other, err := f.CreatePool(ctx, f.call(), userpool.NewPool{Region: "eu-west-1", Name: "second"})
		must(t, "create", err)
		list, next, err := f.Pools(ctx, f.call(), userpool.Page{Limit: 1})
		must(t, "list", err)
		if len(list) != 1 || list[0].ID != other.ID || next == "" {
			t.Fatalf("%+v, %q", list, next)
		}
		list, next, err = f.Pools(ctx, f.call(), userpool.Page{Limit: 1, Token: next})
		must(t, "list", err)
		if len(list) != 1 || list[0].ID != poolID || next != "" {
			t.Errorf("%+v, %q", list, next)
		}
		f.newUser(t, "a@example.com", nil)
		if err := f.DeletePool(ctx, f.call(), poolID); !strings.HasPrefix(errText(err), "InvalidParameter: The user pool cannot be deleted") {
			t.Error(err)
		}
		_, err = f.UpdatePool(ctx, f.call(), poolID, func(_ *string, s *userpool.Settings) error { s.Protected = false; return nil })
		must(t, "unprotect", err)
		must(t, "delete", f.DeletePool(ctx, f.call(), poolID))
		_, err = f.AdminUser(ctx, f.call(), poolID, "a@example.com")
		want(t, "gone", err, "ResourceNotFound: User pool "+poolID+" does not exist.")
		for _, table := range []string{"user_account", "user_client", "user_name", "user_search"} {
			var n int64
			must(t, "count", f.env.DB.Row(ctx, "SELECT count(*) FROM env."+table).Scan(&n))
			if n != 0 {
				t.Errorf("%d rows are left in %s", n, table)
			}
		}
		_, err = f.Pool(ctx, f.call(), other.ID)
		must(t, "the other pool", err)
	})
}

func TestClients(t *testing.T) {
	t.Parallel()
	each(t, plain(), userpool.ClientSettings{}, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for name, c := range map[string]struct {
			s    userpool.ClientSettings
			want string
		}{
			"custom flow":   {userpool.ClientSettings{Flows: []string{"ALLOW_CUSTOM_AUTH"}}, "InvalidParameter: ALLOW_CUSTOM_AUTH is not available in this version."},
			"client grant":  {userpool.ClientSettings{OAuthFlows: []string{"client_credentials"}}, "InvalidParameter: client_credentials is not available in this version."},
			"session":       {userpool.ClientSettings{AuthSession: 2}, "InvalidParameter: AuthSessionValidity must be from 3 to 15 minutes."},
			"short life":    {userpool.ClientSettings{Access: userpool.Validity{Count: 4, Unit: "minutes"}}, "InvalidParameter: Invalid range for token validity: AccessTokenValidity must be from 5m0s to 24h0m0s."},
			"endless life":  {userpool.ClientSettings{Refresh: userpool.Validity{Count: 315_360_000, Unit: "days"}}, "InvalidParameter: Invalid range for token validity: RefreshTokenValidity must be from 1h0m0s to 87600h0m0s."},
			"attribute":     {userpool.ClientSettings{Read: []string{"custom:x"}}, "InvalidParameter: Invalid attributes specified while creating a client: custom:x"},
			"verified":      {userpool.ClientSettings{Write: []string{"email_verified"}}, "InvalidParameter: Invalid write attributes specified while creating a client: email_verified"},
			"default URL":   {userpool.ClientSettings{DefaultRedirect: "https://a.test"}, "InvalidParameter: The default redirect URI must be in the list of callback URLs."},
			"OAuth, no way": {userpool.ClientSettings{OAuth: true}, "InvalidParameter: AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."},
		} {
			_, err := f.CreateClient(ctx, f.call(), userpool.NewClient{Pool: poolID, Name: "x", Settings: c.s})
			want(t, name, err, c.want)
		}
		for u, ok := range map[string]bool{
			"https://a.test/x?y=1": true, "http://localhost:3000/": true, "myapp://cb": true, "exp+app://x": true, "http://127.0.0.1/": true,
			"http://a.test/": false, "https://a.test/#x": false, "javascript://x": false, "/x": false, "https:a": false,
			"http://localhost.evil.test/": false, "http://localhost@evil.test/": false, "1app://x": false, "": false,
		} {
			_, err := f.CreateClient(ctx, f.call(), userpool.NewClient{Pool: poolID, Name: "x", Settings: userpool.ClientSettings{Callbacks: []string{u}}})
			if ok != (err == nil) {
				t.Errorf("callback %q: %v", u, err)
			}
		}
		list, next, err := f.Clients(ctx, f.call(), poolID, userpool.Page{})
		must(t, "list", err)
		if len(list) != 6 || next != "" || len(list[0].ID) != 26 {
			t.Errorf("%d clients, %q", len(list), next)
		}
		c, err := f.UpdateClient(ctx, f.call(), poolID, f.client, func(name *string, s *userpool.ClientSettings) error {
			*name, s.HideUsers = "renamed", true
			return nil
		})
		must(t, "update", err)
		if c.Name != "renamed" || !c.Settings.HideUsers || c.Settings.RefreshLife() != 30*24*time.Hour {
			t.Errorf("%+v", c)
		}
		must(t, "delete", f.DeleteClient(ctx, f.call(), poolID, f.client))
		want(t, "again", f.DeleteClient(ctx, f.call(), poolID, f.client), "ResourceNotFound: User pool client "+f.client+" does not exist.")
	})
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for i, name := range []string{"Alice", "alan", "bob", "o'neil", "per%cent"} {
			f.newUser(t, name, map[string]string{
				"email": strings.ToUpper(strings.Trim(name, "'%")[:2]) + fmt.Sprint(i) + "@example.com", "family_name": "Fam" + fmt.Sprint(i%2),
			})
		}
		must(t, "disable", f.AdminEnable(ctx, f.call(), poolID, "bob", false))
		f.signUp(t, "new", mail("new@example.com"))
		sub := f.user(t, "alan").Sub
		n, err := f.CountUsers(ctx, f.call(), poolID)
		must(t, "count", err)
		if n != 6 {
			t.Errorf("%d users", n)
		}
		for filter, wantNames := range map[string][]string{
			``:                                    {"Alice", "alan", "bob", "o'neil", "per%cent", "new"},
			`username = "alice"`:                  {"Alice"},
			`username ^= "AL"`:                    {"alan", "Alice"}, // by value
			`"username" ^= "o'"`:                  {"o'neil"},
			`username ^= "%"`:                     nil,
			`email = "al0@EXAMPLE.com"`:           {"Alice"},
			`email ^= "bo2@"`:                     {"bob"},
			`family_name = "Fam1"`:                {"alan", "o'neil"},
			`family_name = "fam1"`:                nil,
			`family_name ^= ""`:                   {"Alice", "bob", "per%cent", "alan", "o'neil"},
			`sub = "` + sub + `"`:                 {"alan"},
			`status = "Disabled"`:                 {"bob"},
			`status = "enabled"`:                  {"Alice", "alan", "o'neil", "per%cent", "new"},
			`cognito:user_status = "UNCONFIRMED"`: {"new"},
			`cognito:user_status ^= "CONF"`:       {"Alice", "alan", "bob", "o'neil", "per%cent"},
			`username = "a\"b"`:                   nil,
			`username = "x' OR '1'='1"`:           nil,
			`status = "x"`:                        nil,
			`status ^= ""`:                        {"bob", "Alice", "alan", "o'neil", "per%cent", "new"},
		} {
			list, _, err := f.Users(ctx, f.call(), poolID, filter, userpool.Page{})
			must(t, filter, err)
			if d := cmp.Diff(wantNames, usernames(list)); d != "" {
				t.Errorf("%s: %s", filter, d)
			}
			// By pages it is the same.
			var paged []string
			page := userpool.Page{Limit: 1}
			for more := true; more; more = page.Token != "" {
				list, page.Token, err = f.Users(ctx, f.call(), poolID, filter, page)
				must(t, filter, err)
				paged = append(paged, usernames(list)...)
			}
			if d := cmp.Diff(wantNames, paged); d != "" {
				t.Errorf("%s by pages: %s", filter, d)
			}
		}
		for filter, text := range map[string]string{
			`username`:            "InvalidParameter: Error while parsing filter",
			`username = x`:        "InvalidParameter: Error while parsing filter",
			`username = "x" or 1`: "InvalidParameter: Error while parsing filter",
			"username = \"\x00\"": "InvalidParameter: Error while parsing filter",
			`custom:foo = "x"`:    "InvalidParameter: Invalid search attribute: custom:foo",
		} {
			_, _, err := f.Users(ctx, f.call(), poolID, filter, userpool.Page{})
			want(t, filter, err, text)
		}

		var all []string
		page := userpool.Page{Limit: 2}
		for {
			list, next, err := f.Users(ctx, f.call(), poolID, "", page)
			must(t, "page", err)
			all = append(all, usernames(list)...)
			if next == "" {
				break
			}
			_, _, err = f.Users(ctx, f.call(), poolID, `username ^= "a"`, userpool.Page{Token: next})
			want(t, "token of another list", err, "InvalidParameter: Invalid pagination token.")
			page.Token = next
		}
		if d := cmp.Diff([]string{"Alice", "alan", "bob", "o'neil", "per%cent", "new"}, all); d != "" {
			t.Error(d)
		}
		_, _, err = f.Users(ctx, f.call(), poolID, "", userpool.Page{Limit: 61})
		if !strings.HasPrefix(errText(err), "InvalidParameter: 1 validation error") {
			t.Error(err)
		}
	})
}

func usernames(list []userpool.User) []string {
	var out []string
	for _, u := range list {
		out = append(out, u.Username)
	}
	return out
}

func TestGroups(t *testing.T) {
	t.Parallel()
	each(t, plain(), flows(), func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", nil)
		f.newUser(t, "bob", nil)
		for _, name := range []string{"b", "a", "c"} {
			_, err := f.CreateGroup(ctx, f.call(), userpool.Group{Pool: poolID, Name: name})
			must(t, "create", err)
			must(t, "add", f.AddToGroup(ctx, f.call(), poolID, "alice", name))
		}
		must(t, "twice", f.AddToGroup(ctx, f.call(), poolID, "Alice", "a"))
		must(t, "add", f.AddToGroup(ctx, f.call(), poolID, "bob", "a"))
		_, err := f.CreateGroup(ctx, f.call(), userpool.Group{Pool: poolID, Name: "a"})
		want(t, "again", err, "GroupExists: A group with the name already exists.")
		want(t, "unknown group", f.AddToGroup(ctx, f.call(), poolID, "alice", "x"), "ResourceNotFound: Group not found.")
		want(t, "unknown user", f.AddToGroup(ctx, f.call(), poolID, "x", "a"), noUser)
		g, err := f.UpdateGroup(ctx, f.call(), poolID, "a", new("text"), nil, new(int64(3)))
		must(t, "update", err)
		got, err := f.Group(ctx, f.call(), poolID, "a")
		must(t, "read", err)
		if d := cmp.Diff(g, got); d != "" || got.Description != "text" || *got.Precedence != 3 {
			t.Errorf("%+v %s", got, d)
		}
		_, err = f.UpdateGroup(ctx, f.call(), poolID, "a", nil, nil, new(int64(-1)))
		if err == nil {
			t.Error("a negative precedence")
		}
		list, next, err := f.Groups(ctx, f.call(), poolID, userpool.Page{Limit: 2})
		must(t, "list", err)
		if len(list) != 2 || list[0].Name != "a" || next == "" {
			t.Errorf("%+v %q", list, next)
		}
		list, _, err = f.UserGroups(ctx, f.call(), poolID, "alice", userpool.Page{})
		must(t, "list", err)
		if len(list) != 3 {
			t.Errorf("%+v", list)
		}
		users, _, err := f.UsersInGroup(ctx, f.call(), poolID, "a", userpool.Page{})
		must(t, "list", err)
		if d := cmp.Diff([]string{"alice", "bob"}, usernames(users)); d != "" {
			t.Error(d)
		}
		must(t, "remove", f.RemoveFromGroup(ctx, f.call(), poolID, "bob", "a"))
		must(t, "delete user", f.AdminDelete(ctx, f.call(), poolID, "alice"))
		users, _, err = f.UsersInGroup(ctx, f.call(), poolID, "a", userpool.Page{})
		must(t, "list", err)
		if len(users) != 0 {
			t.Errorf("%+v", users)
		}
		must(t, "delete", f.DeleteGroup(ctx, f.call(), poolID, "a"))
		_, err = f.Group(ctx, f.call(), poolID, "a")
		want(t, "gone", err, "ResourceNotFound: Group not found.")
	})
}
