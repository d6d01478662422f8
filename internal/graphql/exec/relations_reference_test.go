package exec_test

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const graphSchema = `
type Ant @model @auth(rules: [{allow: public}]) {
  id: ID!
  n: Int
  kids: [Ant] @hasMany
  bs: [Bee] @hasMany
  best: Bee @hasOne
}
type Bee @model @auth(rules: [{allow: public}]) {
  id: ID!
  n: Int
  a: Ant @belongsTo
  owner: ID @index(name: "byOwner", sortKeyFields: ["n"])
  owned: [Bee] @hasMany(indexName: "byOwner", fields: ["id"])
}
`

// thing is a row of the graph: foreign keys are ids, empty for none.
type thing struct {
	id   string
	n    int // below 0 for none
	keys map[string]string
}

// graph is the naive store: relations are found by looking at everything.
type graph map[string][]thing

func drawGraph(t *rapid.T) graph {
	g := graph{}
	id := func(model string) *rapid.Generator[string] {
		return rapid.Map(rapid.IntRange(-3, 7), func(i int) string {
			if i < 0 {
				return ""
			}
			return fmt.Sprintf("%s%d", model, i)
		})
	}
	models := map[string]map[string]string{"Ant": {"antKidsId": "Ant", "antBestId": "Bee"}, "Bee": {"antBsId": "Ant", "owner": "Bee"}}
	for _, model := range slices.Sorted(maps.Keys(models)) {
		foreign := models[model]
		for i := range 8 {
			x := thing{id: fmt.Sprintf("%s%d", model, i), n: rapid.IntRange(-1, 3).Draw(t, "n"), keys: map[string]string{}}
			for _, k := range slices.Sorted(maps.Keys(foreign)) {
				x.keys[k] = id(foreign[k]).Draw(t, k)
			}
			g[model] = append(g[model], x)
		}
	}
	return g
}

// selection is a selection set and what the naive executor answers for a row.
type selection struct {
	text string
	eval func(thing) string
}

func (g graph) draw(t *rapid.T, model string, depth int) selection {
	text := []string{"id"}
	evals := []func(thing) string{func(x thing) string { return `"id":"` + x.id + `"` }}
	add := func(s string, eval func(thing) string) { text, evals = append(text, s), append(evals, eval) }
	if rapid.Bool().Draw(t, "n?") {
		add("n", func(x thing) string { return `"n":` + number(x.n) })
	}
	fields := map[string][]string{"Ant": {"kids", "bs", "best"}, "Bee": {"a", "owned"}}[model]
	for i, f := range fields {
		if depth == 0 || rapid.IntRange(0, 2).Draw(t, f+"?") == 0 {
			continue
		}
		alias := fmt.Sprintf("f%d", i)
		switch f {
		case "best", "a":
			to, key := "Bee", "antBestId"
			if f == "a" {
				to, key = "Ant", "antBsId"
			}
			sub := g.draw(t, to, depth-1)
			add(alias+": "+f+sub.text, func(x thing) string {
				for _, y := range g[to] {
					if y.id == x.keys[key] {
						return `"` + alias + `":` + sub.eval(y)
					}
				}
				return `"` + alias + `":null`
			})
		default:
			s, eval := g.page(t, f, depth)
			add(alias+": "+f+s, func(x thing) string { return `"` + alias + `":` + eval(x) })
		}
	}
	return selection{text: " { " + strings.Join(text, " ") + " }", eval: func(x thing) string {
		var parts []string
		for _, e := range evals {
			parts = append(parts, e(x))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}}
}

func number(n int) string {
	if n < 0 {
		return "null"
	}
	return fmt.Sprint(n)
}

// page is a list relation with arguments.
func (g graph) page(t *rapid.T, field string, depth int) (string, func(thing) string) {
	to := map[string]string{"kids": "Ant", "bs": "Bee", "owned": "Bee"}[field]
	key := map[string]string{"kids": "antKidsId", "bs": "antBsId", "owned": "owner"}[field]
	limit, desc := rapid.IntRange(1, 4).Draw(t, "limit"), rapid.Bool().Draw(t, "desc")
	args := fmt.Sprintf("(limit: %d", limit)
	if desc {
		args += ", sortDirection: DESC"
	}
	atLeast, below := -2, 100
	if field == "owned" && rapid.Bool().Draw(t, "sort?") {
		atLeast = rapid.IntRange(0, 3).Draw(t, "least")
		args += fmt.Sprintf(", n: {ge: %d}", atLeast)
	}
	if rapid.Bool().Draw(t, "filter?") {
		below = rapid.IntRange(0, 4).Draw(t, "below")
		args += fmt.Sprintf(", filter: {n: {lt: %d}}", below)
	}
	sub := g.draw(t, to, depth-1)
	ahead := rapid.Bool().Draw(t, "token?")
	text := args + ") { items" + sub.text
	if ahead {
		text += " nextToken"
	}
	return text + " }", func(x thing) string {
		var rows []thing
		for _, y := range g[to] {
			if y.keys[key] == x.id && y.n >= atLeast && y.n < below && (field != "owned" || y.n >= 0) && (below == 100 || y.n >= 0) {
				rows = append(rows, y)
			}
		}
		slices.SortFunc(rows, func(a, b thing) int {
			c := cmp.Compare(a.id, b.id)
			if field == "owned" {
				c = cmp.Or(cmp.Compare(a.n, b.n), c)
			}
			if desc {
				c = -c
			}
			return c
		})
		more := len(rows) > limit
		var items []string
		for _, y := range rows[:min(limit, len(rows))] {
			items = append(items, sub.eval(y))
		}
		out := `{"items":[` + strings.Join(items, ",") + `]`
		if ahead {
			out += `,"nextToken":` + map[bool]string{true: `"T"`, false: "null"}[more]
		}
		return out + "}"
	}
}

// TestRelationsAgainstReference asks generated queries of one generated graph
// and compares with an executor that knows no SQL.
func TestRelationsAgainstReference(t *testing.T) {
	t.Parallel()
	each(t, graphSchema, func(w *world) {
		g := rapid.Custom(drawGraph).Example(11)
		for _, model := range []string{"Ant", "Bee"} {
			for _, x := range g[model] {
				in := map[string]any{"id": x.id}
				if x.n >= 0 {
					in["n"] = x.n
				}
				for k, v := range x.keys {
					if v != "" {
						in[k] = v
					}
				}
				w.ok(`mutation($i: Create`+model+`Input!) { create`+model+`(input: $i) { id } }`, `{"i":`+asJSON(in)+`}`)
			}
		}
		rapid.Check(w.t.(*testing.T), func(t *rapid.T) {
			model := rapid.SampledFrom([]string{"Ant", "Bee"}).Draw(t, "model")
			s := g.draw(t, model, 4)
			query := "{ list" + model + "s { items" + s.text + " } }"
			var want []string
			for _, x := range g[model] {
				want = append(want, s.eval(x))
			}
			w.takeTraced()
			got := tokens.ReplaceAllString(w.do(query, ``), `"nextToken":"T"`)
			if n := len(w.takeTraced()); n != 1 {
				t.Fatalf("%d statements", n)
			}
			if want := `{"data":{"list` + model + `s":{"items":[` + strings.Join(want, ",") + `]}}}`; got != want {
				t.Fatalf("%s\n got %s\nwant %s", query, got, want)
			}
		})
	})
}

var tokens = regexp.MustCompile(`"nextToken":"[^"]+"`)
