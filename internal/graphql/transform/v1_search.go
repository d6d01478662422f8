package transform

import "github.com/vektah/gqlparser/v2/ast"

// searchableV1 expands @searchable of version 1.
func (c *compiler) searchableV1() error {
	return c.usesV1("searchable", func(e element) error {
		m := c.byName[e.parent.Name]
		if m == nil {
			return e.refuse("Types annotated with @searchable must also be annotated with @model.")
		}
		name := graphqlName("search" + c.pluralV1(upperFirst(m.name)))
		if v := argument(e.directive, "queries"); v != nil && v.Kind == ast.ObjectValue {
			name = ""
			mergeString(v, "search", &name)
		}
		if name == "" {
			return nil
		}
		c.addSearchScalars()
		filter := c.searchFilter(m.def)
		filter.Fields = append(filter.Fields, logical(filter.Name)...)
		c.out.ensure(filter)
		c.addSearchSort(m.def)
		page := object("Searchable"+m.name+"Connection", field("items", required(listOf(named(m.name)))),
			field("nextToken", named("String")), field("total", named("Int")))
		c.out.ensure(page)
		err := c.out.addRootFields(ast.Query, field(name, named(page.Name), arg("filter", named("Searchable"+m.name+"FilterInput")),
			arg("sort", named("Searchable"+m.name+"SortInput")), arg("limit", named("Int")), arg("nextToken", named("String")),
			arg("from", named("Int"))))
		if err != nil {
			return e.refuse("%s", err.Error())
		}
		c.searchable = append(c.searchable, &search{model: m, field: name})
		c.register(ast.Query, name, &operation{kind: Search, model: m})
		return nil
	})
}
