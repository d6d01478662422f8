package authmatrix_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"preamp/internal/authn"
	"preamp/internal/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

var all = flag.Bool("all", false, "print all mismatches, not only 10 per schema")

// cell is one verdict of the matrix.
type cell struct{ family, schema, caller, op, row string }

func TestMatrix(t *testing.T) {
	t.Parallel()
	list, callers := load(t), loadCallers(t)
	eachStore(t, func(t *testing.T, s *store) {
		var mu sync.Mutex
		total := outcome{seen: map[int]int{}}
		run := func(i int) {
			t.Run(list[i].Name, func(t *testing.T) {
				o := judge(s.open(t, list[i], i), callers)
				o.print(t)
				mu.Lock()
				defer mu.Unlock()
				total.add(&o)
			})
		}
		var wg sync.WaitGroup
		var next atomic.Int64
		for range 2 {
			wg.Go(func() {
				for i := int(next.Add(1)) - 1; i < len(list); i = int(next.Add(1)) - 1 {
					run(i)
				}
			})
		}
		wg.Wait()
		t.Logf("%d schemas, %d answers, %d cells: %d mismatches, %d known deviations",
			total.schemas, total.answers, total.cells, len(total.mismatches), total.known())
		if total.schemas < len(list) { // -run names some of them
			return
		}
		for i, d := range deviations {
			if total.seen[i] == 0 {
				t.Errorf("a deviation does not occur any more: %s %s %s: %s", d.schema, d.caller, d.op, d.reason)
			}
		}
		if total.answers < 5000 {
			t.Errorf("only %d answers were compared; the matrix has at least 5,000", total.answers)
		}
	})
}

// TestMatrixNotices is the control: rules that are wider than those that the
// verdicts were recorded for must show.
func TestMatrixNotices(t *testing.T) {
	t.Parallel()
	list, callers := load(t), loadCallers(t)
	tests := []struct{ name, schema, rule, wider string }{
		{"everybody instead of owners", "owner", "{allow: owner}", "{allow: private}"},
		{"owners instead of a group", "group", `{allow: groups, groups: ["Admin"]}`, "{allow: owner}"},
		{"a field without its rule", "field: owner", ` @auth(rules: [{allow: owner}])` + "\n}", "\n}"},
		{"readers who may write", "owner, public read", "{allow: public, operations: [read]}", "{allow: public}"},
		{"v1: everybody instead of owners", "v1 owner", "{allow: owner}", "{allow: private}"},
	}
	eachStore(t, func(t *testing.T, s *store) {
		for i, test := range tests {
			at := slices.IndexFunc(list, func(g *golden) bool { return g.Name == test.schema })
			if at < 0 || !strings.Contains(list[at].SDL, test.rule) {
				t.Fatalf("%s: no schema %q with %s", test.name, test.schema, test.rule)
			}
			g := *list[at]
			g.SDL = strings.Replace(g.SDL, test.rule, test.wider, 1)
			if o := judge(s.open(t, &g, i), callers); len(o.mismatches) == 0 {
				t.Errorf("%s: nothing was noticed", test.name)
			}
		}
	})
}

// outcome is what came of some schemas.
type outcome struct {
	schemas, answers, cells int
	mismatches              []string
	seen                    map[int]int // how often a deviation was met
}

// judge runs the operations of a schema for all callers.
func judge(w *world, callers map[string]authn.Caller) outcome {
	o := outcome{schemas: 1, seen: map[int]int{}}
	for _, v := range w.g.verdicts {
		c, ok := callers[v.caller]
		if !ok {
			w.t.Fatalf("%s: no caller %q", w.g.Name, v.caller)
		}
		at := cell{w.g.Family, w.g.Name, v.caller, v.op.Name, ""}
		if slices.Contains([]string{"list", "index", "nestedList"}, v.op.Kind) { // one answer tells about every row
			o.answers++
			o.page(at, v.want, w.run(c, v.op, "*"))
			continue
		}
		for _, at.row = range slices.Sorted(maps.Keys(v.want)) {
			o.answers++
			o.compare(at, v.want[at.row], w.run(c, v.op, at.row)[at.row])
		}
	}
	return o
}

// page compares the verdicts about all rows of a page. Where it should have been
// refused as a whole, every row that is shown is one too many.
func (o *outcome) page(at cell, want, got map[string]string) {
	refused := want["*"] != "ok"
	for row := range got {
		at.row = row
		w, ok := want[row]
		if !ok && refused {
			w = "hidden"
		}
		if row == "*" || !refused || got[row] != "hidden" {
			o.compare(at, w, got[row])
		}
	}
}

func (o *outcome) compare(at cell, want, got string) {
	o.cells++
	if got == want {
		return
	}
	for i := range deviations {
		if deviations[i].covers(at, want, got) {
			o.seen[i]++
			return
		}
	}
	o.mismatches = append(o.mismatches, fmt.Sprintf("%s | %s | %s | %s | row %s\n\twant %s\n\t got %s",
		at.family, at.schema, at.caller, at.op, at.row, want, got))
}

func (o *outcome) add(other *outcome) {
	o.schemas, o.answers, o.cells = o.schemas+other.schemas, o.answers+other.answers, o.cells+other.cells
	o.mismatches = append(o.mismatches, other.mismatches...)
	for i, n := range other.seen {
		o.seen[i] += n
	}
}

func (o *outcome) known() (n int) {
	for _, k := range o.seen {
		n += k
	}
	return n
}

// print fails the test for every mismatch.
func (o *outcome) print(t *testing.T) {
	slices.Sort(o.mismatches)
	for i, m := range o.mismatches {
		if i == 10 && !*all {
			t.Errorf("and %d more (-all prints them)", len(o.mismatches)-i)
			break
		}
		t.Error(m)
	}
}
