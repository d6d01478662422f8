package plan

import (
	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/authn"
	"preamp/internal/graphql/introspect"
	"preamp/internal/graphql/scalar"
	"preamp/internal/graphql/transform"
)

// Plan is an operation with its selections fixed. It is never changed, and safe
// for concurrent use.
type Plan struct {
	Operation *Operation
	// Fields are the root fields in the order of the answer.
	Fields []*Field
}

// FieldKind says where the value of a root field comes from.
type FieldKind uint8

// The kinds of root fields.
const (
	Constant FieldKind = 1 + iota // Field.Text
	Data                          // the database
	Meta                          // introspection with variables
	Refused                       // Field.Refusal
)

// Field is a planned root field.
type Field struct {
	Key      string // response key
	Name     string
	Location Location
	Kind     FieldKind
	// Type is the type of the field, and Parent that of the operation.
	Type   *ast.Type
	Parent string
	// Text is the JSON of a Constant.
	Text []byte
	// Refusal is the error of a Refused field.
	Refusal *Error
	// Out is the answer of a Data field.
	Out    *Object
	schema *Schema
	op     *transform.Operation
	root   request
	meta   *introspect.Field
	// gate is what the field asks of every caller.
	gate gate
	// masks are the rules of hidden outputs, by Output.Mask; owners says that the
	// answer has owners to shorten.
	masks  []maskRule
	owners bool
	// relations are those below Out, by Output.Nested.
	relations []*request
	// nulls says that Out has a field that needs a null mark.
	nulls bool
}

// request is what a root field or a relation asks of one model.
type request struct {
	name string // of the field
	// field and parentType are the name of a relation and of the type that has it.
	field, parentType string
	// empty says that nothing is to be shown, as in the payload of a mutation.
	empty bool
	model *transform.Model
	index *transform.Index
	args  arguments
	out   *Object
	// link is nil for a root field; owner is the model that declares it.
	link  *transform.Link
	owner *transform.Model
	// parent is the relation around this one by its number, -1 for none.
	parent int
	// refusal says why a relation is not read.
	refusal *Error
	// rows says that the rows of a page are selected, ahead its nextToken.
	rows, ahead bool
	location    Location
}

// Plan fixes the selections of an operation for a caller. conditions is the
// value of Conditions.
func (o *Operation) Plan(c authn.Caller, conditions string) *Plan {
	b := builder{merger: merger{op: o, conditions: conditions}, caller: c}
	root := o.schema.root(o.Kind)
	p := &Plan{Operation: o}
	for _, n := range b.merge([]ast.SelectionSet{o.def.SelectionSet}, root) {
		p.Fields = append(p.Fields, b.rootField(n, root))
	}
	return p
}

type builder struct {
	merger
	caller authn.Caller
	field  *Field
	meta   int // bytes of introspection so far
	// around is the relation whose selection is being built, -1 for none; height
	// is how deep relations nest there.
	around, height int
}

func (b *builder) rootField(n node, root *ast.Definition) *Field {
	s := b.op.schema
	def := fieldOf(root, n.field.Name)
	f := &Field{
		Key: n.key, Name: n.field.Name, Type: def.Type, Parent: root.Name, schema: s,
		Location: Location{Line: n.field.Position.Line, Column: n.field.Position.Column},
	}
	b.field, b.around, b.height = f, -1, 0
	switch {
	case f.Name == "__typename":
		f.Kind, f.Text = Constant, scalarText(root.Name)
		return f
	case f.Name == "__schema" || f.Name == "__type":
		b.metaField(f, n)
		return f
	case b.op.Kind == ast.Subscription:
		return f.refuse(f.Error(TypeUnsupported, "Subscriptions need the realtime endpoint: connect to it with a WebSocket."))
	}
	if g, ok := s.gateOf(root, def, b.caller); !ok {
		f.gate = g
	}
	f.op = s.API.Operations[rootName(b.op.Kind)][f.Name]
	if f.op == nil || f.op.Kind == transform.Custom || f.op.Model == nil {
		return f.null()
	}
	f.root = request{name: f.Name, model: f.op.Model, index: f.op.Index, args: b.arguments(n.field.Arguments, def.Arguments)}
	if f.root.index == nil {
		f.root.index = f.op.Model.Primary
	}
	f.Kind = Data
	inner := s.API.Schema.Types[def.Type.Name()]
	switch f.op.Kind {
	case transform.Get, transform.Create, transform.Update, transform.Delete:
		f.Out = b.model(n.sets, inner, f.op.Model)
	case transform.List, transform.IndexQuery:
		f.Out = b.connection(n.sets, inner, &f.root)
	default:
		return f.refuse(f.fail(TypeUnsupported, "%s is not available in this version.", f.Name))
	}
	return f
}

func (f *Field) refuse(e *Error) *Field {
	f.Kind, f.Refusal = Refused, e
	return f
}

// null makes a field that nothing stands behind.
func (f *Field) null() *Field {
	if f.Type.NonNull {
		return f.refuse(NullError(f.Type, f.Parent, []any{f.Key}))
	}
	f.Kind, f.Text = Constant, []byte("null")
	return f
}

func scalarText(s string) []byte { return scalar.AppendString(nil, s) }

// metaField plans __schema and __type. Their value is kept with the plan unless
// it depends on variables.
func (b *builder) metaField(f *Field, n node) {
	variables := false
	m := b.introspection(n, &variables)
	if variables {
		f.Kind, f.meta = Meta, m
		return
	}
	text, err := introspect.Append(nil, b.op.schema.API.Schema, m, introspect.MaxSize-b.meta, nil)
	if err != nil {
		b.meta = introspect.MaxSize // one large field is enough work
		f.refuse(f.introspectionError())
		return
	}
	b.meta += len(text)
	f.Kind, f.Text = Constant, text
}

func (b *builder) introspection(n node, variables *bool) *introspect.Field {
	out := &introspect.Field{Key: n.key, Name: n.field.Name}
	for _, a := range n.field.Arguments {
		arg := introspect.Argument{Name: a.Name, Variable: -1}
		if a.Value.Kind == ast.Variable {
			*variables = true
			arg.Variable = b.op.byName[a.Value.Raw]
		} else {
			arg.Value = leaf(a.Value)
		}
		out.Arguments = append(out.Arguments, arg)
	}
	if len(n.sets) == 0 {
		return out
	}
	parent := b.op.schema.API.Schema.Types[metaType(n.field)]
	if parent == nil {
		return out
	}
	for _, child := range b.merge(n.sets, parent) {
		out.Fields = append(out.Fields, b.introspection(child, variables))
	}
	return out
}

// metaType is the type of an introspection field.
func metaType(f *ast.Field) string {
	switch f.Name {
	case "__schema":
		return "__Schema"
	case "__type", "types", "queryType", "mutationType", "subscriptionType", "type", "ofType", "interfaces", "possibleTypes":
		return "__Type"
	case "directives":
		return "__Directive"
	case "fields":
		return "__Field"
	case "args", "inputFields":
		return "__InputValue"
	case "enumValues":
		return "__EnumValue"
	}
	return ""
}

// Introspect appends the JSON of a Meta field.
func (f *Field) Introspect(b []byte, vars []Var) ([]byte, *Error) {
	n := len(b)
	b, err := introspect.Append(b, f.schema.API.Schema, f.meta, introspect.MaxSize, func(i int) scalar.Value { return vars[i].Value })
	if err != nil {
		return b[:n], f.introspectionError()
	}
	return b, nil
}

func (f *Field) introspectionError() *Error {
	return f.fail(TypeQueryLimit, "The answer of the introspection is larger than %d bytes (limit: introspection).", introspect.MaxSize)
}

// Size is about how much memory the plan keeps beside the query text.
func (p *Plan) Size() int {
	n := 0
	for _, f := range p.Fields {
		n += 512 + len(f.Text) + f.Out.size() + 512*len(f.relations)
		if f.Kind == Data {
			n += 4 << 10 // the SQL that is kept with a field
		}
	}
	return n
}

func (o *Object) size() int {
	if o == nil {
		return 0
	}
	n := 64
	for i := range o.Fields {
		n += 160 + o.Fields[i].Sub.size()
	}
	return n
}
