package sqlgen_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/db"
	"preamp/internal/db/dbtest"
	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/sqlgen"
	"preamp/internal/graphql/transform"
	"preamp/internal/keys"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

// The table of hand-made statements. Every post is its own parent, so that a
// nested statement finds the row around it.
var (
	idColumn      = plan.Column{Name: "id_1", Storage: transform.Text}
	ownerColumn   = plan.Column{Name: "owner_2", Storage: transform.Text}
	groupsColumn  = plan.Column{Name: "groups_3", Storage: transform.JSON}
	numberColumn  = plan.Column{Name: "n_4", Storage: transform.Integer}
	realColumn    = plan.Column{Name: "r_5", Storage: transform.Real}
	boolColumn    = plan.Column{Name: "b_6", Storage: transform.Boolean}
	textColumn    = plan.Column{Name: "s_7", Storage: transform.Text}
	objectColumn  = plan.Column{Name: "j_8", Storage: transform.JSON}
	editorsColumn = plan.Column{Name: "editors_9", Storage: transform.JSON}
	parentColumn  = plan.Column{Name: "parent_10", Storage: transform.Text}
	postColumns   = []plan.Column{
		idColumn, ownerColumn, groupsColumn, numberColumn, realColumn, boolColumn, textColumn, objectColumn, editorsColumn, parentColumn,
	}
)

const postTable = "post_1"

var posts = [][]any{
	{
		"p1", "sub-1::alice", `["a","b"]`, int64(7), 1.5, true, "say \"hi\"\n",
		`{"x":{"y":"deep"},"list":[{"y":"1"},null,{"y":"2"}]}`, `["s::x","y",null]`, "p1",
	},
	{"p2", nil, nil, nil, nil, nil, nil, nil, nil, "p2"},
	{"p3", "bob", `[5]`, int64(3), 2.0, false, "", `{"list":[]}`, `[]`, "p3"},
	{"p4", "zed", `["5"]`, nil, -0.25, true, "::", `{}`, `["5"]`, "p4"},
}

// store is a database with the posts.
type store struct {
	t  *testing.T
	db *db.DB
}

func eachStore(t *testing.T, fn func(s *store)) {
	t.Helper()
	lines := dbtest.Lines{Control: []db.Line{keys.ControlLine()}, Env: []db.Line{keys.EnvLine()}}
	dbtest.Each(t, lines, func(t *testing.T, set *db.Set) {
		const uid = "envenvenvenvenve"
		if err := set.Create(t.Context(), uid); err != nil {
			t.Fatal(err)
		}
		d, release, err := set.Acquire(t.Context(), uid)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(release)
		s := &store{t: t, db: d}
		s.fill()
		fn(s)
	})
}

func (s *store) dialect() sqlgen.Dialect {
	if s.db.Dialect() == db.Postgres {
		return sqlgen.Postgres
	}
	return sqlgen.SQLite
}

func (s *store) fill() {
	s.t.Helper()
	table := transform.Table{Name: postTable, Key: []string{"id"}, Indexes: []transform.TableIndex{{Name: "byowner_1", Columns: []string{ownerColumn.Name, idColumn.Name}}}}
	for _, c := range postColumns {
		field := c.Name
		if c == idColumn {
			field = "id"
		}
		table.Columns = append(table.Columns, transform.Column{Field: field, Name: c.Name, Storage: c.Storage})
	}
	err := s.db.Tx(s.t.Context(), func(tx *db.Tx) error {
		for _, sql := range sqlgen.DDL(s.dialect(), transform.Change{Kind: transform.CreateTable, Table: table}) {
			if _, err := tx.Exec(sql); err != nil {
				return err
			}
		}
		for _, row := range posts {
			st := &plan.Statement{Kind: plan.Insert, Table: postTable}
			for i, c := range postColumns {
				st.Set = append(st.Set, plan.Assign{Column: c, Value: plan.Param(i + 1)})
			}
			if _, err := tx.Exec(sqlgen.Generate(s.dialect(), st), row...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

var errUndo = errors.New("undo")

// run answers the compact JSON of a statement, or nothing for no row. What it
// writes is undone.
func (s *store) run(st *plan.Statement, params []any) string {
	s.t.Helper()
	sql := sqlgen.Generate(s.dialect(), st)
	var text []byte
	err := s.db.Tx(s.t.Context(), func(tx *db.Tx) error {
		if err := tx.Row(sql, params...).Scan(&text); err != nil {
			return err
		}
		return errUndo
	})
	switch {
	case errors.Is(err, db.ErrNoRows):
		return ""
	case !errors.Is(err, errUndo):
		s.t.Fatalf("%v in %s with %v", err, sql, params)
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		s.t.Fatalf("%v: %s", err, text)
	}
	return b.String()
}

// binds numbers the parameters of a statement.
type binds struct{ params []any }

func (b *binds) p(v any) plan.Param {
	b.params = append(b.params, v)
	return plan.Param(len(b.params))
}

func (b *binds) list(values ...string) []plan.Param {
	var out []plan.Param
	for _, v := range values {
		out = append(out, b.p(v))
	}
	return out
}

func (b *binds) is(c plan.Column, v any) plan.Pred {
	return plan.Pred{Op: plan.Equal, Column: c, Args: [2]plan.Param{b.p(v)}}
}

func oneOf(c plan.Column, list []plan.Param) plan.Pred {
	return plan.Pred{Op: plan.OneOf, Column: c, List: list}
}

func holdsOneOf(c plan.Column, list []plan.Param) plan.Pred {
	return plan.Pred{Op: plan.HoldsOneOf, Column: c, List: list}
}

func not(p plan.Pred) plan.Pred {
	p.Not = true
	return p
}

func either(kids ...plan.Pred) plan.Pred { return plan.Pred{Op: plan.Or, Kids: kids} }
func both(kids ...plan.Pred) plan.Pred   { return plan.Pred{Op: plan.And, Kids: kids} }

var (
	nobody   = plan.Pred{Op: plan.Never}
	everyone = plan.Pred{Op: plan.Always}
)

func typed(name string) *ast.Type {
	base, must := strings.CutSuffix(name, "!")
	var out *ast.Type
	if elem, ok := strings.CutPrefix(base, "["); ok {
		out = ast.ListType(typed(strings.TrimSuffix(elem, "]")), nil)
	} else {
		out = ast.NamedType(base, nil)
	}
	out.NonNull = must
	return out
}
