package transform

import (
	"slices"
	"strings"

	"preamp/internal/errs"
)

// Merge says how to get from the live layout to the next one. Whatever is new
// is added. A model or field that is no longer declared is hidden: its data
// stays, and it returns when it is declared again. A field that changes its
// type, and a model that changes its primary key, are refused with an Invalid
// error, since the data could not follow. Neither argument is changed.
func Merge(live, next Layout) (Layout, []Change, error) {
	var merged Layout
	var changes []Change
	for _, old := range live.Tables {
		i := slices.IndexFunc(next.Tables, func(t Table) bool { return t.Model == old.Model })
		if i < 0 {
			old.Hidden = true
			merged.Tables = append(merged.Tables, old)
			continue
		}
		t, more, err := mergeTable(old, next.Tables[i])
		if err != nil {
			return Layout{}, nil, err
		}
		merged.Tables = append(merged.Tables, t)
		changes = append(changes, more...)
	}
	for _, t := range next.Tables {
		if !slices.ContainsFunc(live.Tables, func(old Table) bool { return old.Model == t.Model }) {
			merged.Tables = append(merged.Tables, t)
			changes = append(changes, Change{Kind: CreateTable, Table: t})
		}
	}
	return merged, changes, nil
}

func mergeTable(old, next Table) (Table, []Change, error) {
	if !slices.Equal(old.Key, next.Key) {
		return Table{}, nil, errs.E(errs.Invalid, "%s: the primary key cannot change from (%s) to (%s)", old.Model,
			strings.Join(old.Key, ", "), strings.Join(next.Key, ", "))
	}
	t := next
	t.Name = old.Name
	t.Columns, t.Indexes = nil, nil
	var added, filled []Column
	for _, was := range old.Columns {
		i := slices.IndexFunc(next.Columns, func(c Column) bool { return c.Field == was.Field })
		if i < 0 {
			was.Hidden = true
			t.Columns = append(t.Columns, was)
			continue
		}
		c := next.Columns[i]
		if bare(was.Type) != bare(c.Type) || was.Storage != c.Storage {
			return Table{}, nil, errs.E(errs.Invalid, "%s.%s: the type cannot change from %s to %s", old.Model, c.Field,
				bare(was.Type), bare(c.Type))
		}
		if was.Hidden && len(c.Joined) > 0 {
			filled = append(filled, c)
		}
		t.Columns = append(t.Columns, c)
	}
	for _, c := range next.Columns {
		if !slices.ContainsFunc(old.Columns, func(was Column) bool { return was.Field == c.Field }) {
			t.Columns = append(t.Columns, c)
			added = append(added, c)
			if len(c.Joined) > 0 {
				filled = append(filled, c)
			}
		}
	}
	t.Indexes = slices.Clone(next.Indexes)
	return t, tableChanges(old, t, added, filled), nil
}

// tableChanges lists the steps in an order in which each can be done: old
// indexes go first, new ones come after the columns that they need.
func tableChanges(old, t Table, added, filled []Column) []Change {
	var changes []Change
	for _, was := range old.Indexes {
		if !slices.ContainsFunc(t.Indexes, func(x TableIndex) bool { return sameIndex(x, was) }) {
			changes = append(changes, Change{Kind: DropIndex, Table: t, Index: was})
		}
	}
	for _, c := range added {
		changes = append(changes, Change{Kind: AddColumn, Table: t, Column: c})
	}
	for _, c := range filled {
		changes = append(changes, Change{Kind: FillColumn, Table: t, Column: c})
	}
	for _, x := range t.Indexes {
		if !slices.ContainsFunc(old.Indexes, func(was TableIndex) bool { return sameIndex(x, was) }) {
			changes = append(changes, Change{Kind: CreateIndex, Table: t, Index: x})
		}
	}
	return changes
}

func sameIndex(a, b TableIndex) bool { return a.Name == b.Name && slices.Equal(a.Columns, b.Columns) }

// bare is a type without its "!": whether a value is required may change.
func bare(typ string) string { return strings.ReplaceAll(typ, "!", "") }
