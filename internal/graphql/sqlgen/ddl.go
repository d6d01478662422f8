package sqlgen

import (
	"slices"
	"strings"

	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/transform"
)

// DDL is the statements that make one change of a layout. All can be run again.
func DDL(d Dialect, c transform.Change) []string {
	switch c.Kind {
	case transform.CreateTable:
		out := []string{createTable(d, c.Table)}
		for _, x := range c.Table.Indexes {
			if !x.Hidden {
				out = append(out, createIndex(c.Table, x))
			}
		}
		return out
	case transform.AddColumn:
		column := name(c.Column.Name) + " " + columnType(d, c.Column.Storage)
		if d == Postgres {
			return []string{"ALTER TABLE " + table(c.Table.Name) + " ADD COLUMN IF NOT EXISTS " + column}
		}
		return []string{"ALTER TABLE " + table(c.Table.Name) + " ADD COLUMN " + column}
	case transform.CreateIndex:
		return []string{createIndex(c.Table, c.Index)}
	case transform.FillColumn:
		return []string{fillColumn(d, c.Table, c.Column)}
	case transform.DropIndex:
		return []string{"DROP INDEX IF EXISTS " + table(c.Index.Name)}
	}
	panic("sqlgen: change without a kind")
}

// Undo is the statements that take back a change that DDL made. An index that
// was dropped is made again by the next layout that wants it.
func Undo(d Dialect, c transform.Change) []string {
	switch c.Kind {
	case transform.CreateTable:
		return []string{DropTable(c.Table)}
	case transform.CreateIndex:
		return []string{"DROP INDEX IF EXISTS " + table(c.Index.Name)}
	case transform.AddColumn:
		exists := ""
		if d == Postgres {
			exists = "IF EXISTS "
		}
		return []string{"ALTER TABLE " + table(c.Table.Name) + " DROP COLUMN " + exists + name(c.Column.Name)}
	}
	return nil
}

// DropTable is the statement that removes a table.
func DropTable(t transform.Table) string { return "DROP TABLE IF EXISTS " + table(t.Name) }

// HasColumn is a query that answers a row when the table has the column. SQLite
// cannot add a column only if it is missing.
func HasColumn() string {
	return "SELECT 1 FROM pragma_table_info($1) WHERE name = $2"
}

func columnType(d Dialect, s transform.Storage) string {
	pg := d == Postgres
	switch s {
	case transform.Text:
		if pg {
			return `text COLLATE "C"`
		}
		return "text"
	case transform.JSON:
		return "text"
	case transform.Integer:
		if pg {
			return "bigint"
		}
		return "integer"
	case transform.Real:
		if pg {
			return "double precision"
		}
		return "real"
	case transform.Boolean:
		if pg {
			return "boolean"
		}
		return "integer"
	}
	panic("sqlgen: column without storage")
}

// createTable writes a table. Its primary key is the partition and the column
// that orders a partition: DynamoDB knows rows by the same two.
func createTable(d Dialect, t transform.Table) string {
	var key []string
	for _, c := range t.Columns {
		if len(t.Key) > 0 && c.Field == t.Key[0] && c.Joined == nil {
			key = append(key, c.Name)
		}
	}
	if t.Order != "" {
		key = append(key, t.Order)
	}
	if len(key) == 0 {
		panic("sqlgen: table without a key")
	}
	var b strings.Builder
	b.WriteString("CREATE TABLE IF NOT EXISTS " + table(t.Name) + " (")
	for _, c := range t.Columns {
		b.WriteString(name(c.Name) + " " + columnType(d, c.Storage))
		if slices.Contains(key, c.Name) || slices.Contains(t.Key, c.Field) {
			b.WriteString(" NOT NULL")
		}
		b.WriteString(", ")
	}
	b.WriteString("PRIMARY KEY (")
	for i, c := range key {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name(c))
	}
	b.WriteString("))")
	return b.String()
}

func createIndex(t transform.Table, x transform.TableIndex) string {
	var b strings.Builder
	// PostgreSQL makes an index in the schema of its table and takes no
	// qualifier; SQLite has only one schema.
	b.WriteString("CREATE INDEX IF NOT EXISTS " + name(x.Name) + " ON " + table(t.Name) + " (")
	for i, c := range x.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name(c))
	}
	b.WriteString(")")
	return b.String()
}

// fillColumn writes a joined column from its parts. A row that lacks a part gets
// null: it is not in the index.
func fillColumn(d Dialect, t transform.Table, c transform.Column) string {
	w := &writer{pg: d == Postgres}
	w.add("UPDATE ", table(t.Name), " SET ", name(c.Name), " = ")
	for i, part := range c.Joined {
		if i > 0 {
			w.add(" || '#' || ")
		}
		j := slices.IndexFunc(t.Columns, func(x transform.Column) bool { return x.Field == part })
		if j < 0 {
			panic("sqlgen: joined column without its parts")
		}
		w.part(plan.Column{Name: t.Columns[j].Name, Storage: t.Columns[j].Storage}, "")
	}
	return w.String()
}
