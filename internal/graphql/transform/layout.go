package transform

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/schema"
)

// maxIdentifier is the length to which PostgreSQL cuts identifiers, in bytes.
const maxIdentifier = 63

// namer makes physical names: lower-case, sanitised, and with a piece of a hash
// of the logical name, because SQLite compares identifiers without case and
// PostgreSQL cuts them without a word. Tables and indexes share one name space.
type namer struct {
	prefix    string
	relations map[string]string
}

func newNamer(prefix string) *namer { return &namer{prefix: prefix, relations: map[string]string{}} }

// relation names a table or index after a readable text and a logical name.
func (n *namer) relation(pos *ast.Position, logical, readable string) (string, error) {
	return claim(pos, n.relations, logical, n.prefix+physical(readable, logical, maxIdentifier-len(n.prefix)))
}

// column names a column; taken maps the physical names of the table in use to
// the logical ones.
func (n *namer) column(pos *ast.Position, taken map[string]string, model, logical string) (string, error) {
	name := physical(logical, logical, maxIdentifier)
	if taken[name] == logical {
		return name, nil // two keys that join the same fields share the column
	}
	got, err := claim(pos, taken, logical, name)
	if err != nil {
		return "", schema.Refuse(pos, model+"."+logical, "the name is too similar to %q", taken[name])
	}
	return got, nil
}

// claim refuses a second logical name with the same physical one, which takes
// a collision of the hashes.
func claim(pos *ast.Position, taken map[string]string, logical, name string) (string, error) {
	if other, ok := taken[name]; ok {
		return "", schema.Refuse(pos, logical, "the name is too similar to %q", other)
	}
	taken[name] = logical
	return name, nil
}

func physical(readable, logical string, room int) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_':
			return r
		}
		return '_'
	}, readable)
	clean = clean[:max(0, min(len(clean), 40, room-7))]
	sum := sha256.Sum256([]byte(logical))
	return clean + "_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:4]))[:6]
}

// joinedName is the logical name of a joined sort key, as DynamoDB tables made
// by Amplify have it.
func joinedName(fields []string) string { return strings.Join(fields, "#") }

// tableOf is the storage of a model.
func tableOf(m *Model) Table {
	t := Table{Model: m.Stored, Name: m.Table, Order: m.Primary.SortColumn}
	for _, f := range m.Fields {
		if f.Column != "" {
			t.Columns = append(t.Columns, Column{
				Field: f.Name, Name: f.Column, Storage: f.Storage, Type: nullable(f.Type).String(),
			})
		}
	}
	for _, x := range append([]*Index{m.Primary}, m.Indexes...) {
		if len(x.Sort) < 2 {
			continue
		}
		var parts []string
		for _, f := range x.Sort {
			parts = append(parts, f.Name)
		}
		name := joinedName(parts)
		if !slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Field == name }) {
			t.Columns = append(t.Columns, Column{
				Field: name, Name: x.SortColumn, Storage: Text, Type: "String", Joined: parts,
			})
		}
	}
	var keyColumns []string
	for _, f := range m.Primary.Fields() {
		t.Key = append(t.Key, f.Name)
		keyColumns = append(keyColumns, f.Column)
	}
	for _, x := range m.Indexes {
		columns := []string{x.Partition.Column}
		if x.SortColumn != "" {
			columns = append(columns, x.SortColumn)
		}
		for _, k := range keyColumns {
			if !slices.Contains(columns, k) {
				columns = append(columns, k)
			}
		}
		t.Indexes = append(t.Indexes, TableIndex{Index: x.Name, Name: x.Physical, Columns: columns})
	}
	return t
}
