package plan

import (
	"slices"
	"strings"
	"unicode/utf16"

	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

// nullRefused is what version 1 says of a null in a non-null field.
const nullRefused = "An argument you marked as Non-Null is set to Null in the query or the body of your request."

// change is the fields that a mutation writes: those of the input, and those
// that the server fills.
type change struct {
	b      *binder
	input  *scalar.Value
	filled map[string]scalar.Value
}

// value is the value of a field; nil when it is not written.
func (c *change) value(name string) *scalar.Value {
	if v, ok := c.filled[name]; ok {
		return &v
	}
	if v, ok := c.input.Get(name); ok {
		return v
	}
	return nil
}

// fill sets a field that the input leaves out or sets to null.
func (c *change) fill(name string, v scalar.Value) {
	if given, ok := c.input.Get(name); !ok || given.IsNull() {
		c.filled[name] = v
	}
}

// timestamp fills a timestamp field, if it is one that the server fills.
func (c *change) timestamp(name string) {
	if name == "" {
		return
	}
	if f := c.b.r.model.Field(name); f != nil && f.Named == "AWSDateTime" && !f.List {
		c.fill(name, scalar.Text(c.b.env.Now))
	}
}

func (b *binder) change() *change {
	c := &change{b: b, input: b.arg("input"), filled: map[string]scalar.Value{}}
	if c.input == nil {
		c.input = &null
	}
	return c
}

// defaults puts the values of @default into the input, where everything that
// follows sees them as if the client had sent them.
func (c *change) defaults() {
	copied := false
	for _, f := range c.b.f.op.Model.Fields {
		if f.Default == nil {
			continue
		}
		given, ok := c.input.Get(f.Name)
		if ok && !given.IsNull() {
			continue
		}
		if !copied { // the values of variables belong to the whole request
			c.input = &scalar.Value{Kind: scalar.Object, Keys: slices.Clone(c.input.Keys), List: slices.Clone(c.input.List)}
			copied = true
		}
		if i := slices.Index(c.input.Keys, f.Name); ok && i >= 0 {
			c.input.List[i] = *f.Default
			continue
		}
		c.input.Keys = append(c.input.Keys, f.Name)
		c.input.List = append(c.input.List, *f.Default)
	}
}

// check runs the @validate checks of the values in the input. The first that
// fails is the error.
func (c *change) check() {
	for _, f := range c.b.f.op.Model.Fields {
		if len(f.Checks) == 0 {
			continue
		}
		v, ok := c.input.Get(f.Name)
		if !ok || v.IsNull() {
			continue
		}
		for i := range f.Checks {
			if !passes(&f.Checks[i], v) {
				c.b.fail(TypeNone, "%s", f.Checks[i].Message)
				return
			}
		}
	}
}

// passes evaluates a check. Lengths are those of Java: UTF-16 units.
func passes(c *transform.Check, v *scalar.Value) bool {
	n := v.Num
	if v.Kind == scalar.Int {
		n = float64(v.Int)
	}
	switch c.Kind {
	case "gt":
		return n > c.Number
	case "lt":
		return n < c.Number
	case "gte":
		return n >= c.Number
	case "lte":
		return n <= c.Number
	case "minLength":
		return float64(utf16Length(v.Str)) >= c.Number
	case "maxLength":
		return float64(utf16Length(v.Str)) <= c.Number
	case "startsWith":
		return strings.HasPrefix(v.Str, c.Text)
	case "endsWith":
		return strings.HasSuffix(v.Str, c.Text)
	case "matches":
		return c.Pattern != nil && c.Pattern.MatchString(v.Str)
	}
	return false
}

func utf16Length(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// expected is the version that the client gives back, if the model has one. The
// row must have it.
func (c *change) expected() (v *scalar.Value, ok bool) {
	counter := c.b.f.op.Model.Version
	if counter == nil {
		return nil, false
	}
	v, _ = c.input.Get(counter.Input)
	if v == nil {
		v = &null
	}
	return v, true
}

// versioned demands the expected version of the row.
func (b *binder) versioned(c *change) {
	v, ok := c.expected()
	if !ok {
		return
	}
	if !b.equal(column(b.f.op.Model.Field(b.f.op.Model.Version.Field)), v) {
		b.st.Where = append(b.st.Where, Pred{Op: Never})
	}
}

// absentCondition evaluates the condition of a create, which speaks of an item that
// does not exist.
func (b *binder) absentCondition() bool {
	n := len(b.params)
	p, ok := b.expression(b.arg("condition"))
	b.cut(n)
	return !ok || holdsAbsent(&p)
}

// holdsAbsent evaluates a predicate on an item without attributes.
func holdsAbsent(p *Pred) bool {
	switch p.Op {
	case Always:
		return true
	case And:
		for i := range p.Kids {
			if !holdsAbsent(&p.Kids[i]) {
				return false
			}
		}
		return true
	case Or:
		for i := range p.Kids {
			if holdsAbsent(&p.Kids[i]) {
				return true
			}
		}
		return false
	}
	return p.Not
}

func (b *binder) create() (ok, refused bool) {
	b.st.Kind = Insert
	m := b.r.model
	c := b.change()
	b.mayCreate(c)
	c.defaults()
	if f := m.Field("id"); f != nil && f.Column != "" && f.Named == "ID" && !f.List {
		if given := c.value("id"); given == nil || given.IsNull() {
			c.fill("id", scalar.Text(b.env.NewID()))
		}
	}
	c.timestamp(m.CreatedAt)
	c.timestamp(m.UpdatedAt)
	if m.Version != nil {
		c.filled[m.Version.Field] = scalar.Integer(1)
	}
	c.check()
	if !b.absentCondition() || b.err != nil {
		return true, true
	}
	for _, f := range m.Primary.Fields() {
		if v := c.value(f.Name); v == nil || v.IsNull() {
			b.fail(TypeArguments, "The key field '%s' must not be null.", f.Name)
			return false, false
		}
	}
	for _, f := range m.Fields {
		if f.Column == "" {
			continue
		}
		v := c.value(f.Name)
		if v == nil || v.IsNull() {
			continue
		}
		s, ok := stored(v, f.Storage)
		if !ok {
			b.fail(TypeArguments, "The value of '%s' cannot be stored.", f.Name)
			return false, false
		}
		b.st.Set = append(b.st.Set, Assign{Column: column(f), Value: b.param(s)})
	}
	b.joined(c, m.Primary, "creating")
	for _, x := range m.Indexes {
		b.joined(c, x, "creating")
	}
	b.keySizes()
	b.written = c.value
	return b.err == nil, false
}

func (b *binder) update(out *Bound) (ok, refused bool) {
	b.st.Kind = Update
	m := b.r.model
	c := b.change()
	b.mayChange(c, out)
	c.timestamp(m.UpdatedAt)
	if v, ok := c.expected(); ok {
		c.filled[m.Version.Field] = scalar.Integer(v.Int + 1)
	}
	c.check()
	for _, f := range m.Fields {
		if f.Column == "" || keyField(m, f) || m.Version != nil && f.Name == m.Version.Input {
			continue
		}
		v := c.value(f.Name)
		if v == nil {
			continue
		}
		if v.IsNull() && f.Type.NonNull && b.f.schema.API.Version == 1 {
			b.fail(TypeNone, nullRefused)
			return false, false
		}
		var s any
		if !v.IsNull() {
			if s, ok = stored(v, f.Storage); !ok {
				b.fail(TypeArguments, "The value of '%s' cannot be stored.", f.Name)
				return false, false
			}
		}
		b.st.Set = append(b.st.Set, Assign{Column: column(f), Value: b.param(s)})
	}
	for _, x := range m.Indexes {
		b.joined(c, x, "updating")
	}
	b.keySizes()
	b.written = c.value
	if !b.key(c.value) {
		return false, b.err == nil
	}
	if len(b.st.Set) == 0 { // there is nothing to write, but the row must exist
		key := b.st.Where[0]
		b.st.Set = []Assign{{Column: key.Column, Value: key.Args[0]}}
	}
	b.versioned(c)
	b.condition()
	b.needed()
	return b.err == nil, false
}

func (b *binder) remove(out *Bound) (ok, refused bool) {
	b.st.Kind = Delete
	c := b.change()
	b.mayChange(c, out)
	if !b.key(c.value) {
		return false, b.err == nil
	}
	b.versioned(c)
	b.condition()
	b.needed()
	return b.err == nil, false
}

func (b *binder) condition() {
	if p, ok := b.expression(b.arg("condition")); ok {
		b.st.Where = append(b.st.Where, p)
	}
}

// joined keeps the joined column of a composite sort key up to date. A client
// must give all parts or none; parts that only the server fills are joined with
// the stored ones.
func (b *binder) joined(c *change, x *transform.Index, doing string) {
	if len(x.Sort) < 2 || b.err != nil {
		return
	}
	given, written, empty := false, false, false
	missing := ""
	for _, f := range x.Sort {
		v := c.value(f.Name)
		// Key fields are always there and never change, so an update that names
		// them writes no part.
		if b.st.Kind == Insert || !keyField(b.r.model, f) {
			_, byClient := c.input.Get(f.Name)
			given = given || byClient
			written = written || v != nil
		}
		empty = empty || v != nil && v.IsNull()
		if v == nil && missing == "" {
			missing = f.Name
		}
	}
	col := Column{Name: x.SortColumn, Storage: transform.Text}
	for _, a := range b.st.Set {
		if a.Column == col { // two keys may share the column
			return
		}
	}
	switch {
	case !written:
	case given && missing != "":
		directive := "@index"
		if b.f.schema.API.Version == 1 {
			directive = "@key"
		}
		b.fail(TypeNone, "When %s any part of the composite sort key for %s '%s', you must provide all fields for the key. Missing key: '%s'.",
			doing, directive, x.Name, missing)
	case empty:
		b.st.Set = append(b.st.Set, Assign{Column: col, Value: b.param(nil)})
	case missing == "":
		text, _ := joinParts(x.Sort, c.value)
		b.st.Set = append(b.st.Set, Assign{Column: col, Value: b.param(text)})
	case b.st.Kind == Update:
		a := Assign{Column: col}
		for _, f := range x.Sort {
			if v := c.value(f.Name); v != nil {
				a.Joined = append(a.Joined, Part{Value: b.param(v.KeyPart())})
			} else {
				a.Joined = append(a.Joined, Part{Column: Column{Name: f.Column, Storage: f.Storage}})
			}
		}
		b.st.Set = append(b.st.Set, a)
	}
}
