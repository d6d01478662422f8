// Package schema reads annotated Amplify schemas: GraphQL SDL with the
// directives of transformer 1 or 2. A Document that Parse returns is
// syntactically right, uses only known types and directives, and gives every
// directive the arguments that its definition asks for. What a directive means
// is the business of package transform.
package schema
