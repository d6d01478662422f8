package plan_test

import (
	"testing"

	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

const testSchema = `
enum Status { OPEN CLOSED }
type Address { street: String! zip: String near: Address }
interface Named { name: String }
type Cat implements Named { name: String lives: Int }
type Dog implements Named { name: String owner: String }
type Rock { weight: Int }
union Pet = Cat | Dog
type Todo @model @auth(rules: [{allow: public}]) {
  id: ID!
  title: String!
  n: Int
  f: Float
  done: Boolean
  day: AWSDate
  phone: AWSPhone
  status: Status
  tags: [String!]
  address: Address
}
type Closed @model { id: ID! }
type Query {
  echo(text: String = "", n: Int = 3, list: [Int!], day: AWSDate, st: Status, f: Float, id: ID): String
  say(text: String!, n: Int = 3, list: [Int!]): String
  named: Named
  pet: Pet
  rock: Rock
  must: String!
}
`

var limits = plan.Limits{Text: 64 << 10, Tokens: 15_000, Depth: 75, Aliases: 100, Fields: 10_000, Nesting: 64}

func compile(t testing.TB, sdl string) *plan.Schema {
	t.Helper()
	doc, err := schema.Parse(sdl)
	if err != nil {
		t.Fatal(err)
	}
	api, err := transform.Expand(doc, transform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if api.Invalid != nil {
		t.Fatal(api.Invalid)
	}
	return plan.NewSchema(api)
}
