package transform

import "github.com/vektah/gqlparser/v2/ast"

// search is a model with a search query.
type search struct {
	model *model
	field string
}

var aggregateTypes = []string{
	"SearchableAggregateResult", "SearchableAggregateScalarResult", "SearchableAggregateBucketResult",
	"SearchableAggregateBucketResultItem",
}

// searchableV2 reads @searchable and adds the search queries.
func (c *compiler) searchableV2() error {
	return c.uses("searchable", func(e element) error {
		m := c.byName[e.parent.Name]
		if m == nil {
			return e.refuse("Types annotated with @searchable must also be annotated with @model.")
		}
		name := graphqlName("search" + Plural(upperFirst(m.name)))
		if v := argument(e.directive, "queries"); v != nil && v.Kind == ast.ObjectValue {
			name = ""
			mergeString(v, "search", &name)
		}
		if name == "" {
			return nil
		}
		c.searchable = append(c.searchable, &search{model: m, field: name})
		c.out.ensure(object("Searchable"+m.name+"Connection", field("items", required(listOf(named(m.name)))),
			field("nextToken", named("String")), field("total", named("Int")),
			field("aggregateItems", required(listOf(named("SearchableAggregateResult"))))))
		c.addAggregateTypes()
		f := field(name, named("Searchable"+m.name+"Connection"), arg("filter", named("Searchable"+m.name+"FilterInput")),
			arg("sort", listOf(named("Searchable"+m.name+"SortInput"))), arg("limit", named("Int")),
			arg("nextToken", named("String")), arg("from", named("Int")),
			arg("aggregates", listOf(named("Searchable"+m.name+"AggregationInput"))))
		if d := c.sandboxDirective(); d != nil && m.def.Directives.ForName("auth") == nil {
			f.Directives = append(f.Directives, d)
		}
		if err := c.out.addRootFields(ast.Query, f); err != nil {
			return e.refuse("%s", err.Error())
		}
		c.register(ast.Query, name, &operation{kind: Search, model: m})
		return nil
	})
}

func (c *compiler) addAggregateTypes() {
	c.out.ensure(object("SearchableAggregateResult", field("name", required(named("String"))),
		field("result", named("SearchableAggregateGenericResult"))))
	c.out.ensure(object("SearchableAggregateScalarResult", field("value", required(named("Float")))))
	c.out.ensure(object("SearchableAggregateBucketResult", field("buckets", listOf(named("SearchableAggregateBucketResultItem")))))
	c.out.ensure(object("SearchableAggregateBucketResultItem", field("key", required(named("String"))),
		field("doc_count", required(named("Int")))))
	c.out.ensure(&ast.Definition{
		Kind: ast.Union, Name: "SearchableAggregateGenericResult",
		Types: []string{"SearchableAggregateScalarResult", "SearchableAggregateBucketResult"},
	})
}

// schemaSearchV2 adds the inputs of the search queries.
func (c *compiler) schemaSearchV2() error {
	for _, s := range c.searchable {
		def := c.out.object(s.model.name)
		c.addSearchScalars()
		filter := c.searchFilter(def)
		for _, f := range def.Fields {
			if c.declaredEnum(f.Type.Name()) {
				filter.Fields = append(filter.Fields, field(f.Name, named("SearchableStringFilterInput")))
			}
		}
		filter.Fields = append(filter.Fields, logical(filter.Name)...)
		c.out.ensure(filter)
		c.addSearchSort(def)
		c.out.ensure(enum("SearchableAggregateType", "terms", "avg", "min", "max", "sum", "cardinality"))
		aggregate := enum("Searchable" + def.Name + "AggregateField")
		for _, f := range def.Fields {
			if isScalarName(f.Type.Name()) || c.declaredEnum(f.Type.Name()) {
				aggregate.EnumValues = append(aggregate.EnumValues, &ast.EnumValueDefinition{Name: f.Name})
			}
		}
		c.out.ensure(aggregate)
		c.out.ensure(input("Searchable"+def.Name+"AggregationInput", field("name", required(named("String"))),
			field("type", required(named("SearchableAggregateType"))), field("field", required(named(aggregate.Name)))))
	}
	if d := c.sandboxDirective(); d != nil && len(c.searchable) > 0 {
		for _, name := range aggregateTypes {
			addDirectives(&c.out.object(name).Directives, d)
		}
	}
	return nil
}

// addSearchScalars adds the search filters of the basic scalars.
func (c *compiler) addSearchScalars() {
	for _, s := range []string{"String", "Int", "Float", "Boolean", "ID"} {
		ops := []string{"ne", "gt", "lt", "gte", "lte", "eq", "range"}
		switch s {
		case "Boolean":
			ops = []string{"eq", "ne"}
		case "String", "ID":
			ops = []string{
				"ne", "gt", "lt", "gte", "lte", "eq", "match", "matchPhrase", "matchPhrasePrefix", "multiMatch", "exists",
				"wildcard", "regexp", "range",
			}
		}
		in := input("Searchable" + s + "FilterInput")
		for _, op := range ops {
			t := named(s)
			switch op {
			case "range":
				t = listOf(t)
			case "exists":
				t = named("Boolean")
			}
			in.Fields = append(in.Fields, field(op, t))
		}
		c.out.ensure(in)
	}
}

// searchFilter is the search filter of a type's scalar fields.
func (c *compiler) searchFilter(def *ast.Definition) *ast.Definition {
	in := input("Searchable" + basic(def.Name) + "FilterInput")
	for _, f := range def.Fields {
		if isScalarName(f.Type.Name()) {
			in.Fields = append(in.Fields, field(f.Name, named("Searchable"+basic(f.Type.Name())+"FilterInput")))
		}
	}
	return in
}

func (c *compiler) addSearchSort(def *ast.Definition) {
	c.out.ensure(enum("SearchableSortDirection", "asc", "desc"))
	sortable := enum(graphqlName("Searchable" + def.Name + "SortableFields"))
	for _, f := range def.Fields {
		if isScalarName(f.Type.Name()) {
			sortable.EnumValues = append(sortable.EnumValues, &ast.EnumValueDefinition{Name: f.Name})
		}
	}
	c.out.ensure(sortable)
	c.out.ensure(input("Searchable"+def.Name+"SortInput", field("field", named(sortable.Name)),
		field("direction", named("SearchableSortDirection"))))
}
