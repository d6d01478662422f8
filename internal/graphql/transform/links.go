package transform

import (
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// link is a relation as its directive tells it, in names: the models may not be
// assembled yet.
type link struct {
	element
	related string
	many    bool
	// from are the fields of the declaring model that hold the key.
	from []string
	// index names the key of the related model, empty for the primary one. keys
	// are its fields if no directive declares it.
	index string
	keys  []string
	// sorted says that the field takes the sort argument of the key sort.
	sorted bool
	sort   string
	// foreign are foreign keys that are in the inputs only, by model.
	foreign map[string]string
}

// linkV2 says what a relation of version 2 goes by.
func (c *compiler) linkV2(r *relation) *link {
	l := &link{element: r.element, related: r.related.name, many: r.name == "hasMany" || r.name == "manyToMany"}
	own := namesOf(keyNodes(c.out.object(r.model.name)))
	switch {
	case r.byReferences && r.name == "belongsTo":
		l.from = r.references
	case r.byReferences:
		l.from, l.index, l.keys = own, r.index, r.references
	case len(r.fields) > 0:
		l.from, l.index = r.fields, r.index
	case r.name == "hasMany" && r.index != "":
		l.from, l.index = own[:1], r.index
	case r.name == "hasMany":
		l.from, l.index = own, "gsi-"+r.element.String()
		l.keys = namesOf(c.foreignKeys(r.model.name, r.field.Name, c.out.object(r.model.name)))
		if c.opt.Flags.PartialRelationKeys { // the index has no sort key
			l.from, l.keys = own[:1], l.keys[:1]
		}
	case r.name == "belongsTo" && r.partnerKind != "hasOne":
		l.from = namesOf(c.foreignKeys(r.related.name, r.partner.Name, c.out.object(r.related.name)))
	default:
		l.from = namesOf(c.foreignKeys(r.model.name, r.field.Name, c.out.object(r.related.name)))
	}
	if l.many && !r.byReferences && len(r.fields) < 2 && len(r.relatedIndex) > 1 {
		// Without an index the argument is that of the related model's own key.
		l.sorted, l.sort = true, r.index
	}
	return l
}

func namesOf(fields []*ast.FieldDefinition) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// relations connects the fields that hold other models with the keys by which
// these are found.
func (a *assembler) relations() error {
	links := a.links
	for _, list := range [][]*relation{a.hasMany, a.hasOne, a.manyToManyEnds, a.belongsTo} {
		for _, r := range list {
			links = append(links, a.linkV2(r))
		}
	}
	for _, l := range links {
		for _, name := range []string{l.parent.Name, l.related} {
			if err := a.foreignKey(l, name); err != nil {
				return err
			}
		}
	}
	for _, l := range links {
		if err := a.relation(l); err != nil {
			return err
		}
	}
	return nil
}

// foreignKey gives a model the foreign key that only its inputs have.
func (a *assembler) foreignKey(l *link, model string) error {
	name, m := l.foreign[model], a.api.Models[model]
	if name == "" || m.Field(name) != nil {
		return nil
	}
	column, err := a.names.column(l.directive.Position, a.columns[model], model, name)
	if err != nil {
		return err
	}
	m.Fields = append(m.Fields, &Field{Name: name, Kind: Scalar, Type: named("ID"), Named: "ID", Column: column, Storage: Text})
	return nil
}

// relation resolves one link. Fields that do not exist leave it without items,
// as on AWS; keys of different types leave it without a Link.
func (a *assembler) relation(l *link) error {
	m, to := a.api.Models[l.parent.Name], a.api.Models[l.related]
	f := m.Field(l.field.Name)
	if f == nil || f.Kind != Relation {
		return nil
	}
	x, err := a.relatedKey(l, to)
	if err != nil {
		return err
	}
	from := fieldsOf(m, l.from)
	if x == nil || len(from) == 0 {
		f.Kind = Computed
		return nil
	}
	keys := x.Fields()
	if len(from) != len(keys) {
		from = from[:1]
	}
	for i := range from {
		if from[i].Storage != keys[i].Storage || from[i].List {
			return nil
		}
	}
	f.Link = &Link{Model: to, Many: l.many, Index: x, From: from, Limit: intArgument(l.directive, "limit")}
	if l.sorted {
		f.Link.Sort = to.key(l.sort)
	}
	return nil
}

// relatedKey is the key of the related model; it makes the one that no
// directive declares.
func (a *assembler) relatedKey(l *link, to *Model) (*Index, error) {
	if x := to.key(l.index); x != nil || len(l.keys) == 0 {
		return x, nil
	}
	nodes := make([]*ast.FieldDefinition, len(l.keys))
	for i, f := range fieldsOf(to, l.keys) {
		nodes[i] = field(f.Name, f.Type)
	}
	if slices.Contains(nodes, nil) { // a field is missing
		return nil, nil
	}
	k := &key{name: l.index, directive: l.directive, field: nodes[0], sort: nodes[1:]}
	x, err := a.index(to, k, a.columns[to.Name])
	if err != nil {
		return nil, err
	}
	if x.Physical, err = a.names.relation(l.directive.Position, to.Name+"."+k.name, to.Name+"_"+k.name); err != nil {
		return nil, err
	}
	to.Indexes = append(to.Indexes, x)
	return x, nil
}

// key is the index of that name; the primary key if it is empty.
func (m *Model) key(name string) *Index {
	if name == "" {
		return m.Primary
	}
	for _, x := range m.Indexes {
		if x.Name == name {
			return x
		}
	}
	return nil
}

// fieldsOf are the stored fields of these names; none if one is missing.
func fieldsOf(m *Model, names []string) []*Field {
	var out []*Field
	for _, name := range names {
		f := m.Field(name)
		if f == nil || f.Column == "" {
			return nil
		}
		out = append(out, f)
	}
	return out
}

// intArgument is the value of a number argument, 0 without one.
func intArgument(d *ast.Directive, name string) int {
	v := argument(d, name)
	if v == nil || v.Kind != ast.IntValue {
		return 0
	}
	n, err := strconv.Atoi(v.Raw)
	if err != nil {
		return 0
	}
	return n
}
