package identitypool_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
	"preamp/internal/identitypool"
	"preamp/internal/identitypool/wire"
)

func TestPools(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		made, err := f.CreateIdentityPool(ctx, &wire.CreateIdentityPoolInput{
			IdentityPoolName: "My pool", AllowUnauthenticatedIdentities: true, AllowClassicFlow: new(true),
			SupportedLoginProviders: map[string]string{social: "app1"},
			CognitoIdentityProviders: []wire.CognitoIdentityProvider{
				{ProviderName: provider, ClientID: client, ServerSideTokenCheck: new(true)}, {ProviderName: provider, ClientID: "web"},
			},
			IdentityPoolTags: map[string]string{"stage": "test"},
		})
		if err != nil {
			t.Fatal(err)
		}
		id := made.IdentityPoolID
		expected := &wire.DescribeIdentityPoolOutput{
			IdentityPoolID: id, IdentityPoolName: "My pool", AllowUnauthenticatedIdentities: true, AllowClassicFlow: new(true),
			SupportedLoginProviders: map[string]string{social: "app1"},
			CognitoIdentityProviders: []wire.CognitoIdentityProvider{
				{ProviderName: provider, ClientID: client, ServerSideTokenCheck: new(true)},
				{ProviderName: provider, ClientID: "web", ServerSideTokenCheck: new(false)},
			},
			IdentityPoolTags: map[string]string{"stage": "test"},
		}
		if d := cmp.Diff(expected, new(wire.DescribeIdentityPoolOutput(*made))); d != "" {
			t.Error(d)
		}
		describe := func() *wire.DescribeIdentityPoolOutput {
			t.Helper()
			out, err := f.DescribeIdentityPool(ctx, &wire.DescribeIdentityPoolInput{IdentityPoolID: id})
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		if d := cmp.Diff(expected, describe()); d != "" {
			t.Error(d)
		}
		f.roles(t, id, nil)

		// An update replaces all that it can say, and keeps tags and roles.
		updated, err := f.UpdateIdentityPool(ctx, &wire.UpdateIdentityPoolInput{IdentityPoolID: id, IdentityPoolName: "Other"})
		if err != nil {
			t.Fatal(err)
		}
		expected = &wire.DescribeIdentityPoolOutput{
			IdentityPoolID: id, IdentityPoolName: "Other", IdentityPoolTags: map[string]string{"stage": "test"},
		}
		if d := cmp.Diff(expected, new(wire.DescribeIdentityPoolOutput(*updated))); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(expected, describe()); d != "" {
			t.Error(d)
		}
		roles, err := f.GetIdentityPoolRoles(ctx, &wire.GetIdentityPoolRolesInput{IdentityPoolID: id})
		if err != nil || roles.Roles["authenticated"] != authRole || roles.Roles["unauthenticated"] != guestRole {
			t.Errorf("%+v, %v", roles, err)
		}

		identity := f.getID(t, f.pool(t, nil), nil)
		if _, err := f.DeleteIdentityPool(ctx, &wire.DeleteIdentityPoolInput{IdentityPoolID: id}); err != nil {
			t.Fatal(err)
		}
		for name, err := range f.onPool(t, id) {
			if err == nil {
				t.Errorf("%s works on a deleted pool", name)
				continue
			}
			want(t, err, gone, "IdentityPool '"+id+"' not found.")
		}
		f.get(t, identity, nil) // of another pool
	})
}

// onPool is what all operations on a pool answer.
func (f *fixture) onPool(t *testing.T, id string) map[string]error {
	ctx, errors := t.Context(), map[string]error{}
	arn := "arn:aws:cognito-identity:us-east-1:000000000000:identitypool/" + id
	_, errors["GetId"] = f.GetId(ctx, &wire.GetIdInput{IdentityPoolID: id})
	_, errors["DescribeIdentityPool"] = f.DescribeIdentityPool(ctx, &wire.DescribeIdentityPoolInput{IdentityPoolID: id})
	_, errors["UpdateIdentityPool"] = f.UpdateIdentityPool(ctx, &wire.UpdateIdentityPoolInput{IdentityPoolID: id, IdentityPoolName: "x"})
	_, errors["DeleteIdentityPool"] = f.DeleteIdentityPool(ctx, &wire.DeleteIdentityPoolInput{IdentityPoolID: id})
	_, errors["GetIdentityPoolRoles"] = f.GetIdentityPoolRoles(ctx, &wire.GetIdentityPoolRolesInput{IdentityPoolID: id})
	_, errors["SetIdentityPoolRoles"] = f.SetIdentityPoolRoles(ctx, &wire.SetIdentityPoolRolesInput{IdentityPoolID: id})
	_, errors["ListIdentities"] = f.ListIdentities(ctx, &wire.ListIdentitiesInput{IdentityPoolID: id, MaxResults: 1})
	_, errors["TagResource"] = f.TagResource(ctx, &wire.TagResourceInput{ResourceARN: arn})
	_, errors["UntagResource"] = f.UntagResource(ctx, &wire.UntagResourceInput{ResourceARN: arn})
	_, errors["ListTagsForResource"] = f.ListTagsForResource(ctx, &wire.ListTagsForResourceInput{ResourceARN: arn})
	_, errors["KeySet"] = f.KeySet(ctx, id)
	return errors
}

func TestNoPool(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.pool(t, nil)
		for name, err := range f.onPool(t, nobody) {
			if err == nil {
				t.Errorf("%s works without a pool", name)
				continue
			}
			want(t, err, gone, "")
		}
	})
}

// TestSettings are settings that are refused; nothing is made then.
func TestSettings(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		one := wire.CognitoIdentityProvider{ProviderName: provider, ClientID: client}
		tags := map[string]string{}
		for i := range 51 {
			tags[strconv.Itoa(i)] = ""
		}
		good := func() *wire.CreateIdentityPoolInput {
			return &wire.CreateIdentityPoolInput{
				IdentityPoolName: "test", CognitoIdentityProviders: []wire.CognitoIdentityProvider{one},
				IdentityPoolTags: map[string]string{"k": "v"},
			}
		}
		pool := f.pool(t, nil)
		for _, tt := range []struct {
			name, text string
			change     func(in *wire.CreateIdentityPoolInput)
		}{
			{"empty name", "name", func(in *wire.CreateIdentityPoolInput) { in.IdentityPoolName = "" }},
			{"name with a slash", "name", func(in *wire.CreateIdentityPoolInput) { in.IdentityPoolName = "a/b" }},
			{"long name", "name", func(in *wire.CreateIdentityPoolInput) { in.IdentityPoolName = strings.Repeat("a", 129) }},
			{"developer provider", "DeveloperProviderName is not available", func(in *wire.CreateIdentityPoolInput) { in.DeveloperProviderName = "dev" }},
			{"SAML", "SamlProviderARNs is not available", func(in *wire.CreateIdentityPoolInput) {
				in.SamlProviderARNs = []string{"arn:aws:iam::000000000000:saml-provider/x"}
			}},
			{"OpenID Connect", "OpenIdConnectProviderARNs is not available", func(in *wire.CreateIdentityPoolInput) {
				in.OpenIDConnectProviderARNs = []string{"arn:aws:iam::000000000000:oidc-provider/x"}
			}},
			{"social provider", "graph.facebook.com is not available", func(in *wire.CreateIdentityPoolInput) {
				in.SupportedLoginProviders = map[string]string{"graph.facebook.com": "1"}
			}},
			{"no user pool", "Invalid Cognito Identity Provider", func(in *wire.CreateIdentityPoolInput) { in.CognitoIdentityProviders[0].ProviderName = "x" }},
			{"user pool without a host", "Invalid Cognito Identity Provider", func(in *wire.CreateIdentityPoolInput) { in.CognitoIdentityProviders[0].ProviderName = userPool }},
			{"no client", "ClientId", func(in *wire.CreateIdentityPoolInput) { in.CognitoIdentityProviders[0].ClientID = "" }},
			{"client twice", "more than once", func(in *wire.CreateIdentityPoolInput) {
				in.CognitoIdentityProviders = append(in.CognitoIdentityProviders,
					wire.CognitoIdentityProvider{ProviderName: "example.com/" + userPool, ClientID: client})
			}},
			{"many providers", "At most 50", func(in *wire.CreateIdentityPoolInput) {
				in.CognitoIdentityProviders = slices.Repeat(in.CognitoIdentityProviders, 51)
			}},
			{"many tags", "At most 50", func(in *wire.CreateIdentityPoolInput) { in.IdentityPoolTags = tags }},
			{"tag of AWS", "aws:", func(in *wire.CreateIdentityPoolInput) { in.IdentityPoolTags["AWS:x"] = "" }},
			{"tag with NUL", "characters", func(in *wire.CreateIdentityPoolInput) { in.IdentityPoolTags["x"] = "\x00" }},
			{"long tag", "characters", func(in *wire.CreateIdentityPoolInput) { in.IdentityPoolTags["x"] = strings.Repeat("ä", 257) }},
		} {
			in := good()
			tt.change(in)
			_, err := f.CreateIdentityPool(t.Context(), in)
			want(t, err, badParameter, tt.text)
			_, err = f.UpdateIdentityPool(t.Context(), &wire.UpdateIdentityPoolInput{
				IdentityPoolID: pool, IdentityPoolName: in.IdentityPoolName, SupportedLoginProviders: in.SupportedLoginProviders,
				DeveloperProviderName: in.DeveloperProviderName, OpenIDConnectProviderARNs: in.OpenIDConnectProviderARNs,
				CognitoIdentityProviders: in.CognitoIdentityProviders, SamlProviderARNs: in.SamlProviderARNs, IdentityPoolTags: in.IdentityPoolTags,
			})
			want(t, err, badParameter, tt.text)
			if t.Failed() {
				t.Fatalf("at %q", tt.name)
			}
		}
		list, err := f.ListIdentityPools(t.Context(), &wire.ListIdentityPoolsInput{MaxResults: 60})
		if err != nil || len(list.IdentityPools) != 1 {
			t.Errorf("%v, %v", list, err)
		}
		if _, err := f.CreateIdentityPool(t.Context(), good()); err != nil {
			t.Errorf("the control is refused: %v", err)
		}
	})
}

func TestListPools(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		var ids []string
		for range 5 {
			ids = append(ids, f.pool(t, nil))
		}
		// One of an app, in its own environment, and a route whose pool was never made.
		ids = append(ids, f.jobPool(t))
		if err := f.dir.Put(t.Context(), identitypool.RoutePool, nobody, "home"); err != nil {
			t.Fatal(err)
		}
		slices.Sort(ids)
		var got []string
		in := &wire.ListIdentityPoolsInput{MaxResults: 2}
		for range 10 {
			out, err := f.ListIdentityPools(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range out.IdentityPools {
				got = append(got, p.IdentityPoolID)
			}
			if in.NextToken = out.NextToken; in.NextToken == "" {
				break
			}
		}
		if d := cmp.Diff(ids, got); d != "" {
			t.Error(d)
		}
		for _, bad := range []*wire.ListIdentityPoolsInput{
			{MaxResults: 0},
			{MaxResults: 61},
			{MaxResults: -1},
			{MaxResults: 1, NextToken: "x"},
			{MaxResults: 1, NextToken: f.dir.ring.Control().SealToken("another list", nil, start.Add(time.Hour))},
			{MaxResults: 1, NextToken: f.dir.ring.Control().SealToken("identity pools", nil, start)},
		} {
			_, err := f.ListIdentityPools(t.Context(), bad)
			want(t, err, badParameter, "")
		}
	})
}

// jobPool makes a pool in the environment of an app, as a job does.
func (f *fixture) jobPool(t *testing.T) string {
	t.Helper()
	id := identitypool.NewID("eu-west-1")
	if err := f.dir.Put(t.Context(), identitypool.RoutePool, id, "other"); err != nil {
		t.Fatal(err)
	}
	f.tx(t, id, func(tx *db.Tx) error {
		_, err := identitypool.InsertPool(tx, id, identitypool.Settings{
			Name: "app", Guests: true, Authenticated: authRole, Unauthenticated: guestRole,
			Providers: []identitypool.Provider{{Name: provider, Client: client}},
		}, start)
		return err
	})
	return id
}

// The pools of apps work as the others, and their identities are in their
// environment.
func TestJobPool(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool, home := f.jobPool(t), f.pool(t, nil)
		id, other := f.getID(t, pool, logins("a")), f.getID(t, home, logins("a"))
		if !strings.HasPrefix(id, "eu-west-1:") || f.dir.shards() != 2 {
			t.Errorf("identity %s, %d shards", id, f.dir.shards())
		}
		f.get(t, id, logins("a"))
		f.get(t, other, logins("a"))
		f.tx(t, pool, func(tx *db.Tx) error {
			_, err := identitypool.InsertPool(tx, nobody, identitypool.Settings{Name: "other"}, start)
			return err
		})
		again := func(fn func(tx *db.Tx) error) error {
			env, release, err := f.dir.Find(t.Context(), identitypool.RoutePool, pool)
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			return env.DB.Tx(t.Context(), fn)
		}
		insert := func(id string, s identitypool.Settings) error {
			return again(func(tx *db.Tx) error { _, err := identitypool.InsertPool(tx, id, s, start); return err })
		}
		want(t, insert(pool, identitypool.Settings{Name: "x"}), wire.ResourceConflictException, "")
		want(t, insert("us-east-1:x", identitypool.Settings{Name: "x"}), badParameter, "")
		want(t, insert(identitypool.NewID("us-east-1"), identitypool.Settings{}), badParameter, "")

		f.tx(t, pool, func(tx *db.Tx) error {
			p, err := identitypool.UpdatePool(tx, pool, func(s *identitypool.Settings) error { s.Guests = false; return nil }, start.Add(time.Hour))
			if err == nil && (p.Guests || p.Name != "app" || !p.Changed.Equal(start.Add(time.Hour)) || !p.Created.Equal(start)) {
				t.Errorf("%+v", p)
			}
			return err
		})
		_, err := f.GetId(t.Context(), &wire.GetIdInput{IdentityPoolID: pool})
		want(t, err, denied, "Unauthenticated")
		missing := identitypool.NewID("us-east-1")
		want(t, again(func(tx *db.Tx) error {
			_, err := identitypool.UpdatePool(tx, missing, func(*identitypool.Settings) error { return nil }, start)
			return err
		}), gone, "")

		f.tx(t, pool, func(tx *db.Tx) error { return identitypool.DropPool(tx, pool) })
		f.tx(t, pool, func(tx *db.Tx) error { return identitypool.DropPool(tx, pool) })
		_, err = f.GetCredentialsForIdentity(t.Context(), &wire.GetCredentialsForIdentityInput{IdentityID: id, Logins: logins("a")})
		want(t, err, gone, "")
	})
}

func TestTags(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		arn := "arn:aws:cognito-identity:us-east-1:000000000000:identitypool/" + f.pool(t, nil)
		tag := func(tags map[string]string) error {
			_, err := f.TagResource(t.Context(), &wire.TagResourceInput{ResourceARN: arn, Tags: tags})
			return err
		}
		list := func() map[string]string {
			out, err := f.ListTagsForResource(t.Context(), &wire.ListTagsForResourceInput{ResourceARN: arn})
			if err != nil {
				t.Fatal(err)
			}
			return out.Tags
		}
		want(t, tag(map[string]string{"a": "1", "b": "2"}), "", "")
		want(t, tag(map[string]string{"b": "3", "c": "4"}), "", "")
		_, err := f.UntagResource(t.Context(), &wire.UntagResourceInput{ResourceARN: arn, TagKeys: []string{"a", "x"}})
		want(t, err, "", "")
		want(t, tag(map[string]string{"aws:x": "1"}), badParameter, "")
		if got := list(); !maps.Equal(got, map[string]string{"b": "3", "c": "4"}) {
			t.Errorf("%v", got)
		}
		for _, bad := range []string{
			"arn:aws:cognito-identity:us-east-1:000000000000:identitypool/x", "arn:aws:cognito-idp:us-east-1:000000000000:userpool/" + userPool, "x",
		} {
			_, err := f.ListTagsForResource(t.Context(), &wire.ListTagsForResourceInput{ResourceARN: bad})
			want(t, err, badParameter, "ARN")
		}
	})
}

// What this version does not have says so.
func TestUnavailable(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for name, call := range map[string]func() error{
			"GetOpenIdTokenForDeveloperIdentity": func() error { _, err := f.GetOpenIdTokenForDeveloperIdentity(ctx, nil); return err },
			"LookupDeveloperIdentity":            func() error { _, err := f.LookupDeveloperIdentity(ctx, nil); return err },
			"MergeDeveloperIdentities":           func() error { _, err := f.MergeDeveloperIdentities(ctx, nil); return err },
			"UnlinkDeveloperIdentity":            func() error { _, err := f.UnlinkDeveloperIdentity(ctx, nil); return err },
			"SetPrincipalTagAttributeMap":        func() error { _, err := f.SetPrincipalTagAttributeMap(ctx, nil); return err },
			"GetPrincipalTagAttributeMap":        func() error { _, err := f.GetPrincipalTagAttributeMap(ctx, nil); return err },
		} {
			if err := call(); err == nil || !strings.Contains(err.Error(), name+" is not available in this version") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// The pools that belong to no app are bounded.
func TestTooManyPools(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		f.tx(t, pool, func(tx *db.Tx) error {
			for range 998 {
				if _, err := identitypool.InsertPool(tx, identitypool.NewID("us-east-1"), identitypool.Settings{Name: "x"}, start); err != nil {
					return err
				}
			}
			return nil
		})
		f.pool(t, nil)
		_, err := f.CreateIdentityPool(t.Context(), &wire.CreateIdentityPoolInput{IdentityPoolName: "one more"})
		want(t, err, wire.LimitExceededException, "1000")
		list, err := f.ListIdentityPools(t.Context(), &wire.ListIdentityPoolsInput{MaxResults: 60})
		if err != nil || len(list.IdentityPools) != 2 { // those with routes
			t.Errorf("%v, %v", list, err)
		}
	})
}
