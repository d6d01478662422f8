package userpool

import (
	"fmt"
	"slices"
	"strings"

	"preamp/internal/db"
)

// bulkRows is how many rows one statement has: a fixed number, so that statements
// are prepared once.
const bulkRows = 50

// insertRows inserts rows of the same columns, many by each statement, and
// answers how many were inserted.
func insertRows(tx *db.Tx, into, tail string, rows [][]any) (inserted int64, err error) {
	for part := range slices.Chunk(rows, bulkRows) {
		var sql strings.Builder
		args := make([]any, 0, len(part)*len(part[0]))
		sql.WriteString("INSERT INTO " + into + " VALUES ")
		for i, row := range part {
			if i > 0 {
				sql.WriteString(", ")
			}
			placeholders(&sql, len(args), len(row))
			args = append(args, row...)
		}
		n, err := tx.Exec(sql.String()+tail, args...)
		if err != nil {
			table, _, _ := strings.Cut(into, " ")
			return inserted, fmt.Errorf("insert into %s: %w", table, err)
		}
		inserted += n
	}
	return inserted, nil
}

// lookUp calls fn for those of the values that a statement finds one by one, many
// at a time: find is a statement for one text, in which $1 is the pool and
// v.column1 the value. It must look for a unique key: PostgreSQL then uses the
// index also with a plan that it made when the table was small, as it would not
// for IN.
func lookUp(q *db.Query, find, pool string, values []string, fn func(value, found string)) error {
	for part := range slices.Chunk(values, bulkRows) {
		var sql strings.Builder
		sql.WriteString("SELECT v.column1, (" + find + ") FROM (VALUES ")
		args := make([]any, 0, 1+len(part))
		args = append(args, pool)
		for i, v := range part {
			if i > 0 {
				sql.WriteString(", ")
			}
			placeholders(&sql, len(args), 1)
			args = append(args, v)
		}
		err := q.Each(sql.String()+") v", args, func(r db.Row) error {
			var value string
			var found *string
			err := r.Scan(&value, &found)
			if err == nil && found != nil {
				fn(value, *found)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// placeholders writes ($a, $b, ...), those behind the first after ones.
func placeholders(b *strings.Builder, after, n int) {
	b.WriteByte('(')
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(b, "$%d", after+i+1)
	}
	b.WriteByte(')')
}
