package identitypool_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/identitypool/wire"
)

func TestListIdentities(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool, other := f.pool(t, nil), f.pool(t, nil)
		var ids []string
		for i := range 5 {
			ids = append(ids, f.getID(t, pool, nil), f.getID(t, pool, logins(strconv.Itoa(i))))
		}
		f.getID(t, other, nil)
		slices.Sort(ids)
		var got []string
		in := &wire.ListIdentitiesInput{IdentityPoolID: pool, MaxResults: 3}
		var token string
		for range 10 {
			out, err := f.ListIdentities(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range out.Identities {
				got = append(got, i.IdentityID)
			}
			if in.NextToken = out.NextToken; in.NextToken == "" {
				break
			}
			token = out.NextToken
		}
		if d := cmp.Diff(ids, got); d != "" {
			t.Error(d)
		}
		for _, bad := range []*wire.ListIdentitiesInput{
			{IdentityPoolID: pool, MaxResults: 0},
			{IdentityPoolID: pool, MaxResults: 61},
			{IdentityPoolID: pool, MaxResults: 1, NextToken: "x"},
			{IdentityPoolID: other, MaxResults: 1, NextToken: token},
		} {
			_, err := f.ListIdentities(t.Context(), bad)
			want(t, err, badParameter, "")
		}
	})
}

func TestIdentities(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		pool := f.pool(t, nil)
		a, guest := f.getID(t, pool, logins("a")), f.getID(t, pool, nil)
		d := f.describe(t, a)
		if d.IdentityID != a || !slices.Equal(d.Logins, []string{provider}) || !d.CreationDate.Equal(start) || !d.LastModifiedDate.Equal(start) {
			t.Errorf("%+v", d)
		}
		if d := f.describe(t, guest); len(d.Logins) != 0 {
			t.Errorf("%+v", d)
		}
		_, err := f.DescribeIdentity(t.Context(), &wire.DescribeIdentityInput{IdentityID: nobody})
		want(t, err, gone, "")
		out, err := f.DeleteIdentities(t.Context(), &wire.DeleteIdentitiesInput{IdentityIdsToDelete: []string{a, nobody, guest, a}})
		if err != nil {
			t.Fatal(err)
		}
		expected := []wire.UnprocessedIdentityId{{IdentityID: nobody, ErrorCode: "AccessDenied"}, {IdentityID: a, ErrorCode: "AccessDenied"}}
		if d := cmp.Diff(expected, out.UnprocessedIdentityIds); d != "" {
			t.Error(d)
		}
		if n := len(f.list(t, pool)); n != 0 {
			t.Errorf("%d identities are left", n)
		}
		if id := f.getID(t, pool, logins("a")); id == a {
			t.Error("a deleted identity came back")
		}
	})
}
