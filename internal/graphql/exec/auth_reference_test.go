package exec_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/authn"
)

const officeSchema = `
type File @model @auth(rules: [{allow: owner}, {allow: groups, groupsField: "teams"}, {allow: groups, groups: ["Audit"], operations: [read]}]) {
  id: ID!
  owner: String
  teams: [String]
  mine: String @auth(rules: [{allow: owner}])
  ours: [String] @auth(rules: [{allow: owner}, {allow: groups, groupsField: "teams"}])
  pages: [Page] @hasMany
}
type Page @model @auth(rules: [{allow: owner, ownerField: "writers"}, {allow: groups, groupsField: "team"}]) {
  id: ID!
  writers: [String]
  team: String
  line: String @auth(rules: [{allow: groups, groupsField: "team"}])
  file: File @belongsTo
}
`

type officeFile struct {
	id, owner, mine string // empty is null
	teams, ours     []string
}

type officePage struct {
	id, team, line, file string
	writers              []string
}

// office is the naive store: it decides row by row and field by field.
type office struct {
	files []officeFile
	pages []officePage
}

// reader is what the naive store knows of a caller.
type reader struct{ names, groups []string }

func (r *reader) is(owners ...string) bool {
	return slices.ContainsFunc(owners, func(o string) bool { return slices.Contains(r.names, o) })
}

func (r *reader) in(teams ...string) bool {
	return slices.ContainsFunc(teams, func(t string) bool { return slices.Contains(r.groups, t) })
}

func (r *reader) file(f *officeFile) bool { return r.is(f.owner) || r.in(f.teams...) || r.in("Audit") }
func (r *reader) page(p *officePage) bool { return r.is(p.writers...) || r.in(p.team) }

// answer collects errors beside a value.
type answer struct{ errs []string }

func (a *answer) hide(ok bool, value any, at, field, typ string) any {
	if ok {
		return value
	}
	a.errs = append(a.errs, strings.TrimPrefix(hidden(at, field, typ), " | "))
	return nil
}

func textList(list []string, show func(string) string) any {
	if list == nil {
		return nil
	}
	out := []any{}
	for _, s := range list {
		out = append(out, show(s))
	}
	return out
}

func shown(s string, show func(string) string) any {
	if s == "" {
		return nil
	}
	return show(s)
}

func itself(s string) string { return s }

func (o *office) showFile(a *answer, r *reader, f *officeFile, at string, depth int) any {
	out := map[string]any{"id": f.id, "owner": shown(f.owner, lastOf)}
	out["m"] = a.hide(r.is(f.owner), shown(f.mine, itself), at+"/m", "mine", "File")
	out["ours"] = a.hide(r.is(f.owner) || r.in(f.teams...), textList(f.ours, itself), at+"/ours", "ours", "File")
	if depth == 0 {
		return out
	}
	items := []any{}
	for i := range o.pages {
		if p := &o.pages[i]; p.file == f.id && r.page(p) {
			items = append(items, o.showPage(a, r, p, fmt.Sprintf("%s/pages/items/%d", at, len(items)), depth-1))
		}
	}
	out["pages"] = map[string]any{"items": items}
	return out
}

func (o *office) showPage(a *answer, r *reader, p *officePage, at string, depth int) any {
	out := map[string]any{"id": p.id, "writers": textList(p.writers, lastOf)}
	out["line"] = a.hide(r.in(p.team), shown(p.line, itself), at+"/line", "line", "Page")
	if depth == 0 {
		return out
	}
	out["file"] = nil
	for i := range o.files {
		if f := &o.files[i]; f.id == p.file {
			if !r.file(f) {
				a.hide(false, nil, at+"/file", "file", "Page")
				continue
			}
			out["file"] = o.showFile(a, r, f, at+"/file", depth-1)
		}
	}
	return out
}

func fileFields(depth int) string {
	if depth == 0 {
		return "{ id owner m: mine ours }"
	}
	return "{ id owner m: mine ours pages { items " + pageFields(depth-1) + " } }"
}

func pageFields(depth int) string {
	if depth == 0 {
		return "{ id writers line }"
	}
	return "{ id writers line file " + fileFields(depth-1) + " }"
}

// TestRulesAgainstNaive compares what many callers read with a naive store.
func TestRulesAgainstNaive(t *testing.T) {
	t.Parallel()
	users := []string{"ann", "ben", "cat", "dan"}
	teams := []string{"Red", "Blue", "Re", "Audit"}
	eachWith(t, officeSchema, authOptions, func(w *world) {
		r := rand.New(rand.NewPCG(1, 2))
		pick := func(list []string) string { return list[r.IntN(len(list))] }
		some := func(list []string) []string {
			if r.IntN(4) == 0 {
				return nil
			}
			out := []string{}
			for range r.IntN(3) {
				out = append(out, pick(list))
			}
			return out
		}
		owner := func() string {
			name := pick(users)
			return []string{"", name, "sub-" + name, "sub-" + name + "::" + name, "sub-ann::" + name, "x::" + name, name + "::x"}[r.IntN(7)]
		}
		var o office
		for i := range 24 {
			f := officeFile{id: fmt.Sprintf("f%02d", i), owner: owner(), mine: []string{"", "m::" + fmt.Sprint(i)}[r.IntN(2)], teams: some(teams[:3]), ours: some(users)}
			o.files = append(o.files, f)
			w.create("File", map[string]any{"id": f.id, "owner": orNil(f.owner), "teams": f.teams, "mine": orNil(f.mine), "ours": f.ours})
		}
		for i := range 60 {
			p := officePage{id: fmt.Sprintf("p%02d", i), team: []string{"", pick(teams[:3])}[r.IntN(2)], line: fmt.Sprint("line ", i), file: pick([]string{"f01", "f02", "f05", "f07", "gone"})}
			for range r.IntN(3) {
				if name := owner(); name != "" {
					p.writers = append(p.writers, name)
				}
			}
			o.pages = append(o.pages, p)
			w.create("Page", map[string]any{"id": p.id, "writers": p.writers, "team": orNil(p.team), "line": p.line, "filePagesId": p.file})
		}
		seen, hid := 0, 0
		for range 120 {
			name, groups := pick(users), some(teams)
			c := user(name)
			c.Claims["cognito:groups"] = groups
			rd := &reader{names: []string{name, "sub-" + name, "sub-" + name + "::" + name}, groups: groups}
			a := &answer{}
			var query string
			data := map[string]any{}
			depth := r.IntN(4)
			switch r.IntN(3) {
			case 0:
				items := []any{}
				for i := range o.files {
					if f := &o.files[i]; rd.file(f) {
						items = append(items, o.showFile(a, rd, f, fmt.Sprint("q/items/", len(items)), depth))
					}
				}
				query = `{ q: listFiles { items ` + fileFields(depth) + ` } }`
				data["q"] = map[string]any{"items": items}
			case 1:
				items := []any{}
				for i := range o.pages {
					if p := &o.pages[i]; rd.page(p) {
						items = append(items, o.showPage(a, rd, p, fmt.Sprint("q/items/", len(items)), depth))
					}
				}
				query = `{ q: listPages { items ` + pageFields(depth) + ` } }`
				data["q"] = map[string]any{"items": items}
			default:
				f := &o.files[r.IntN(len(o.files))]
				query = `{ q: getFile(id: "` + f.id + `") ` + fileFields(depth) + ` }`
				data["q"] = nil
				if rd.file(f) {
					data["q"] = o.showFile(a, rd, f, "q", depth)
				} else {
					a.errs = []string{"q Unauthorized: Not Authorized to access getFile on type Query"}
				}
			}
			got, list, _ := strings.Cut(w.sum(c, query, ``), " | ")
			var have any
			if err := json.Unmarshal([]byte(got), &have); err != nil {
				w.t.Fatal(err)
			}
			var errs []string
			if list != "" {
				errs = strings.Split(list, " | ")
			}
			slices.Sort(errs)
			slices.Sort(a.errs)
			if diff := cmp.Diff(any(data), have) + cmp.Diff(a.errs, errs); diff != "" {
				w.t.Fatalf("%s in %v: %s\n%s", name, groups, query, diff)
			}
			seen, hid = seen+strings.Count(got, `"id"`), hid+len(errs)
		}
		if seen < 800 || hid < 800 {
			w.t.Errorf("%d rows and %d hidden values: the test is too narrow", seen, hid)
		}
	})
}

// create makes a row as it is, whoever owns it.
func (w *world) create(model string, fields map[string]any) {
	w.t.Helper()
	query := `mutation($i: Create` + model + `Input!) { c: create` + model + `(input: $i) { id } }`
	if got := w.sum(authn.Caller{Mode: authn.IAM, Admin: true}, query, asJSON(map[string]any{"i": fields})); !strings.HasPrefix(got, `{"c":{"id":`) {
		w.t.Fatal(got)
	}
}
