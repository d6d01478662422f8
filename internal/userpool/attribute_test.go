package userpool_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool"
)

func TestAttributeRights(t *testing.T) {
	t.Parallel()
	s := plain()
	s.Attributes = []userpool.Attribute{
		{Name: "custom:plan", Type: "String", Mutable: true}, {Name: "custom:once", Type: "String"},
	}
	cs := flows()
	cs.Read, cs.Write = []string{"email", "name"}, []string{"email", "name", "custom:once"}
	each(t, s, cs, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.newUser(t, "alice", map[string]string{"email": "a@example.com", "custom:plan": "gold", "custom:once": "1"})
		access := f.access(t, "alice")
		_, err := f.UpdateAttributes(ctx, f.call(), access, map[string]string{"custom:plan": "diamond"})
		want(t, "not writable", err, "NotAuthorized: A client attempted to write unauthorized attribute")
		_, err = f.UpdateAttributes(ctx, f.call(), access, map[string]string{"email_verified": "true"})
		want(t, "verified", err, "NotAuthorized: A client attempted to write unauthorized attribute")
		_, err = f.UpdateAttributes(ctx, f.call(), access, map[string]string{"custom:once": "2"})
		want(t, "immutable", err, "InvalidParameter: user.custom:once: Attribute cannot be updated.\n")
		want(t, "delete", f.DeleteAttributes(ctx, f.call(), access, []string{"custom:plan"}),
			"NotAuthorized: A client attempted to write unauthorized attribute")
		_, err = f.UpdateAttributes(ctx, f.call(), access, map[string]string{"name": "A <b>"})
		must(t, "update", err)
		u, err := f.SignedIn(ctx, f.call(), access)
		must(t, "get", err)
		wantAll := map[string]string{"sub": u.Sub, "email": "a@example.com", "name": "A <b>"}
		if d := cmp.Diff(wantAll, u.All()); d != "" {
			t.Error(d)
		}
		must(t, "delete name", f.DeleteAttributes(ctx, f.call(), access, []string{"name"}))
		if _, there := f.user(t, "alice").Attributes["name"]; there {
			t.Error("the name is still there")
		}
		_, err = f.SendAttributeCode(ctx, f.call(), access, "email")
		must(t, "send code", err)
		must(t, "verify", f.VerifyAttribute(ctx, f.call(), access, "email", f.last(t).Code))
		if f.user(t, "alice").Attributes["email_verified"] != "true" {
			t.Error("not verified")
		}
		for range 4 {
			_, err = f.SendAttributeCode(ctx, f.call(), access, "email")
			must(t, "send code", err)
		}
		_, err = f.SendAttributeCode(ctx, f.call(), access, "email")
		want(t, "sixth", err, limit)
	})
}

func TestMessages(t *testing.T) {
	t.Parallel()
	s := plain()
	s.Messages.Invite = userpool.Template{Subject: "Hi {username}", Email: "<b>{username}</b>: {####}"}
	each(t, s, flows(), func(t *testing.T, f *fixture) {
		u, err := f.AdminCreateUser(t.Context(), f.call(), userpool.NewUser{
			Pool: poolID, Username: "<i>", Attributes: mail("a@example.com"), Temporary: "Aa1!<bc>x", Mediums: []string{"EMAIL"},
		})
		must(t, "create", err)
		m := f.last(t)
		if m.Subject != "Hi <i>" || m.Body != "<b>&lt;i&gt;</b>: Aa1!&lt;bc&gt;x" || m.Code != "Aa1!<bc>x" || u.Status != userpool.StatusForceChange {
			t.Errorf("message %+v", m)
		}
		f.fails = true
		_, err = f.SignUp(t.Context(), f.call(), userpool.SignUpInput{ByClient: f.by("bob"), Password: goodPass, Attributes: mail("b@example.com")})
		if !strings.HasPrefix(errText(err), "CodeDeliveryFailure: ") {
			t.Errorf("undelivered: %v", err)
		}
	})
}
