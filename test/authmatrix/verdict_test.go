package authmatrix_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"preamp/internal/authn"
)

// arguments writes the arguments of a root field.
func arguments(args map[string]any) string {
	if len(args) == 0 {
		return ""
	}
	text := literal(args)
	return "(" + text[1:len(text)-1] + ")"
}

// key is what a root field is told of a row.
func (w *world) key(on, name string) map[string]any {
	m := w.g.Models[on]
	from := m.Rows[name]
	if from == nil {
		from = m.Missing
	}
	out := map[string]any{}
	for _, k := range m.Key {
		if out[k] = from[k]; out[k] == nil {
			out[k] = "nothing"
		}
	}
	return out
}

// run executes the operation of a cell and says what came of it, in the words of
// the golden files; by row for lists. An error that no verdict speaks of is added.
func (w *world) run(c authn.Caller, op *operation, name string) map[string]string {
	w.t.Helper()
	out := w.judge(c, op, name)
	for _, e := range w.last.Errors {
		if !e.seen {
			out[name] += fmt.Sprintf(", error at %v: %s", e.Path, e.Message)
		}
	}
	return out
}

func (w *world) judge(c authn.Caller, op *operation, name string) map[string]string {
	w.t.Helper()
	m := w.g.Models[op.On]
	fields := "{ " + strings.Join(m.Select, " ") + " }"
	one := func(verdict string) map[string]string { return map[string]string{name: verdict} }
	switch op.Kind {
	case "get":
		a := w.do(c, "{ r: "+op.Field+arguments(w.key(op.On, name))+" "+fields+" }", nil)
		if s := a.refused("Query", op.Field); s != "" {
			return one(s)
		}
		return one(w.object(a, op.On, a.Data["r"], m.Rows[name], "r"))
	case "nestedList":
		a := w.do(c, "{ r: "+op.Field+" { items { "+m.Ident+" "+w.relation(op)+" } nextToken } }", nil)
		if s := a.refused("Query", op.Field); s != "" {
			return one(s)
		}
		return w.rows(a, op.On, a.Data["r"], func(_ string, o map[string]any, path ...any) string {
			return w.below(a, op, o, path...)
		}, "r")
	case "list", "index":
		a := w.do(c, "{ r: "+op.Field+arguments(op.Args)+" { items "+fields+" nextToken } }", nil)
		if s := a.refused("Query", op.Field); s != "" {
			return one(s)
		}
		return w.items(a, op.On, a.Data["r"], "r")
	case "root":
		a := w.do(c, strings.ToLower(op.On)+" { r: "+op.Field+" }", nil)
		if s := a.refused(op.On, op.Field); s != "" {
			return one(s)
		}
		if a.Data["r"] == nil {
			return one("null")
		}
		return one("ok")
	case "create":
		input := maps.Clone(op.Input)
		input[m.Ident] = "new"
		return one(w.write(c, op, input, "new", fields))
	case "update", "delete":
		input := w.key(op.On, name)
		maps.Copy(input, op.Input)
		return one(w.write(c, op, input, name, fields))
	default:
		return one(w.nested(c, op, name))
	}
}

// write runs a mutation and looks at the table afterwards: what was refused must
// not have changed anything.
func (w *world) write(c authn.Caller, op *operation, input map[string]any, name, fields string) string {
	before := w.g.Models[op.On].Rows[name]
	a := w.do(c, mutation(op, fields), input)
	after := w.stored(op.On, name)
	if !reflect.DeepEqual(map[string]any(after), map[string]any(w.visible(op.On, before))) {
		w.reset(op.On, name)
	}
	if s := a.refused("Mutation", op.Field); s != "" {
		if !reflect.DeepEqual(after, w.visible(op.On, before)) {
			s += ", but the row is changed"
		}
		return s
	}
	switch op.Kind {
	case "create":
		known := maps.Clone(after)
		for _, f := range []string{"id", "tag", "title", "note", "kind"} {
			delete(known, f)
		}
		text, err := json.Marshal(known)
		must(w.t, err)
		s := w.object(a, op.On, a.Data["r"], after, "r")
		if rest, ok := strings.CutPrefix(s, "ok"); ok {
			return "ok " + string(text) + rest
		}
		return s
	case "delete":
		s := w.object(a, op.On, a.Data["r"], before, "r")
		if after != nil {
			s += ", but the row is there"
		}
		return s
	}
	want := maps.Clone(w.visible(op.On, before))
	for f, v := range op.Input {
		if want[f] = v; v == nil {
			delete(want, f)
		}
	}
	s := w.object(a, op.On, a.Data["r"], after, "r")
	if !reflect.DeepEqual(after, want) {
		s += ", but the row is " + literal(map[string]any(after))
	}
	return s
}

func mutation(op *operation, fields string) string {
	return "mutation($i: " + strings.ToUpper(op.Field[:1]) + op.Field[1:] + "Input!) { r: " + op.Field + "(input: $i) " + fields + " }"
}

// visible is the part of a row that the matrix looks at.
func (w *world) visible(on string, r row) row {
	if r == nil {
		return nil
	}
	out := row{}
	for _, f := range w.g.Models[on].Select {
		if v, ok := r[f]; ok {
			out[f] = v
		}
	}
	return out
}

// relation is the selection of a relation.
func (w *world) relation(op *operation) string {
	fields := "{ " + strings.Join(w.g.Models[op.To].Select, " ") + " }"
	if op.Many {
		fields = "{ items " + fields + " nextToken }"
	}
	return op.Path + " " + fields
}

// nested runs a relation below a get or an update.
func (w *world) nested(c authn.Caller, op *operation, name string) string {
	fields := "{ " + w.relation(op) + " }"
	var a *answer
	root := "Query"
	if op.Input == nil {
		a = w.do(c, "{ r: "+op.Field+arguments(w.key(op.On, name))+" "+fields+" }", nil)
	} else {
		root = "Mutation"
		input := w.key(op.On, name)
		maps.Copy(input, op.Input)
		a = w.do(c, mutation(op, fields), input)
		w.reset(op.On, name)
	}
	if s := a.refused(root, op.Field); s != "" {
		return s
	}
	outer, ok := a.Data["r"].(map[string]any)
	if !ok {
		return "null"
	}
	return w.below(a, op, outer, "r")
}

// below judges a relation in the object at a place.
func (w *world) below(a *answer, op *operation, outer map[string]any, path ...any) string {
	path = append(slices.Clone(path), op.Path)
	inner := outer[op.Path]
	if message, typ := a.at(path...); message != "" {
		if typ == "Unauthorized" && message == "Not Authorized to access "+op.Path+" on type "+op.On && inner == nil {
			return "nested unauthorized"
		}
		return "nested error " + typ + ": " + message
	}
	if inner == nil {
		a.below(path...)
		return "ok null"
	}
	to := w.g.Models[op.To]
	if !op.Many {
		m, _ := inner.(map[string]any)
		found, _ := m[to.Ident].(string)
		s := w.object(a, op.To, inner, to.Rows[found], path...)
		return "ok " + found + strings.TrimPrefix(s, "ok")
	}
	list := w.items(a, op.To, inner, path...)
	s := []string{"ok"}
	for _, found := range slices.Sorted(maps.Keys(list)) {
		if v, shown := strings.CutPrefix(list[found], "ok"); shown && found != "*" {
			s = append(s, found+v)
		}
	}
	return strings.Join(s, " ")
}

// items judges a page row by row.
func (w *world) items(a *answer, on string, page any, path ...any) map[string]string {
	return w.rows(a, on, page, func(name string, o map[string]any, path ...any) string {
		return w.object(a, on, o, w.g.Models[on].Rows[name], path...)
	}, path...)
}

// rows judges the rows of a page, each by judge; those that are not there are
// hidden.
func (w *world) rows(a *answer, on string, page any, judge func(name string, o map[string]any, path ...any) string, path ...any) map[string]string {
	m := w.g.Models[on]
	out := map[string]string{"*": "ok"}
	for name := range m.Rows {
		out[name] = "hidden"
	}
	p, _ := page.(map[string]any)
	list, ok := p["items"].([]any)
	if !ok || p["nextToken"] != nil {
		out["*"] = "a page without items, or with a token"
	}
	for i, x := range list {
		place := append(slices.Clone(path), "items", i)
		if x == nil && a.below(place...) { // a field of it cannot be null, and is withheld
			continue
		}
		o, _ := x.(map[string]any)
		name, _ := o[m.Ident].(string)
		if m.Rows[name] == nil || out[name] != "hidden" {
			out["*"] = "unexpected row " + literal(x)
			continue
		}
		out[name] = judge(name, o, place...)
	}
	return out
}

// object judges the answer about one row: every field shows what is stored, or is
// withheld.
func (w *world) object(a *answer, on string, got any, stored row, path ...any) string {
	o, ok := got.(map[string]any)
	if !ok {
		a.below(path...)
		return "null"
	}
	if stored == nil {
		return "ok without a row"
	}
	m := w.g.Models[on]
	var s strings.Builder
	s.WriteString("ok")
	for _, f := range m.Select {
		want := stored[f]
		if slices.Contains(m.Owners, f) {
			want = ownerPart(want)
		}
		message, typ := a.at(append(path, f)...)
		switch {
		case message != "" && (typ != "Unauthorized" || message != "Not Authorized to access "+f+" on type "+on || o[f] != nil):
			s.WriteString(" " + f + ": " + typ + ": " + message)
		case message != "":
			s.WriteString(" -" + f)
		case o[f] == nil && want != nil:
			s.WriteString(" ~" + f)
		case !reflect.DeepEqual(o[f], want):
			s.WriteString(" " + f + "=" + literal(o[f]))
		}
	}
	return s.String()
}

// ownerPart is what clients see of an owner.
func ownerPart(v any) any {
	switch v := v.(type) {
	case string:
		return v[strings.LastIndex(":"+v, ":"):]
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = ownerPart(x)
		}
		return out
	}
	return v
}

// at is the error of a place, if there is one.
func (a *answer) at(path ...any) (message, typ string) {
	for i, e := range a.Errors {
		if len(e.Path) == len(path) && samePath(e.Path, path) {
			a.Errors[i].seen = true
			return e.Message, e.ErrorType
		}
	}
	return "", ""
}

// below says whether there is an error inside of a place.
func (a *answer) below(path ...any) bool {
	found := false
	for i, e := range a.Errors {
		if len(e.Path) > len(path) && samePath(e.Path[:len(path)], path) {
			a.Errors[i].seen, found = true, true
		}
	}
	return found
}

func samePath(a, b []any) bool {
	return slices.EqualFunc(a, b, func(x, y any) bool {
		if n, ok := x.(float64); ok {
			return y == int(n)
		}
		return x == y
	})
}

// refused says how the root field was refused; empty if it was not.
func (a *answer) refused(root, field string) string {
	message, typ := a.at("r")
	if message == "" && len(a.Errors) > 0 && len(a.Errors[0].Path) == 0 {
		a.Errors[0].seen = true
		return "request error: " + a.Errors[0].Message
	}
	if message == "" {
		return ""
	}
	list, denied := strings.CutPrefix(message, "Unauthorized on [")
	filtered, _, ofModel := strings.Cut(strings.TrimPrefix(message, "Not Authorized to access "), " on type Post")
	switch {
	case a.Data["r"] != nil:
		return "error with data: " + message
	case typ == "Unauthorized" && denied:
		names := strings.Split(strings.TrimSuffix(list, "]"), ", ")
		slices.Sort(names)
		return "denied " + strings.Join(names, " ")
	case typ == "Unauthorized" && message == "Not Authorized to access "+field+" on type "+root:
		return "unauthorized"
	case typ == "Unauthorized" && ofModel:
		return "unauthorized by " + filtered
	case typ == "DynamoDB:ConditionalCheckFailedException":
		return "conditional"
	}
	return "error " + typ + ": " + message
}
