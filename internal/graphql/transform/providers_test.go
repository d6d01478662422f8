package transform_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/authn"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

func TestProviders(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, sdl string
		want      []authn.Mode
	}{
		{"no rules", `type A @model { id: ID! }`, nil},
		{"public", `type A @model @auth(rules: [{allow: public}]) { id: ID! }`, []authn.Mode{authn.APIKey}},
		{"owner", `type A @model @auth(rules: [{allow: owner}]) { id: ID! }`, []authn.Mode{authn.UserPool}},
		{"groups", `type A @model @auth(rules: [{allow: groups, groups: ["a"]}]) { id: ID! }`, []authn.Mode{authn.UserPool}},
		{
			"every provider by name",
			`type A @model @auth(rules: [{allow: owner, provider: oidc}, {allow: private, provider: iam}, {allow: public, provider: apiKey},
				{allow: private, provider: userPools}, {allow: custom}]) { id: ID! }`,
			[]authn.Mode{authn.APIKey, authn.UserPool, authn.IAM, authn.OIDC, authn.Lambda},
		},
		{"identity pool", `type A @model @auth(rules: [{allow: public, provider: identityPool}]) { id: ID! }`, []authn.Mode{authn.IAM}},
		{
			"rules of fields", `type A @model @auth(rules: [{allow: public}]) { id: ID! x: Int @auth(rules: [{allow: owner, provider: oidc}]) }`,
			[]authn.Mode{authn.APIKey, authn.OIDC},
		},
		{"one rule without a list", `type A @model @auth(rules: {allow: owner}) { id: ID! }`, []authn.Mode{authn.UserPool}},
		{
			"directives of AppSync", `type Query { a: Int @aws_iam b: Int @aws_oidc @aws_cognito_user_pools } type B @aws_api_key { x: Int }`,
			[]authn.Mode{authn.APIKey, authn.UserPool, authn.IAM, authn.OIDC},
		},
		{"extensions", `type Query { y: Int } extend type Query { x: Int @aws_lambda }`, []authn.Mode{authn.Lambda}},
		{"version 1", `type A @model @key(fields: ["id"]) @auth(rules: [{allow: owner}]) { id: ID! }`, []authn.Mode{authn.UserPool}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			doc, err := schema.Parse(tc.sdl)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, transform.Providers(doc, 0)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
