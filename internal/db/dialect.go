package db

import "io/fs"

// Dialect is the kind of database behind a handle.
type Dialect uint8

const (
	// SQLite is one file per database in the data directory.
	SQLite Dialect = 1 + iota
	// Postgres is one schema per database on a PostgreSQL server.
	Postgres
)

// String is the name of the dialect, which is also the folder of its
// migrations in a [Line].
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "sqlite"
	case Postgres:
		return "postgres"
	}
	return "unknown"
}

// Line is the migrations of one feature: FS holds sqlite/NNNN_name.sql and
// postgres/NNNN_name.sql in goose's format, forward only.
type Line struct {
	Name string
	FS   fs.FS
}
