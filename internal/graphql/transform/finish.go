package transform

import (
	"fmt"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// appSync is what AppSync knows without being told.
const appSync = `
scalar AWSDate
scalar AWSTime
scalar AWSDateTime
scalar AWSTimestamp
scalar AWSEmail
scalar AWSJSON
scalar AWSURL
scalar AWSPhone
scalar AWSIPAddress
directive @aws_subscribe(mutations: [String!]!) on FIELD_DEFINITION
directive @aws_auth(cognito_groups: [String!]!) on FIELD_DEFINITION
directive @aws_api_key on FIELD_DEFINITION | OBJECT
directive @aws_iam on FIELD_DEFINITION | OBJECT
directive @aws_oidc on FIELD_DEFINITION | OBJECT
directive @aws_lambda on FIELD_DEFINITION | OBJECT
directive @aws_cognito_user_pools(cognito_groups: [String!]) on FIELD_DEFINITION | OBJECT
`

// sandboxInput is the input that stands for sandbox mode in a schema.
const sandboxInput = "AMPLIFY"

// finish turns the generated schema into an API.
func (c *compiler) finish() (*API, error) {
	c.out.dropEmptyRoots()
	if c.version == 2 {
		c.out.remove(sandboxInput)
	}
	api := &API{
		Version:    c.version,
		SDL:        c.out.text(),
		Models:     map[string]*Model{},
		Objects:    map[string]*Object{},
		Operations: map[string]map[string]*Operation{},

		DefaultAuth:        c.opt.defaultAuth(),
		InheritPrimaryAuth: c.opt.Flags.SubscriptionsInheritPrimaryAuth,
	}
	loaded, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: appSync + c.out.text(sandboxInput)})
	if err != nil {
		api.Invalid = fmt.Errorf("generated schema: %w", err)
	} else {
		api.Schema = loaded
	}
	a := &assembler{compiler: c, api: api, names: newNamer(c.opt.TablePrefix), keys: map[*key]*Index{}, columns: map[string]map[string]string{}}
	if err := a.run(); err != nil {
		return nil, err
	}
	api.Guards = a.guards()
	return api, nil
}
