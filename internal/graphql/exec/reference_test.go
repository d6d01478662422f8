package exec_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// item is a row of the naive reference: field to value, absent when missing.
type item map[string]any

// texts are few and near each other, so that filters hit.
var texts = []string{"", "a", "A", "ab", "abc", "b", "%", "_b", "é", "éa", "\U0010ffff", "z\U0010ffff", "a'b", `q"`, "null", "\ue000", "😀"}

var (
	textGen   = rapid.SampledFrom(texts)
	intGen    = rapid.IntRange(-3, 3)
	floatGen  = rapid.SampledFrom([]float64{-1.5, 0, 0.1, 0.30000000000000004, 2, 1e21})
	statusGen = rapid.SampledFrom([]string{"OPEN", "CLOSED", "LATE"})
)

func drawItem(t *rapid.T, id string) item {
	it := item{"id": id, "title": textGen.Draw(t, "title")}
	maybe := func(name string, v any) {
		if rapid.IntRange(0, 3).Draw(t, name+"?") > 0 {
			it[name] = v
		}
	}
	maybe("note", textGen.Draw(t, "note"))
	maybe("n", intGen.Draw(t, "n"))
	maybe("f", floatGen.Draw(t, "f"))
	maybe("done", rapid.Bool().Draw(t, "done"))
	maybe("status", statusGen.Draw(t, "status"))
	maybe("tags", rapid.SliceOfN(textGen, 0, 3).Draw(t, "tags"))
	maybe("states", rapid.SliceOfN(statusGen, 0, 2).Draw(t, "states"))
	return it
}

// drawFilter makes a filter object for ModelTodoFilterInput.
func drawFilter(t *rapid.T, depth int) map[string]any {
	out := map[string]any{}
	for range rapid.IntRange(1, 2).Draw(t, "members") {
		kind := rapid.IntRange(0, 9).Draw(t, "kind")
		switch {
		case depth > 0 && kind == 0:
			out["not"] = drawFilter(t, depth-1)
		case depth > 0 && kind <= 2:
			name := rapid.SampledFrom([]string{"and", "or"}).Draw(t, "logic")
			var list []any
			for range rapid.IntRange(1, 3).Draw(t, "list") {
				list = append(list, drawFilter(t, depth-1))
			}
			out[name] = list
		default:
			name := rapid.SampledFrom([]string{"id", "title", "note", "n", "f", "done", "status", "tags", "states"}).Draw(t, "field")
			out[name] = drawOperators(t, name)
		}
	}
	return out
}

func drawOperators(t *rapid.T, field string) map[string]any {
	var value *rapid.Generator[any]
	var ops []string
	switch field {
	case "id", "title", "note", "tags":
		value = rapid.Map(textGen, func(s string) any { return s })
		ops = []string{"eq", "ne", "lt", "le", "gt", "ge", "contains", "notContains", "beginsWith", "between", "size", "attributeExists", "attributeType"}
	case "n":
		value = rapid.Map(intGen, func(i int) any { return i })
		ops = []string{"eq", "ne", "lt", "le", "gt", "ge", "between", "attributeExists", "attributeType"}
	case "f":
		value = rapid.Map(floatGen, func(f float64) any { return f })
		ops = []string{"eq", "ne", "lt", "le", "gt", "ge", "between", "attributeExists", "attributeType"}
	case "done":
		value = rapid.Map(rapid.Bool(), func(b bool) any { return b })
		ops = []string{"eq", "ne", "attributeExists", "attributeType"}
	case "status":
		value = rapid.Map(statusGen, func(s string) any { return s })
		ops = []string{"eq", "ne"}
	case "states":
		value = rapid.Map(statusGen, func(s string) any { return s })
		ops = []string{"contains", "notContains", "eq", "ne"}
	}
	out := map[string]any{}
	for range rapid.IntRange(1, 2).Draw(t, "operators") {
		op := rapid.SampledFrom(ops).Draw(t, "op")
		switch {
		case op == "between":
			out[op] = []any{value.Draw(t, "low"), value.Draw(t, "high")}
		case op == "size":
			size := rapid.SampledFrom([]string{"eq", "ne", "lt", "le", "gt", "ge"}).Draw(t, "size")
			out[op] = map[string]any{size: rapid.IntRange(0, 3).Draw(t, "length")}
		case op == "attributeExists":
			out[op] = rapid.Bool().Draw(t, "exists")
		case op == "attributeType":
			out[op] = rapid.SampledFrom([]string{"string", "number", "bool", "list", "map", "_null"}).Draw(t, "type")
		case field == "states" && (op == "eq" || op == "ne"):
			out[op] = rapid.Map(rapid.SliceOfN(statusGen, 0, 2), func(s []string) any { return s }).Draw(t, "list")
		case (op == "eq" || op == "ne") && rapid.IntRange(0, 5).Draw(t, "null") == 0:
			out[op] = nil
		default:
			out[op] = value.Draw(t, "value")
		}
	}
	return out
}

// holds judges a filter naively, with two truth values.
func holds(it item, filter map[string]any) bool {
	for name, v := range filter {
		switch name {
		case "and":
			for _, f := range v.([]any) {
				if !holds(it, f.(map[string]any)) {
					return false
				}
			}
		case "or":
			if !slices.ContainsFunc(v.([]any), func(f any) bool { return holds(it, f.(map[string]any)) }) {
				return false
			}
		case "not":
			if holds(it, v.(map[string]any)) {
				return false
			}
		default:
			for op, operand := range v.(map[string]any) {
				have, present := it[name]
				if !operator(have, present, op, operand) {
					return false
				}
			}
		}
	}
	return true
}

func operator(have any, present bool, op string, operand any) bool {
	switch op {
	case "ne":
		return !operator(have, present, "eq", operand)
	case "notContains":
		return !operator(have, present, "contains", operand)
	case "attributeExists":
		return present == operand.(bool)
	case "attributeType":
		return typeName(have, present) == operand
	case "eq":
		if operand == nil || !present {
			return operand == nil && !present
		}
	}
	if !present {
		return false
	}
	if op == "size" {
		for o, n := range operand.(map[string]any) {
			length, ok := lengthOf(have)
			if !ok || !compareOp(o, length-n.(int)) {
				return false
			}
		}
		return true
	}
	if list, ok := have.([]string); ok {
		switch want := operand.(type) {
		case []string:
			return op == "eq" && slices.Equal(list, want)
		case string:
			return op == "contains" && slices.Contains(list, want)
		}
		return false
	}
	switch op {
	case "contains":
		return strings.Contains(have.(string), operand.(string))
	case "beginsWith":
		return strings.HasPrefix(have.(string), operand.(string))
	case "between":
		pair := operand.([]any)
		return order(have, pair[0]) >= 0 && order(have, pair[1]) <= 0
	}
	return compareOp(op, order(have, operand))
}

func typeName(have any, present bool) string {
	if !present {
		return "_null"
	}
	switch have.(type) {
	case string:
		return "string"
	case bool:
		return "bool"
	case []string:
		return "list"
	}
	return "number"
}

func lengthOf(have any) (int, bool) {
	switch v := have.(type) {
	case string:
		return utf8.RuneCountInString(v), true
	case []string:
		return len(v), true
	}
	return 0, false
}

func compareOp(op string, c int) bool {
	switch op {
	case "eq":
		return c == 0
	case "ne":
		return c != 0
	case "lt":
		return c < 0
	case "le":
		return c <= 0
	case "gt":
		return c > 0
	}
	return c >= 0
}

func order(a, b any) int {
	switch x := a.(type) {
	case string:
		return strings.Compare(x, b.(string))
	case int:
		return x - b.(int)
	case float64:
		y := b.(float64)
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	case bool:
		if x == b.(bool) {
			return 0
		}
		return 1
	}
	panic(fmt.Sprintf("no order of %T", a))
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// collect walks over all pages of a query and answers the ids.
func (w *world) collect(t testing.TB, query, field, id string, vars map[string]any) []string {
	var ids []string
	var token any
	for range 1000 {
		vars["t"] = token
		answer := w.do(query, asJSON(vars))
		if strings.Contains(answer, `"errors"`) {
			t.Fatalf("%s %s: %s", query, asJSON(vars), answer)
		}
		items, _ := path(t, answer, "data", field, "items").([]any)
		for _, it := range items {
			ids = append(ids, it.(map[string]any)[id].(string))
		}
		if token = path(t, answer, "data", field, "nextToken"); token == nil {
			return ids
		}
		if limit, _ := vars["l"].(int); len(items) != limit {
			t.Fatalf("a page of %d items with limit %d has a nextToken", len(items), limit)
		}
	}
	t.Fatal("no end of pages")
	return nil
}

func TestFiltersAgainstReference(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		var items []item
		fill := rapid.Custom(func(t *rapid.T) []item {
			var out []item
			for i := range 60 {
				out = append(out, drawItem(t, fmt.Sprintf("%02d", i)))
			}
			return out
		})
		items = fill.Example(7)
		for _, it := range items {
			w.do(`mutation($i: CreateTodoInput!) { createTodo(input: $i) { id } }`, `{"i":`+asJSON(it)+`}`)
		}
		const query = `query($f: ModelTodoFilterInput, $l: Int, $t: String) { listTodos(filter: $f, limit: $l, nextToken: $t) { items { id } nextToken } }`
		rapid.Check(w.t.(*testing.T), func(t *rapid.T) {
			filter := drawFilter(t, 2)
			var want []string
			for _, it := range items {
				if holds(it, filter) {
					want = append(want, it["id"].(string))
				}
			}
			limit := rapid.IntRange(1, 70).Draw(t, "limit")
			got := w.collect(w.t, query, "listTodos", "id", map[string]any{"f": filter, "l": limit})
			if !slices.Equal(got, want) {
				t.Fatalf("filter %s\n got %v\nwant %v", asJSON(filter), got, want)
			}
		})
	})
}
