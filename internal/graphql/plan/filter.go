package plan

import (
	"unicode/utf8"

	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

// maxPredicates is the number of operators that DynamoDB allows in an
// expression. maxOperators is how many a root field may have in all of its
// relations: the time to prepare a statement grows faster than its length.
const maxPredicates, maxOperators = 300, 1000

// filter adds the filter of a list to Where.
func (b *binder) filter(v *scalar.Value) {
	p, ok := b.expression(v)
	if !ok {
		return
	}
	b.st.Where = append(b.st.Where, p)
	b.st.Filtered = true
}

// expression turns a filter or condition into a predicate. An absent or empty
// one is no predicate; one that has members and still says nothing is an error.
func (b *binder) expression(v *scalar.Value) (Pred, bool) {
	if v == nil || len(v.Keys) == 0 {
		return Pred{}, false
	}
	b.preds = 0
	kids := b.object(v, false)
	b.operators += b.preds
	if b.err == nil && b.operators > maxOperators && b.preds <= maxPredicates {
		b.fail(TypeQueryLimit, "The filters of the relations have more than %d operators (limit: filter operators).", maxOperators)
	}
	if b.err == nil && b.preds > maxPredicates {
		b.fail(TypeQueryLimit, "The filter has more than %d operators (limit: filter operators).", maxPredicates)
	}
	if b.err == nil && len(kids) == 0 {
		b.fail(TypeFilter, "Unable to process the filter expression")
	}
	if b.err != nil {
		return Pred{}, false
	}
	return group(And, kids), true
}

func group(op PredOp, kids []Pred) Pred {
	if len(kids) == 1 {
		return kids[0]
	}
	return Pred{Op: op, Kids: kids}
}

// object is the predicates of one filter object, of which all must hold; when
// negated, one.
func (b *binder) object(v *scalar.Value, negated bool) []Pred {
	var kids []Pred
	for i, name := range v.Keys {
		member := &v.List[i]
		if member.IsNull() || b.err != nil || b.preds > maxPredicates {
			continue
		}
		switch {
		case name == "and" && b.logical(name):
			kids = append(kids, b.list(member, And, negated)...)
		case name == "or" && b.logical(name):
			kids = append(kids, b.list(member, Or, negated)...)
		case name == "not" && b.logical(name):
			if inner := b.object(member, !negated); len(inner) > 0 {
				kids = append(kids, group(either(!negated), inner))
			}
		default:
			kids = append(kids, b.fieldFilter(name, member, negated)...)
		}
	}
	if negated && len(kids) > 1 {
		return []Pred{group(Or, kids)}
	}
	return kids
}

// logical reports whether a member of a filter is the operator of that name. A
// model may have a field of the same name; then the field is meant.
func (b *binder) logical(name string) bool {
	return b.f.schema.columns[b.r.model][name] == nil
}

// either is the operator that joins the members of an object.
func either(negated bool) PredOp {
	if negated {
		return Or
	}
	return And
}

// list is the predicates of an "and" or "or" list.
func (b *binder) list(v *scalar.Value, op PredOp, negated bool) []Pred {
	if negated { // De Morgan
		op = map[PredOp]PredOp{And: Or, Or: And}[op]
	}
	var kids []Pred
	for i := range v.List {
		if v.List[i].IsNull() {
			continue
		}
		inner := b.object(&v.List[i], negated)
		if len(inner) > 0 {
			kids = append(kids, group(either(negated), inner))
		}
	}
	if len(kids) == 0 {
		return nil
	}
	return []Pred{group(op, kids)}
}

// fieldFilter is the predicates of the operators on one field.
func (b *binder) fieldFilter(name string, ops *scalar.Value, negated bool) []Pred {
	f := b.f.schema.columns[b.r.model][name]
	var kids []Pred
	for i, op := range ops.Keys {
		v := &ops.List[i]
		if v.IsNull() && op != "eq" && op != "ne" {
			continue
		}
		b.preds++
		if op == "size" {
			kids = append(kids, b.size(f, v, negated)...)
			continue
		}
		p := b.operator(f, op, v)
		kids = append(kids, negate(p, negated))
	}
	kids = b.concealed(f, kids)
	if len(kids) > 1 {
		return []Pred{group(either(negated), kids)}
	}
	return kids
}

func negate(p Pred, negated bool) Pred {
	if negated {
		switch p.Op {
		case Never:
			p.Op = Always
		case Always:
			p.Op = Never
		default:
			p.Not = !p.Not
		}
	}
	return p
}

var never = Pred{Op: Never}

// operator is one operator on a field. f is nil for a field that is not stored,
// which is absent in every row.
func (b *binder) operator(f *transform.Field, op string, v *scalar.Value) Pred {
	if f == nil {
		f = &transform.Field{}
	}
	c := column(f)
	switch op {
	case "attributeExists":
		return negate(b.present(c), v.Int == 0)
	case "attributeType":
		return b.attributeType(f, v.Str)
	case "ne":
		return negate(b.operator(f, "eq", v), true)
	case "notContains":
		return negate(b.operator(f, "contains", v), true)
	}
	switch {
	case v.IsNull(): // eq: null and absent are one
		return negate(b.present(c), true)
	case c.Name == "":
		return never
	case f.List:
		return b.onList(c, op, v)
	}
	return b.compare(c, Itself, op, v)
}

func (b *binder) present(c Column) Pred {
	if c.Name == "" {
		return never
	}
	return Pred{Op: Present, Column: c}
}

// attributeType compares with the DynamoDB type that a field is stored as.
func (b *binder) attributeType(f *transform.Field, want string) Pred {
	if want == "_null" {
		return negate(b.present(column(f)), true)
	}
	is := ""
	switch {
	case f.List:
		is = "list"
	case f.Storage == transform.Text:
		is = "string"
	case f.Storage == transform.Integer, f.Storage == transform.Real:
		is = "number"
	case f.Storage == transform.Boolean:
		is = "bool"
	case f.Storage == transform.JSON:
		is = "map"
	}
	if is != want {
		return never
	}
	return b.present(column(f))
}

// onList is an operator on a list. Only equality with a list and membership can
// hold: DynamoDB compares nothing else with a list.
func (b *binder) onList(c Column, op string, v *scalar.Value) Pred {
	switch {
	case op == "eq" && v.Kind == scalar.List:
		return Pred{Op: Equal, Column: c, Args: [2]Param{b.param(v.Bound())}}
	case op == "contains" && (v.Kind == scalar.String || v.Kind == scalar.Enum):
		return Pred{Op: Holds, Column: c, Args: [2]Param{b.param(v.Str)}}
	}
	return never
}

// compare is a comparison of a column, or of its size, with a value that is not
// null.
func (b *binder) compare(c Column, m Measure, op string, v *scalar.Value) Pred {
	p := Pred{Measure: m, Column: c}
	text := c.Storage == transform.Text && m == Itself
	switch op {
	case "eq":
		p.Op = Equal
	case "lt":
		p.Op = Less
	case "le":
		p.Op = LessEq
	case "gt":
		p.Op = More
	case "ge":
		p.Op = MoreEq
	case "between":
		return b.between(p, v)
	case "beginsWith":
		if !text {
			return never
		}
		return b.beginsWith(p, v.Str)
	case "contains":
		if !text {
			return never
		}
		p.Op = Contains
	default:
		return never
	}
	arg, ok := b.operand(c, m, v)
	if !ok {
		return never
	}
	p.Args[0] = arg
	return p
}

// operand binds a value that a column is compared with.
func (b *binder) operand(c Column, m Measure, v *scalar.Value) (Param, bool) {
	storage := c.Storage
	if m != Itself {
		storage = transform.Integer
	}
	s, ok := stored(v, storage)
	if !ok || s == nil {
		return 0, false
	}
	return b.param(s), true
}

func (b *binder) between(p Pred, v *scalar.Value) Pred {
	if len(v.List) != 2 {
		b.fail(TypeArguments, "'between' expects exactly two elements.")
		return never
	}
	if v.List[0].IsNull() || v.List[1].IsNull() {
		return never
	}
	low, ok := b.operand(p.Column, p.Measure, &v.List[0])
	if !ok {
		return never
	}
	high, ok := b.operand(p.Column, p.Measure, &v.List[1])
	if !ok {
		b.cut(int(low) - 1) // a parameter that the SQL does not name is an error
		return never
	}
	p.Op, p.Args = Between, [2]Param{low, high}
	return p
}

// beginsWith is a range, because a range uses an index and compares case on
// every store. Code points order like their UTF-8 bytes.
func (b *binder) beginsWith(p Pred, prefix string) Pred {
	p.Op = Prefix
	p.Args[0] = b.param(prefix)
	if above, ok := successor(prefix); ok {
		p.Args[1] = b.param(above)
	}
	return p
}

// successor is the smallest text that is above all texts with the prefix; there
// is none when the prefix is empty or of the last code points only.
func successor(prefix string) (string, bool) {
	for prefix != "" {
		r, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		if r == utf8.MaxRune {
			continue
		}
		r++
		if r == 0xD800 { // surrogates are no code points
			r = 0xE000
		}
		return prefix + string(r), true
	}
	return "", false
}

// size is the operators on the size of a field: the length of a text, the
// number of elements of a list. Nothing else has a size.
func (b *binder) size(f *transform.Field, ops *scalar.Value, negated bool) []Pred {
	var kids []Pred
	for i, op := range ops.Keys {
		v := &ops.List[i]
		if v.IsNull() {
			continue
		}
		b.preds++
		p := never
		switch {
		case f == nil:
		case f.List:
			p = b.sizeOf(f, Count, op, v)
		case f.Storage == transform.Text:
			p = b.sizeOf(f, Length, op, v)
		}
		kids = append(kids, negate(p, negated))
	}
	if len(kids) > 1 {
		return []Pred{group(either(negated), kids)}
	}
	return kids
}

// sizeOf compares a size. An absent value has none, so it satisfies no operator,
// "ne" included.
func (b *binder) sizeOf(f *transform.Field, m Measure, op string, v *scalar.Value) Pred {
	if op != "ne" {
		return b.compare(column(f), m, op, v)
	}
	p := b.compare(column(f), m, "eq", v)
	if p.Op != Equal {
		return never
	}
	p.Op = Differs
	return p
}
