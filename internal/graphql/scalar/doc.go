// Package scalar holds the values of GraphQL requests and the rules of AppSync's
// scalar types.
//
// It guarantees that a value it accepts can be stored and found again on every
// store: text is valid UTF-8 without U+0000, numbers are finite and in the range
// of their type, and there is one canonical JSON text for every value.
package scalar
