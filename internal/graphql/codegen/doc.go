// Package codegen writes what client code generators make of an annotated
// schema: the model introspection JSON and the schema.js of DataStore, byte for
// byte in the form of the official generator. The result depends on the schema
// alone, so every node gives the same text.
package codegen
