package exec_test

import "strings"

import "testing"

// TestDirectionWithoutSortKey turns around an index whose only order is that of
// the primary key.
func TestDirectionWithoutSortKey(t *testing.T) {
	t.Parallel()
	each(t, testSchema, func(w *world) {
		for _, serial := range []string{"b", "a", "c"} {
			w.do(`mutation($s: String!) { createDevice(input: {serial: $s, name: "n"}) { serial } }`, `{"s":"`+serial+`"}`)
		}
		const query = `query($d: ModelSortDirection, $l: Int, $t: String) {
			devicesByName(name: "n", sortDirection: $d, limit: $l, nextToken: $t) { items { serial } nextToken } }`
		for direction, want := range map[string]string{"ASC": "abc", "DESC": "cba"} {
			for _, limit := range []int{1, 2, 3} {
				var got strings.Builder
				for _, serial := range w.collect(w.t, query, "devicesByName", "serial", map[string]any{"d": direction, "l": limit}) {
					got.WriteString(serial)
				}
				if got.String() != want {
					w.t.Errorf("%s, %d at a time: got %s, want %s", direction, limit, got.String(), want)
				}
			}
		}
	})
}
