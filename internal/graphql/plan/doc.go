// Package plan turns the text of a GraphQL request into statements for a
// database, in a form that knows no dialect.
//
// It works in three stages, each of which can be kept and used again:
//
//   - [Schema.Parse] reads and validates a document. Its cost is bounded by the
//     limits, whatever the document says: nothing in it is exponential.
//   - [Operation.Plan] fixes what is selected, for one caller shape and one set
//     of @skip and @include values.
//   - [Field.Bind] joins a planned field with the values of one request. Values
//     only ever become parameters. Two bound statements with the same shape are
//     the same SQL text.
//
// Messages are those of AppSync, which executes with graphql-java. The package
// is pure: time, random ids and sealed tokens come in through [Env].
package plan
