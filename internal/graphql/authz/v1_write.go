package authz

import (
	"slices"

	"preamp/internal/authn"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

// v1Write judges one mutation of a model of version 1. The rules of a field and
// those of the model are judged one after the other, each by themselves; the
// templates let what one of them found out count for the next.
type v1Write struct {
	p      *v1
	caller authn.Caller
	input  *scalar.Value
	stamps []Stamp
	out    Change
}

// value is what the input gives for a field, or a stamp before gave.
func (w *v1Write) value(f *transform.Field) (*scalar.Value, bool) {
	for i := range w.stamps {
		if w.stamps[i].Field == f {
			return &w.stamps[i].Value, true
		}
	}
	return w.input.Get(f.Name)
}

// creates says whether a create sets a field. What the server fills in counts, as
// it does so before the rules are judged.
func (w *v1Write) creates(f *transform.Field) bool {
	if _, ok := w.input.Get(f.Name); ok {
		return true
	}
	m := w.p.m
	return f.Name == "id" || f.Name == m.CreatedAt || f.Name == m.UpdatedAt
}

// names says whether a value of the input is one of the texts, or a list with one.
func names(v *scalar.Value, texts []string) bool {
	switch v.Kind {
	case scalar.String, scalar.Enum:
		return slices.Contains(texts, v.Str)
	case scalar.List:
		return slices.ContainsFunc(v.List, func(e scalar.Value) bool { return e.Kind != scalar.List && names(&e, texts) })
	}
	return false
}

// create says whether rules let the caller create the item. Owners that the input
// does not name are stamped for every rule, also when another one lets the caller
// in: an administrator owns what it creates, unless it says who does.
func (w *v1Write) create(rules []v1Rule) bool {
	rules = forMode(rules, w.caller)
	for i := range rules {
		if r := &rules[i]; r.allow != "groups" && r.always(w.caller) {
			return true // the templates look no further, and stamp nothing
		}
	}
	ok := false
	for i := range rules {
		r := &rules[i]
		if r.always(w.caller) {
			ok = true
			continue
		}
		cond, usable := r.condition(w.caller)
		if !usable {
			continue
		}
		v, given := w.value(r.field)
		switch {
		case given:
			ok = names(v, cond.Values) || ok
		case r.allow == "owner" && r.field.Kind == transform.Scalar:
			w.stamp(r.field, cond.Values[0])
			ok = true
		}
	}
	return ok
}

func (w *v1Write) stamp(f *transform.Field, owner string) {
	v := scalar.Text(owner)
	if f.List {
		v = scalar.Value{Kind: scalar.List, List: []scalar.Value{v}}
	}
	w.stamps = append(w.stamps, Stamp{Field: f, Value: v})
}

// need makes what rules ask of a row part of the condition. It is false if no row
// will do.
func (w *v1Write) need(rules []v1Rule) bool {
	v := grant(forMode(rules, w.caller), w.caller)
	if len(v.Any) > 0 {
		w.out.Need = append(w.out.Need, v.Any)
	}
	return v.All || len(v.Any) > 0
}

// updateField judges the rules of a field that an update sets. Setting it to null
// is deleting it, too; a delete of the whole item does not ask fields.
func (w *v1Write) updateField(f *v1Field) bool {
	v, ok := w.input.Get(f.field.Name)
	if !ok {
		return true
	}
	if rules := f.rules["delete"]; len(rules) > 0 && v.IsNull() && !w.need(rules) {
		return false
	}
	rules := f.rules["update"]
	return len(rules) == 0 || w.need(rules)
}

// onlyOwnFields says whether the caller is of a mode that only rules of fields
// name, and an update sets no other fields. It comes after updateField.
func (w *v1Write) onlyOwnFields() bool {
	if len(w.p.m.Rules) == 0 || w.p.modes[providers[w.caller.Mode]] {
		return false
	}
	key := w.p.m.Primary.Fields()
	some := false
	for _, name := range w.input.Keys {
		f := w.p.m.Field(name)
		if f == nil || slices.Contains(key, f) {
			continue
		}
		i := slices.IndexFunc(w.p.fields, func(x v1Field) bool { return x.field == f })
		if i < 0 || len(w.p.fields[i].rules["update"]) == 0 {
			return false
		}
		some = true
	}
	return some
}
