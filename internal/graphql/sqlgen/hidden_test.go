package sqlgen_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"preamp/internal/db"
	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/sqlgen"
)

// TestMasksWithoutRows hides outputs that belong to no row, so that most of the
// statement is not written: the parameters must be all the same.
func TestMasksWithoutRows(t *testing.T) {
	t.Parallel()
	const some = `[{"id":"p1"},{"id":"p2"}]`
	tests := []struct {
		name string
		hide []string
		// want is the page; KEY stands for the mark of a page that goes on
		want string
	}{
		{"nothing", nil, `{"items":` + some + `,"nextToken":KEY,"__typename":"Any"}`},
		{"items", []string{"items"}, `{"items":"HIDDEN","nextToken":KEY,"__typename":"Any"}`},
		{"nextToken", []string{"nextToken"}, `{"items":` + some + `,"nextToken":"HIDDEN","__typename":"Any"}`},
		{"both", []string{"items", "nextToken"}, `{"items":"HIDDEN","nextToken":"HIDDEN","__typename":"Any"}`},
		{"all", []string{"items", "nextToken", "__typename"}, `{"items":"HIDDEN","nextToken":"HIDDEN","__typename":"HIDDEN"}`},
		{"fields of rows", []string{"id"}, `{"items":[{"id":"HIDDEN"},{"id":"HIDDEN"}],"nextToken":KEY,"__typename":"Any"}`},
		{"page", []string{"page"}, `"HIDDEN"`},
	}
	eachStore(t, func(s *store) {
		for _, tt := range tests {
			for _, filtered := range []bool{false, true} {
				for _, nested := range []bool{false, true} {
					b := &binds{}
					st := marked(b, plan.SelectPage, []plan.Pred{nobody})
					// Parameters of every type go with what is hidden.
					where := []plan.Pred{
						either(not(b.is(boolColumn, true)), b.is(boolColumn, true)), either(not(b.is(realColumn, 77.5)), b.is(realColumn, 1.5)),
						not(b.is(numberColumn, int64(99))), not(oneOf(numberColumn, []plan.Param{b.p(int64(98))})), not(oneOf(textColumn, b.list("x"))),
						not(holdsOneOf(groupsColumn, b.list("x"))), not(plan.Pred{Op: plan.More, Measure: plan.Count, Column: groupsColumn, Args: [2]plan.Param{b.p(int64(9))}}),
						not(plan.Pred{Op: plan.Contains, Column: textColumn, Args: [2]plan.Param{b.p("zz")}}),
					}
					page := &plan.Statement{
						Kind: plan.SelectPage, Table: postTable, Where: where, Order: []plan.Column{idColumn}, Filtered: filtered,
						After: []plan.Param{b.p("a")}, Limit: b.p(int64(2)), KeyMark: b.p("KEY"),
						Out: only(items(only(idOutput)), nextToken, plan.Output{Key: "__typename", Kind: plan.TypeName, Type: typed("String!")}),
					}
					for i := range page.Out.Fields {
						f := &page.Out.Fields[i]
						if slices.Contains(tt.hide, f.Key) {
							f.Mask = 1
						}
						if f.Sub != nil && slices.Contains(tt.hide, "id") {
							f.Sub.Fields[0].Mask = 1
						}
					}
					want := strings.ReplaceAll(tt.want, "KEY", `"KEY[\"p3\"]"`)
					if nested {
						related := plan.Output{Key: "page", Kind: plan.Related, Nested: len(st.Nested), Type: typed("C"), Sure: true}
						if slices.Contains(tt.hide, "page") {
							related.Mask = 1
						}
						st.Kind, st.Where, st.Out = plan.SelectOne, []plan.Pred{b.is(idColumn, "p1")}, only(related)
						page.Guard = []plan.Pred{{Op: plan.Equal, Outer: []plan.Column{numberColumn}, Args: [2]plan.Param{b.p(int64(7))}}}
						page.FailMark = b.p("FAIL")
						st.Nested = append(st.Nested, page)
						want = `{"page":` + want + `}`
					} else {
						if slices.Contains(tt.hide, "page") {
							continue
						}
						page.NullMark, page.OwnerMark, page.Masks, page.Nested = st.NullMark, st.OwnerMark, st.Masks, st.Nested
						st = page
					}
					if got := s.run(st, b.params); got != want {
						s.t.Errorf("%s, filtered %v, nested %v:\n got %s\nwant %s", tt.name, filtered, nested, got, want)
					}
				}
			}
		}
	})
}

// TestMembers hides parts of a stored object.
func TestMembers(t *testing.T) {
	t.Parallel()
	tests := []struct{ hide, want string }{
		{"", `{"j":{"x":{"y":"deep"},"list":[{"y":"1","__typename":"X"},null,{"y":"2","__typename":"X"}],"no":null}}`},
		{"j", `{"j":"HIDDEN"}`},
		{"j.x", `{"j":{"x":"HIDDEN","list":[{"y":"1","__typename":"X"},null,{"y":"2","__typename":"X"}],"no":null}}`},
		{"j.x.y", `{"j":{"x":{"y":"HIDDEN"},"list":[{"y":"1","__typename":"X"},null,{"y":"2","__typename":"X"}],"no":null}}`},
		{"j.list", `{"j":{"x":{"y":"deep"},"list":"HIDDEN","no":null}}`},
		{"j.list.y", `{"j":{"x":{"y":"deep"},"list":[{"y":"HIDDEN","__typename":"X"},null,{"y":"HIDDEN","__typename":"X"}],"no":null}}`},
		{"j.list.__typename", `{"j":{"x":{"y":"deep"},"list":[{"y":"1","__typename":"HIDDEN"},null,{"y":"2","__typename":"HIDDEN"}],"no":null}}`},
		{"j.no", `{"j":{"x":{"y":"deep"},"list":[{"y":"1","__typename":"X"},null,{"y":"2","__typename":"X"}],"no":"HIDDEN"}}`},
	}
	eachStore(t, func(s *store) {
		for _, tt := range tests {
			b := &binds{}
			st := marked(b, plan.SelectOne, []plan.Pred{nobody})
			i := slices.IndexFunc(outputs(), func(o plan.Output) bool { return o.Column == objectColumn })
			st.Out = only(outputs()[i])
			st.Out.Fields[0].Key = "j"
			st.Where = []plan.Pred{b.is(idColumn, "p1")}
			o := st.Out
			for key := range strings.SplitSeq(tt.hide, ".") {
				for i := range o.Fields {
					f := &o.Fields[i]
					if f.Key != key {
						continue
					}
					if strings.HasSuffix("."+tt.hide, "."+key) {
						f.Mask = 1
					}
					if f.Sub != nil {
						o = f.Sub
						break
					}
				}
			}
			if got := s.run(st, b.params); got != tt.want {
				s.t.Errorf("%s:\n got %s\nwant %s", tt.hide, got, tt.want)
			}
		}
	})
}

// TestVisible hides whole rows: of a root statement, of relations, and of those
// that take the first row of an order.
func TestVisible(t *testing.T) {
	t.Parallel()
	eachStore(t, func(s *store) {
		for _, c := range conditions {
			for _, id := range []string{"p1", "p2", "p3", "p4", "gone"} {
				object, root, mark := `{"id":"`+id+`"}`, "", `"NULL"`
				switch {
				case id == "gone":
					object = "null"
				case c.holds(id):
					root, mark = object, object
				default:
					object, root, mark = `"VISIBLE"`, `"VISIBLE"`, `"VISIBLE"`
				}
				build := func(change func(b *binds, st *plan.Statement, visible []plan.Pred)) string {
					b := &binds{}
					st := marked(b, plan.SelectOne, nil)
					st.Out, st.Where = only(idOutput), []plan.Pred{b.is(idColumn, id)}
					change(b, st, c.preds(b))
					return s.run(st, b.params)
				}
				for name, change := range map[string]func(st *plan.Statement){
					"plain": func(*plan.Statement) {}, "lock": func(st *plan.Statement) { st.Lock = true },
					"first": func(st *plan.Statement) { st.Order = []plan.Column{numberColumn, idColumn} },
				} {
					got := build(func(b *binds, st *plan.Statement, visible []plan.Pred) {
						st.Visible, st.HiddenMark = visible, b.p("VISIBLE")
						change(st)
					})
					if got != root {
						s.t.Errorf("%s of %s, %s: got %s, want %s", name, id, c.name, got, root)
					}
				}
				for _, must := range []bool{false, true} {
					got := build(func(b *binds, st *plan.Statement, visible []plan.Pred) {
						inner := &plan.Statement{
							Kind: plan.SelectOne, Table: postTable, Where: st.Where, Order: []plan.Column{idColumn}, Out: only(idOutput),
							Visible: visible, HiddenMark: b.p("VISIBLE"),
						}
						related := plan.Output{Key: "r", Kind: plan.Related, Nested: len(st.Nested), Type: typed("Post")}
						if must {
							related.Type = typed("Post!")
						}
						st.Nested = append(st.Nested, inner)
						st.Out, st.Where = only(related), []plan.Pred{b.is(idColumn, "p1")}
					})
					want := `{"r":` + object + `}`
					if must {
						want = `{"r":` + mark + `}`
					}
					if got != want {
						s.t.Errorf("relation to %s, %s, must %v: got %s, want %s", id, c.name, must, got, want)
					}
				}
			}
		}
	})
}

// TestOwners reads owners of both kinds.
func TestOwners(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"p1": `["OWNER","sub-1::alice"] ["OWNER","sub-1::alice"] ["OWNER",["s::x","y",null]] ["OWNER",["s::x","y",null]]`,
		"p2": `["OWNER",null] ["OWNER","NULL"] ["OWNER",null] ["OWNER","NULL"]`,
		"p3": `["OWNER","bob"] ["OWNER","bob"] ["OWNER",[]] ["OWNER",[]]`,
	}
	eachStore(t, func(s *store) {
		for id, want := range want {
			b := &binds{}
			st := marked(b, plan.SelectOne, nil)
			st.Out, st.Where = post(0), []plan.Pred{b.is(idColumn, id)}
			answer := s.run(st, b.params)
			var got []string
			for _, key := range []string{"owner", "ownerMust", "editors", "editorsMust"} {
				got = append(got, string(member(s.t, answer, []any{key})))
			}
			if strings.Join(got, " ") != want {
				s.t.Errorf("%s: got %s, want %s", id, got, want)
			}
		}
	})
}

// TestProbe checks all conditions at once, more of them than a function takes
// arguments.
func TestProbe(t *testing.T) {
	t.Parallel()
	eachStore(t, func(s *store) {
		for _, id := range []string{"p1", "p2", "p3", "p4", "gone"} {
			b := &binds{}
			st := &plan.Statement{Kind: plan.Probe, Table: postTable, Where: []plan.Pred{b.is(idColumn, id)}, Lock: id == "p1"}
			var want []string
			for range 12 {
				for _, c := range conditions {
					if c.name == "empty" {
						continue
					}
					st.Checks = append(st.Checks, both(c.preds(b)...))
					want = append(want, map[bool]string{true: "1", false: "0"}[c.holds(id)])
				}
			}
			text := "[" + strings.Join(want, ",") + "]"
			if id == "gone" {
				text = ""
			}
			if got := s.run(st, b.params); got != text {
				s.t.Errorf("%s: got %s, want %s", id, got, text)
			}
		}
		b := &binds{}
		if got := s.run(&plan.Statement{Kind: plan.Probe, Table: postTable, Where: []plan.Pred{b.is(idColumn, "p1")}}, b.params); got != "[]" {
			s.t.Errorf("no checks: %s", got)
		}
	})
}

// TestOneOfUsesIndexes explains how rows of several owners are found.
func TestOneOfUsesIndexes(t *testing.T) {
	t.Parallel()
	eachStore(t, func(s *store) {
		for _, st := range []plan.Statement{
			{Kind: plan.SelectPage, Order: []plan.Column{ownerColumn, idColumn}, Out: only(items(only(idOutput)))},
			{Kind: plan.SelectPage, Order: []plan.Column{idColumn}, Out: only(items(only(idOutput)))},
			{Kind: plan.Probe, Checks: []plan.Pred{everyone}},
		} {
			for _, owners := range [][]string{{"bob"}, {"sub-1::alice", "bob", "zed"}} {
				b := &binds{}
				st.Table, st.Where, st.Limit = postTable, []plan.Pred{oneOf(ownerColumn, b.list(owners...))}, b.p(int64(10))
				var lines []string
				err := s.db.Tx(s.t.Context(), func(tx *db.Tx) error {
					lines = nil
					explain := "EXPLAIN "
					if tx.Dialect() == db.SQLite {
						explain = "EXPLAIN QUERY PLAN "
					} else { // which reads a small table as a whole otherwise
						for _, way := range []string{"seqscan", "bitmapscan"} {
							if _, err := tx.Exec("SET LOCAL enable_" + way + " = off"); err != nil {
								return err
							}
						}
					}
					return tx.Each(explain+sqlgen.Generate(s.dialect(), &st), b.params, func(r db.Row) error {
						var text string
						var n [3]int
						dest := []any{&text}
						if tx.Dialect() == db.SQLite {
							dest = []any{&n[0], &n[1], &n[2], &text}
						}
						err := r.Scan(dest...)
						lines = append(lines, text)
						return err
					})
				})
				if err != nil {
					s.t.Fatal(err)
				}
				found := slices.ContainsFunc(lines, func(l string) bool {
					return strings.Contains(l, "SEARCH") && strings.Contains(l, "INDEX byowner_1 (owner_2=?)") ||
						strings.Contains(l, "Index Cond: ") && strings.Contains(l, "owner_2")
				})
				if !found {
					s.t.Errorf("%d owners: %s", len(owners), strings.Join(lines, "\n"))
				}
			}
		}
	})
}

// TestDepth nests relations as deep as the planner lets them, and some more, each
// with all that may hide it: SQLite bounds how deep an expression is.
func TestDepth(t *testing.T) {
	t.Parallel()
	const depth = 20
	eachStore(t, func(s *store) {
		for _, many := range []bool{false, true} {
			for _, fields := range []int{1, 120} {
				b := &binds{}
				may := []plan.Pred{either(oneOf(ownerColumn, b.list("sub-1::alice")), both(holdsOneOf(groupsColumn, b.list("a", "b")), everyone))}
				st := &plan.Statement{
					Kind: plan.SelectOne, Table: postTable, Where: []plan.Pred{b.is(idColumn, "p1")}, NullMark: b.p("NULL"),
					Masks: []plan.Mask{{Where: may, Mark: b.p("HIDDEN")}}, Visible: may, HiddenMark: b.p("VISIBLE"),
				}
				kind, typ := plan.SelectOne, "Post!"
				if many {
					kind, typ = plan.SelectPage, "C"
				}
				want := `{"id":"p1"}`
				out := only(idOutput)
				for i := range depth { // from the innermost
					inner := &plan.Statement{
						Kind: kind, Table: postTable, Where: []plan.Pred{{Op: plan.Equal, Column: idColumn, Outer: []plan.Column{idColumn}}}, Out: out,
						Guard: []plan.Pred{{Op: plan.Equal, Outer: []plan.Column{idColumn}, Args: [2]plan.Param{b.p("p1")}}}, FailMark: b.p("FAIL"),
					}
					if many {
						inner.Where = append(inner.Where, may...)
						inner.Order, inner.Limit, inner.KeyMark, inner.Filtered = []plan.Column{idColumn}, b.p(int64(3)), b.p("KEY"), true
						inner.Out = only(items(out), nextToken)
						want = `{"items":[` + want + `],"nextToken":null}`
					} else {
						inner.Visible, inner.HiddenMark = may, b.p("VISIBLE")
					}
					st.Nested = append(st.Nested, inner)
					out = only(plan.Output{Key: "r", Kind: plan.Related, Nested: i, Type: typed(typ), Sure: many, Mask: 1})
					want = `{"r":` + want
					for j := range fields - 1 {
						out.Fields = append(out.Fields, plan.Output{Key: fmt.Sprint("f", j), Kind: plan.TypeName, Type: typed("String!")})
						want += fmt.Sprintf(`,"f%d":"Any"`, j)
					}
					want += "}"
				}
				st.Out = out
				if got := s.run(st, b.params); got != want {
					s.t.Errorf("many %v: got %.500s", many, got)
				}
			}
		}
	})
}
