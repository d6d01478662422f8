// Package exec answers GraphQL requests from a database.
//
// It guarantees:
//
//   - Every root field is one SQL statement. Fields of a query are read side by
//     side; fields of a mutation are written one after the other, each in its own
//     transaction, and answered only once that is durable.
//   - A fault of one root field is an entry in "errors" and a null in its place;
//     the other fields are answered.
//   - No text of a database error reaches a client.
//   - What is kept between requests (documents, plans, statements) is bounded.
package exec
