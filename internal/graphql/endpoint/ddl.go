package endpoint

import (
	"errors"
	"fmt"
	"slices"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"
)

func dialect(d db.Dialect) sqlgen.Dialect {
	if d == db.Postgres {
		return sqlgen.Postgres
	}
	return sqlgen.SQLite
}

// ApplyChanges makes the changes of a layout, in order. It can be run again.
// errs.Invalid when a stored value does not fit into a new index, which only
// PostgreSQL bounds.
func ApplyChanges(tx *db.Tx, d db.Dialect, changes []transform.Change) error {
	for _, c := range changes {
		if c.Kind == transform.AddColumn && d == db.SQLite {
			there, err := hasColumn(tx, c.Table.Name, c.Column.Name)
			if err != nil {
				return err
			}
			if there {
				continue
			}
		}
		err := run(tx, sqlgen.DDL(dialect(d), c))
		switch {
		case db.IsKeyTooLong(err):
			return errs.Wrap(errs.Invalid, err, "%s: a stored value is too long for a key", element(c))
		case err != nil:
			return fmt.Errorf("change the table of %s: %w", c.Table.Model, err)
		}
	}
	return nil
}

// element is what a change is about: the model, and the index by its name in the
// schema.
func element(c transform.Change) string {
	if c.Kind != transform.CreateIndex {
		return c.Table.Model
	}
	return c.Table.Model + ": index " + c.Index.Index
}

func run(tx *db.Tx, statements []string) error {
	for _, s := range statements {
		if _, err := tx.Exec(s); err != nil {
			return err
		}
	}
	return nil
}

func hasColumn(tx *db.Tx, table, column string) (bool, error) {
	var one int
	switch err := tx.Row(sqlgen.HasColumn(), table, column).Scan(&one); {
	case errors.Is(err, db.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read the columns of a table: %w", err)
	}
	return true, nil
}

// revertChanges undoes what ApplyChanges made, the last first.
func revertChanges(tx *db.Tx, changes []transform.Change) error {
	for _, c := range slices.Backward(changes) {
		if c.Kind == transform.AddColumn && tx.Dialect() == db.SQLite {
			there, err := hasColumn(tx, c.Table.Name, c.Column.Name)
			if err != nil {
				return err
			}
			if !there {
				continue
			}
		}
		if err := run(tx, sqlgen.Undo(dialect(tx.Dialect()), c)); err != nil {
			return fmt.Errorf("take back a change of the table of %s: %w", c.Table.Model, err)
		}
	}
	return nil
}
