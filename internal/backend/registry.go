package backend

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"time"
	"unicode/utf8"

	"preamp/internal/db"
	"preamp/internal/keys"
)

//go:embed migrations
var migrations embed.FS

// ControlLine are the migrations of the registry's tables in the control
// database.
func ControlLine() db.Line {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic("backend: the embedded migrations are missing: " + err.Error())
	}
	return db.Line{Name: "backend", FS: sub}
}

// Config is what a Registry works with. Both fields are required.
type Config struct {
	Control *db.DB
	// Sealer seals the codes of challenge tokens.
	Sealer *keys.Sealer
}

// Registry knows what should exist.
type Registry struct {
	Config
	routes *routes
}

// New makes a Registry. It panics when a field of Config is missing.
func New(c Config) *Registry {
	if c.Control == nil || c.Sealer == nil {
		panic("backend.New: a field of Config is nil")
	}
	return &Registry{Config: c, routes: newRoutes()}
}

func nowMS() int64 { return time.Now().UnixMilli() }

// nextMS is the creation time of a new row: now, but later than its elder
// siblings, whose order clients rely on. sql selects the latest of them.
func nextMS(q *db.Query, sql string, args ...any) (int64, error) {
	var last int64
	err := q.Row(sql, args...).Scan(&last)
	return max(nowMS(), last+1), err
}

// storable reports whether PostgreSQL accepts s as text. Names that come from
// URLs and bodies may contain anything; nothing that is stored does.
func storable(s ...string) bool {
	for _, t := range s {
		if !utf8.ValidString(t) || strings.IndexByte(t, 0) >= 0 {
			return false
		}
	}
	return true
}

// printable makes a name from a request fit for a message.
func printable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func encode(what string, v any) (json.RawMessage, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", what, err)
	}
	return b, nil
}
