package sqlgen_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"preamp/internal/graphql/plan"
)

// condition is a condition on posts, and the posts that satisfy it.
type condition struct {
	name  string
	preds func(b *binds) []plan.Pred
	posts string
	// fixed says that no row is looked at.
	fixed bool
}

var conditions = []condition{
	{name: "never", preds: func(*binds) []plan.Pred { return []plan.Pred{nobody} }, fixed: true},
	{name: "always", preds: func(*binds) []plan.Pred { return []plan.Pred{everyone} }, posts: "p1 p2 p3 p4", fixed: true},
	{name: "empty", preds: func(*binds) []plan.Pred { return nil }, posts: "p1 p2 p3 p4", fixed: true},
	{name: "nested never", preds: func(*binds) []plan.Pred { return []plan.Pred{everyone, either(nobody, both(everyone, nobody))} }, fixed: true},
	{name: "nested always", preds: func(*binds) []plan.Pred { return []plan.Pred{either(nobody, everyone)} }, posts: "p1 p2 p3 p4", fixed: true},
	{name: "one", preds: func(b *binds) []plan.Pred { return []plan.Pred{oneOf(ownerColumn, b.list("bob"))} }, posts: "p3"},
	{name: "one of", preds: func(b *binds) []plan.Pred {
		return []plan.Pred{oneOf(ownerColumn, b.list("sub-1::alice", "zed", "nobody"))}
	}, posts: "p1 p4"},
	{name: "not one of", preds: func(b *binds) []plan.Pred { return []plan.Pred{not(oneOf(ownerColumn, b.list("bob", "zed")))} }, posts: "p1 p2"},
	{name: "number", preds: func(b *binds) []plan.Pred {
		return []plan.Pred{oneOf(numberColumn, []plan.Param{b.p(int64(3)), b.p(int64(4))})}
	}, posts: "p3"},
	{name: "holds one of", preds: func(b *binds) []plan.Pred { return []plan.Pred{holdsOneOf(groupsColumn, b.list("q", "b"))} }, posts: "p1"},
	{name: "a number is no text", preds: func(b *binds) []plan.Pred { return []plan.Pred{holdsOneOf(groupsColumn, b.list("5"))} }, posts: "p4"},
	{name: "holds none of", preds: func(b *binds) []plan.Pred { return []plan.Pred{not(holdsOneOf(groupsColumn, b.list("5", "b")))} }, posts: "p2 p3"},
	{name: "groups", preds: func(b *binds) []plan.Pred {
		return []plan.Pred{either(
			oneOf(ownerColumn, b.list("zed")),
			both(holdsOneOf(groupsColumn, b.list("a", "x")), plan.Pred{Op: plan.Present, Column: numberColumn}),
		)}
	}, posts: "p1 p4"},
	{name: "several", preds: func(b *binds) []plan.Pred {
		return []plan.Pred{oneOf(ownerColumn, b.list("sub-1::alice", "bob")), everyone, {Op: plan.More, Column: numberColumn, Args: [2]plan.Param{b.p(int64(5))}}}
	}, posts: "p1"},
}

func (c *condition) holds(id string) bool { return slices.Contains(strings.Fields(c.posts), id) }

// The statements of the relations in outputs.
const (
	aSingle = iota
	aPage
	aFailure
	nestedSingle
	nestedPage
)

// outputs are outputs of every kind.
func outputs() []plan.Output {
	embedded := &plan.Object{Type: "J", Fields: []plan.Output{
		{Key: "x", Kind: plan.FromMember, Name: "x", Type: typed("X"), Sub: &plan.Object{Type: "X", Fields: []plan.Output{
			{Key: "y", Kind: plan.FromMember, Name: "y", Type: typed("String!")},
		}}},
		{Key: "list", Kind: plan.FromMember, Name: "list", Type: typed("[X]!"), Sub: &plan.Object{Type: "X", Fields: []plan.Output{
			{Key: "y", Kind: plan.FromMember, Name: "y", Type: typed("String")}, {Key: "__typename", Kind: plan.TypeName, Type: typed("String!")},
		}}},
		{Key: "no", Kind: plan.NullOutput, Type: typed("Int")},
	}}
	list := []plan.Output{
		{Key: "id", Kind: plan.FromColumn, Column: idColumn, Type: typed("ID!"), Sure: true},
		{Key: "__typename", Kind: plan.TypeName, Type: typed("String!")},
		{Key: "nothing", Kind: plan.NullOutput, Type: typed("Int")},
		{Key: "nothingMust", Kind: plan.NullOutput, Type: typed("Int!")},
		{Key: "single", Kind: plan.Related, Nested: aSingle, Type: typed("Post")},
		{Key: "singleMust", Kind: plan.Related, Nested: aSingle, Type: typed("Post!")},
		{Key: "page", Kind: plan.Related, Nested: aPage, Type: typed("PostConnection"), Sure: true},
		{Key: "failure", Kind: plan.Related, Nested: aFailure, Type: typed("Post")},
		{Key: "owner", Kind: plan.FromColumn, Column: ownerColumn, Type: typed("String"), Owner: true},
		{Key: "ownerMust", Kind: plan.FromColumn, Column: ownerColumn, Type: typed("String!"), Owner: true},
		{Key: "editors", Kind: plan.FromColumn, Column: editorsColumn, Type: typed("[String]"), Owner: true},
		{Key: "editorsMust", Kind: plan.FromColumn, Column: editorsColumn, Type: typed("[String]!"), Owner: true},
	}
	for _, c := range postColumns[1:] {
		for _, t := range []string{"T", "T!"} {
			o := plan.Output{Key: strings.ReplaceAll(c.Name+"_"+t, "!", "must"), Kind: plan.FromColumn, Column: c, Type: typed(t)}
			if c == objectColumn {
				o.Sub = embedded
			}
			list = append(list, o)
		}
	}
	return list
}

// post is an object of outputs that all have a mask.
func post(mask int) *plan.Object {
	o := &plan.Object{Type: "Post", Fields: outputs()}
	for i := range o.Fields {
		o.Fields[i].Mask = mask
	}
	return o
}

// unrelated takes the relations out of an object: what RETURNING answers has none.
func unrelated(o *plan.Object) *plan.Object {
	o.Fields = slices.DeleteFunc(o.Fields, func(f plan.Output) bool { return f.Kind == plan.Related })
	return o
}

func only(fields ...plan.Output) *plan.Object { return &plan.Object{Type: "Any", Fields: fields} }

var (
	idOutput  = plan.Output{Key: "id", Kind: plan.FromColumn, Column: idColumn, Type: typed("ID!"), Sure: true}
	nextToken = plan.Output{Key: "nextToken", Kind: plan.NextToken, Type: typed("String")}
)

func items(sub *plan.Object) plan.Output {
	return plan.Output{Key: "items", Kind: plan.Items, Type: typed("[Post]!"), Sub: sub}
}

// marked begins a statement whose outputs have masks.
func marked(b *binds, kind plan.StatementKind, where []plan.Pred) *plan.Statement {
	itself := plan.Pred{Op: plan.Equal, Column: idColumn, Outer: []plan.Column{parentColumn}}
	children := plan.Pred{Op: plan.Equal, Column: parentColumn, Outer: []plan.Column{idColumn}}
	return &plan.Statement{
		Kind: kind, Table: postTable, NullMark: b.p("NULL"), OwnerMark: b.p("OWNER"),
		Masks: []plan.Mask{{Where: where, Mark: b.p("HIDDEN")}},
		Nested: []*plan.Statement{
			{Kind: plan.SelectOne, Table: postTable, Where: []plan.Pred{itself}, Out: only(idOutput)},
			{
				Kind: plan.SelectPage, Table: postTable, Where: []plan.Pred{children}, Order: []plan.Column{idColumn}, Fixed: []plan.Column{parentColumn},
				Limit: b.p(int64(5)), KeyMark: b.p("KEY"), Out: only(items(only(idOutput)), nextToken),
			},
			{Kind: plan.Failure, FailMark: b.p("FAIL")},
		},
	}
}

// statements are all ways to answer a post.
var statements = []struct {
	name string
	make func(b *binds, s *plan.Statement, o *plan.Object, id string)
	// path leads to the object in the answer.
	path []any
}{
	{"get", func(b *binds, s *plan.Statement, o *plan.Object, id string) {
		s.Kind, s.Out, s.Where = plan.SelectOne, o, []plan.Pred{b.is(idColumn, id)}
	}, nil},
	{"get of many fields", func(b *binds, s *plan.Statement, o *plan.Object, id string) {
		many := &plan.Object{Type: o.Type}
		for i := range 5 {
			for _, f := range o.Fields {
				f.Key += fmt.Sprint("_", i)
				many.Fields = append(many.Fields, f)
			}
		}
		s.Kind, s.Out, s.Where = plan.SelectOne, many, []plan.Pred{b.is(idColumn, id)}
	}, nil},
	{"list", func(b *binds, s *plan.Statement, o *plan.Object, id string) {
		s.Kind, s.Out, s.Where = plan.SelectPage, only(items(o), nextToken), []plan.Pred{b.is(idColumn, id)}
		s.Order, s.Limit, s.KeyMark = []plan.Column{idColumn}, b.p(int64(3)), b.p("KEY")
	}, []any{"items", 0}},
	{"numbered list", func(b *binds, s *plan.Statement, o *plan.Object, id string) {
		s.Kind, s.Out, s.Where, s.Filtered = plan.SelectPage, only(nextToken, items(o)), []plan.Pred{b.is(idColumn, id)}, true
		s.Order, s.Limit, s.KeyMark = []plan.Column{idColumn}, b.p(int64(3)), b.p("KEY")
	}, []any{"items", 0}},
	{"nested single", func(b *binds, s *plan.Statement, o *plan.Object, id string) {
		s.Kind, s.Where = plan.SelectOne, []plan.Pred{b.is(idColumn, id)}
		s.Out = only(plan.Output{Key: "one", Kind: plan.Related, Nested: nestedSingle, Type: typed("Post!")})
		s.Nested = append(s.Nested, &plan.Statement{Kind: plan.SelectOne, Table: postTable, Where: s.Nested[aSingle].Where, Out: o})
	}, []any{"one"}},
	{"nested list", func(b *binds, s *plan.Statement, o *plan.Object, id string) {
		s.Kind, s.Where = plan.SelectOne, []plan.Pred{b.is(idColumn, id)}
		s.Out = only(plan.Output{Key: "many", Kind: plan.Related, Nested: nestedPage, Type: typed("C"), Sure: true})
		page := *s.Nested[aPage]
		s.Nested = append(s.Nested, s.Nested[aSingle], &page)
		page.Limit, page.Filtered, page.Out = b.p(int64(2)), true, only(items(o), nextToken)
	}, []any{"many", "items", 0}},
	{"insert", func(b *binds, s *plan.Statement, o *plan.Object, id string) {
		s.Kind, s.Out = plan.Insert, unrelated(o)
		row := posts[slices.IndexFunc(posts, func(row []any) bool { return row[0] == id })]
		for i, c := range postColumns {
			v := row[i]
			if c == idColumn {
				v = "new"
			}
			s.Set = append(s.Set, plan.Assign{Column: c, Value: b.p(v)})
		}
	}, nil},
	{"update", func(b *binds, s *plan.Statement, o *plan.Object, id string) {
		s.Kind, s.Out, s.Where = plan.Update, unrelated(o), []plan.Pred{b.is(idColumn, id)}
		s.Set = []plan.Assign{{Column: parentColumn, Value: b.p(id)}}
	}, nil},
	{"delete", func(b *binds, s *plan.Statement, o *plan.Object, id string) {
		s.Kind, s.Out, s.Where = plan.Delete, unrelated(o), []plan.Pred{b.is(idColumn, id)}
	}, nil},
}

// member is what a path leads to in an answer.
func member(t *testing.T, answer string, path []any) json.RawMessage {
	t.Helper()
	text := json.RawMessage(answer)
	for _, p := range path {
		var err error
		switch p := p.(type) {
		case string:
			var m map[string]json.RawMessage
			err = json.Unmarshal(text, &m)
			text = m[p]
		case int:
			var l []json.RawMessage
			if err = json.Unmarshal(text, &l); err == nil && p < len(l) {
				text = l[p]
			}
		}
		if err != nil {
			t.Fatalf("%v in %s", err, answer)
		}
	}
	return text
}

// TestMasks hides outputs of every kind in statements of every kind. What is not
// hidden must be as it is without masks.
func TestMasks(t *testing.T) {
	t.Parallel()
	eachStore(t, func(s *store) {
		for _, st := range statements {
			for _, row := range posts {
				id := row[0].(string)
				build := func(mask int, preds func(*binds) []plan.Pred) string {
					b := &binds{}
					var where []plan.Pred
					if preds != nil {
						where = preds(b)
					}
					out := marked(b, plan.SelectOne, where)
					st.make(b, out, post(mask), id)
					answer := s.run(out, b.params)
					return string(member(s.t, answer, st.path))
				}
				shown := build(0, nil)
				var fields map[string]json.RawMessage
				if err := json.Unmarshal([]byte(shown), &fields); err != nil || len(fields) < len(unrelated(post(0)).Fields) {
					s.t.Fatalf("%s of %s: %v in %s", st.name, id, err, shown)
				}
				for k := range fields {
					fields[k] = json.RawMessage(`"HIDDEN"`)
				}
				for _, c := range conditions {
					got := build(1, c.preds)
					if c.holds(id) {
						if got != shown {
							s.t.Errorf("%s of %s, %s:\n got %s\nwant %s", st.name, id, c.name, got, shown)
						}
						continue
					}
					var hidden map[string]json.RawMessage
					if err := json.Unmarshal([]byte(got), &hidden); err != nil || fmt.Sprintf("%s", hidden) != fmt.Sprintf("%s", fields) {
						s.t.Errorf("%s of %s, %s: %v in %s", st.name, id, c.name, err, got)
					}
				}
			}
		}
	})
}
