// Package db gives every feature the same database, whether it is SQLite files
// in the data directory or schemas of a PostgreSQL server.
//
// What it guarantees:
//
//   - A [DB.Tx] that returned nil is durable. One that returned an error of kind
//     Unavailable after it ran has an unknown outcome; any other error means
//     that nothing was written.
//   - A transaction function sees and leaves whole transactions, alone: on SQLite
//     all mutations of a file run one after the other in one writer, and several
//     that wait share one commit (and one fsync); on PostgreSQL they are READ
//     COMMITTED transactions that are repeated after a serialization failure or a
//     deadlock. The function may run more than once and must touch nothing but
//     its [Tx].
//   - [DB.Read] shows one snapshot to all its statements.
//   - An environment is either whole or absent: [Set.Create] makes it appear with
//     all its migrations done, and a crash in between leaves nothing that
//     [Set.Acquire] would open.
//   - A database that was written by a newer binary is refused.
//
// SQL is one text for both dialects: $N placeholders, tables of the control
// database written ctl.<table> and tables of an environment env.<table>.
package db
