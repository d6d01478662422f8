package main

import (
	"fmt"
	"strings"
)

// openSchema is the API that is measured with an API key.
const openSchema = `enum Priority { LOW MEDIUM HIGH }
type Task @model {
  id: ID!
  title: String!
  done: Boolean
  priority: Priority
  notes: String
  due: AWSDate
}
type Project @model {
  id: ID!
  name: String!
  steps: [Step] @hasMany(indexName: "byProject", fields: ["id"])
}
type Step @model {
  id: ID!
  projectID: ID! @index(name: "byProject", sortKeyFields: ["title"])
  title: String!
  done: Boolean
}
`

// noteSchema is the API that is measured with tokens: a caller sees what it owns.
const noteSchema = `type Note @model @auth(rules: [{allow: owner, provider: oidc}, {allow: groups, groups: ["Admin"], provider: oidc}]) {
  id: ID!
  title: String!
  notes: String
}
`

// poolSchema is the API that takes keys and tokens of a pool alike.
const poolSchema = `type Item @model @auth(rules: [{allow: public}, {allow: private}]) {
  id: ID!
  title: String!
  notes: String
}
`

// pushSchema is a schema of n models, for the time of a push.
func pushSchema(n int) string {
	var s strings.Builder
	s.WriteString(`enum Priority { LOW MEDIUM HIGH }
type Task @model {
  id: ID!
  title: String!
  done: Boolean
  priority: Priority
  notes: String
  due: AWSDate
}
`)
	for i := 1; i < n; i++ {
		fmt.Fprintf(&s, `type Model%02d @model {
  id: ID!
  owner: ID! @index(name: "byOwner%02d", sortKeyFields: ["createdAt"], queryField: "model%02dByOwner")
  name: String!
  count: Int
  price: Float
  active: Boolean
  tags: [String]
  seen: AWSDateTime
  createdAt: AWSDateTime!
}
`, i, i, i)
	}
	return s.String()
}

// appSchema is a schema of n models as an app has them: every model has scalars,
// a list, an enum, an embedded object, an index, rules, and relations to the one
// before it.
func appSchema(n int) string {
	var s strings.Builder
	s.WriteString(`enum State { OPEN PLANNED DONE DROPPED }
type Place { street: String city: String! zip: String latitude: Float longitude: Float }
`)
	for i := range n {
		fmt.Fprintf(&s, `type Entity%02d @model @auth(rules: [{allow: public}]) {
  id: ID!
  name: String! @index(name: "byName%02d", sortKeyFields: ["createdAt"], queryField: "entity%02dByName")
  state: State
  description: String
  count: Int
  price: Float
  active: Boolean
  tags: [String]
  place: Place
  seen: AWSDateTime
  createdAt: AWSDateTime!
`, i, i, i)
		if i > 0 {
			fmt.Fprintf(&s, "  parentID: ID @index(name: \"byParent%02d\", sortKeyFields: [\"createdAt\"])\n  parent: Entity%02d @belongsTo(fields: [\"parentID\"])\n", i, i-1)
		}
		if i < n-1 {
			fmt.Fprintf(&s, "  parts: [Entity%02d] @hasMany(indexName: \"byParent%02d\", fields: [\"id\"])\n", i+1, i+1)
		}
		s.WriteString("}\n")
	}
	return s.String()
}

// growthSchema has one model per size of table.
func growthSchema() string {
	var s strings.Builder
	for _, g := range growthSizes {
		fmt.Fprintf(&s, `type %s @model {
  id: ID!
  group: ID! @index(name: "by%sGroup", sortKeyFields: ["createdAt"], queryField: "by%sGroup")
  title: String!
  createdAt: AWSDateTime!
}
`, g.model, g.model, g.model)
	}
	return s.String()
}
