package authz_test

import (
	"testing"

	"preamp/internal/authn"
	"preamp/internal/graphql/authz"
	"preamp/internal/graphql/transform"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	key := authn.Caller{Mode: authn.APIKey}
	public := func(ops ...string) *transform.Model {
		return &transform.Model{Rules: []transform.Rule{{Allow: "public", Provider: "apiKey", Operations: ops}}}
	}
	tests := []struct {
		name   string
		model  *transform.Model
		kind   transform.OperationKind
		caller authn.Caller
		want   bool
	}{
		{"no rules", &transform.Model{}, transform.Get, key, false},
		{"open", &transform.Model{Open: true}, transform.Delete, key, true},
		{"a field of the user", nil, transform.Custom, key, true},
		{"public", public(), transform.Create, key, true},
		{"public for a read", public("read"), transform.List, key, true},
		{"index queries are lists", public("list"), transform.IndexQuery, key, true},
		{"get is not list", public("get"), transform.List, key, false},
		{"public for a read only", public("read"), transform.Update, key, false},
		{"subscriptions listen", public("listen"), transform.OnCreate, key, true},
		{"another provider", &transform.Model{Rules: []transform.Rule{{Allow: "public", Provider: "iam"}}}, transform.Get, key, false},
		{"default provider", &transform.Model{Rules: []transform.Rule{{Allow: "public"}}}, transform.Get, key, true},
		{"private", &transform.Model{Rules: []transform.Rule{{Allow: "private", Provider: "userPools"}}}, transform.Get, key, false},
		{"owner", &transform.Model{Rules: []transform.Rule{{Allow: "owner"}}}, transform.Get, key, false},
		{"one of two", &transform.Model{Rules: []transform.Rule{{Allow: "owner"}, {Allow: "public"}}}, transform.Get, key, true},
		{"another kind of caller", public(), transform.Get, authn.Caller{Mode: authn.UserPool}, false},
		{"nobody", public(), transform.Get, authn.Caller{}, false},
		{"an operation that rules do not name", public(), transform.Custom, key, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := authz.Decide(tt.model, tt.kind, tt.caller).Allow; got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if authz.Shape(key) == authz.Shape(authn.Caller{Mode: authn.UserPool}) {
		t.Error("two kinds of callers share a shape")
	}
}
