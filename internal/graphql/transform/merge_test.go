package transform_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/errs"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

func layoutOf(t *testing.T, text string) transform.Layout {
	t.Helper()
	doc, err := schema.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	api, err := transform.Expand(doc, transform.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return api.Layout
}

// step says what a change does to what, without physical names.
func step(c transform.Change) string {
	switch c.Kind {
	case transform.CreateTable:
		return "create " + c.Table.Model
	case transform.AddColumn:
		return "add " + c.Table.Model + "." + c.Column.Field
	case transform.FillColumn:
		return "fill " + c.Table.Model + "." + c.Column.Field
	case transform.CreateIndex:
		return "index " + c.Table.Model + "." + c.Index.Index
	case transform.DropIndex:
		return "unindex " + c.Table.Model + "." + c.Index.Index
	}
	return "?"
}

func TestMerge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		// schemas are made live one after the other.
		schemas []string
		// want are the steps of the last one, hidden what it hides.
		want, hidden []string
	}{
		{name: "first", schemas: []string{`type A @model { id: ID! }`}, want: []string{"create A"}},
		{name: "same", schemas: []string{`type A @model { id: ID! }`, `type A @model { id: ID! }`}},
		{
			name:    "new model and field",
			schemas: []string{`type A @model { id: ID! }`, `type A @model { id: ID! n: Int! } type B @model { id: ID! }`},
			want:    []string{"add A.n", "create B"},
		},
		{
			name:    "removed field",
			schemas: []string{`type A @model { id: ID! n: Int }`, `type A @model { id: ID! }`},
			hidden:  []string{"A.n"},
		},
		{
			name:    "field returns",
			schemas: []string{`type A @model { id: ID! n: Int }`, `type A @model { id: ID! }`, `type A @model { id: ID! n: Int }`},
		},
		{
			name: "removed model, then back with another field",
			schemas: []string{
				`type A @model { id: ID! } type B @model { id: ID! x: Int }`, `type A @model { id: ID! }`,
				`type A @model { id: ID! } type B @model { id: ID! y: Int }`,
			},
			want: []string{"add B.y"}, hidden: []string{"B.x"},
		},
		{
			name:    "removed model",
			schemas: []string{`type A @model { id: ID! } type B @model { id: ID! x: Int }`, `type A @model { id: ID! }`},
			hidden:  []string{"B"},
		},
		{
			name:    "nullability may change",
			schemas: []string{`type A @model { id: ID! n: Int t: [String] }`, `type A @model { id: ID! n: Int! t: [String!]! }`},
		},
		{
			name: "index over two sort fields is filled first",
			schemas: []string{
				`type A @model { id: ID! a: Int b: Int c: Int }`,
				`type A @model { id: ID! a: Int @index(name: "byA", sortKeyFields: ["b", "c"]) b: Int c: Int }`,
			},
			want: []string{"add A.b#c", "fill A.b#c", "index A.byA"},
		},
		{
			name: "index changes its fields",
			schemas: []string{
				`type A @model { id: ID! a: Int @index(name: "byA", sortKeyFields: ["b"]) b: Int c: Int }`,
				`type A @model { id: ID! a: Int @index(name: "byA", sortKeyFields: ["c"]) b: Int c: Int }`,
			},
			want: []string{"unindex A.byA", "index A.byA"},
		},
		{
			name: "removed index hides its joined column and returns filled",
			schemas: []string{
				`type A @model { id: ID! a: Int @index(name: "byA", sortKeyFields: ["b", "c"]) b: Int c: Int }`,
				`type A @model { id: ID! a: Int b: Int c: Int }`,
				`type A @model { id: ID! a: Int @index(name: "byA", sortKeyFields: ["b", "c"]) b: Int c: Int }`,
			},
			want: []string{"fill A.b#c", "index A.byA"},
		},
		{
			name: "new relations bring foreign keys and indexes",
			schemas: []string{
				`type A @model { id: ID! } type B @model { id: ID! }`,
				`type A @model { id: ID! bs: [B] @hasMany one: B @hasOne many: [B] @manyToMany(relationName: "AB") } type B @model { id: ID! many: [A] @manyToMany(relationName: "AB") }`,
			},
			want: []string{"add A.aOneId", "add B.aBsId", "index B.gsi-A.bs", "create AB"},
		},
		{
			name: "relation over a composite key",
			schemas: []string{
				`type A @model { k: ID! @primaryKey(sortKeyFields: ["x", "y"]) x: Int! y: Int! } type B @model { id: ID! }`,
				`type A @model { k: ID! @primaryKey(sortKeyFields: ["x", "y"]) x: Int! y: Int! bs: [B] @hasMany } type B @model { id: ID! }`,
			},
			want: []string{"add B.aBsK", "add B.aBsX", "add B.aBsY", "add B.aBsX#aBsY", "fill B.aBsX#aBsY", "index B.gsi-A.bs"},
		},
		{
			name: "removed relation returns",
			schemas: []string{
				`type A @model { id: ID! bs: [B] @hasMany } type B @model { id: ID! }`,
				`type A @model { id: ID! } type B @model { id: ID! }`,
				`type A @model { id: ID! bs: [B] @hasMany } type B @model { id: ID! }`,
			},
			want: []string{"index B.gsi-A.bs"},
		},
		{
			name: "removed relation keeps its data",
			schemas: []string{
				`type A @model { id: ID! bs: [B] @hasMany } type B @model { id: ID! }`,
				`type A @model { id: ID! } type B @model { id: ID! }`,
			},
			want: []string{"unindex B.gsi-A.bs"}, hidden: []string{"B.aBsId"},
		},
		{
			name: "foreign keys of version 1",
			schemas: []string{
				`type A @model { id: ID! bs: [B] @connection } type B @model { id: ID! }`,
				`type A @model { id: ID! bs: [B] @connection b: B @connection } type B @model { id: ID! }`,
			},
			want: []string{"add A.aBId"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var live transform.Layout
			var changes []transform.Change
			for _, text := range tt.schemas {
				var err error
				if live, changes, err = transform.Merge(live, layoutOf(t, text)); err != nil {
					t.Fatal(err)
				}
			}
			var got, hidden []string
			for _, c := range changes {
				got = append(got, step(c))
			}
			for _, table := range live.Tables {
				if table.Hidden {
					hidden = append(hidden, table.Model)
					continue
				}
				for _, c := range table.Columns {
					if c.Hidden {
						hidden = append(hidden, table.Model+"."+c.Field)
					}
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.hidden, hidden); diff != "" {
				t.Errorf("hidden (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMergeRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, live, next, want string }{
		{
			name: "type", live: `type A @model { id: ID! n: Int }`, next: `type A @model { id: ID! n: String! }`,
			want: "A.n: the type cannot change from Int to String",
		},
		{
			name: "list", live: `type A @model { id: ID! n: Int }`, next: `type A @model { id: ID! n: [Int!] }`,
			want: "A.n: the type cannot change from Int to [Int]",
		},
		{
			name: "primary key", live: `type A @model { id: ID! n: Int! }`,
			next: `type A @model { id: ID! @primaryKey(sortKeyFields: ["n"]) n: Int! }`,
			want: "A: the primary key cannot change from (id) to (id, n)",
		},
		{
			name: "enum to text", live: `type A @model { id: ID! e: E } enum E { X }`, next: `type A @model { id: ID! e: String }`,
			want: "A.e: the type cannot change from E to String",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := transform.Merge(layoutOf(t, tt.live), layoutOf(t, tt.next))
			if err == nil || errs.KindOf(err) != errs.Invalid || errs.Public(err).Message != tt.want {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// A field that was hidden with one type cannot return with another.
func TestMergeRefusesReturnWithAnotherType(t *testing.T) {
	t.Parallel()
	one := layoutOf(t, `type A @model { id: ID! n: Int }`)
	two, _, err := transform.Merge(one, layoutOf(t, `type A @model { id: ID! }`))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := transform.Merge(two, layoutOf(t, `type A @model { id: ID! n: Float }`)); err == nil {
		t.Error("a hidden Int came back as Float")
	}
}

// The layouts given to Merge are kept by others and must stay as they are.
func TestMergeChangesNothing(t *testing.T) {
	t.Parallel()
	live := layoutOf(t, `type A @model { id: ID! n: Int @index(name: "byN") } type B @model { id: ID! }`)
	next := layoutOf(t, `type A @model { id: ID! m: Int }`)
	liveCopy := layoutOf(t, `type A @model { id: ID! n: Int @index(name: "byN") } type B @model { id: ID! }`)
	nextCopy := layoutOf(t, `type A @model { id: ID! m: Int }`)
	if _, _, err := transform.Merge(live, next); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(liveCopy, live); diff != "" {
		t.Errorf("live changed:\n%s", diff)
	}
	if diff := cmp.Diff(nextCopy, next); diff != "" {
		t.Errorf("next changed:\n%s", diff)
	}
}
