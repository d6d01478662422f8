// Package sqlgen writes the SQL of planned statements and of table layouts for
// one dialect.
//
// It guarantees that no text of a request or a schema reaches SQL as it is:
// values are always parameters, names of tables and columns are the physical
// ones and are checked again, and the names of JSON members are checked to be
// GraphQL names, which hold nothing that SQL could interpret. A text that fails
// a check is a broken invariant and panics.
package sqlgen
