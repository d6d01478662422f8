package transform

import "preamp/internal/graphql/schema"

// floatParts refuses floats in a joined sort key. The parts that an update does
// not write are joined by the database, and each one writes floats in its own
// way, 1e-05 or 1.0e-05, where a query asks for 0.00001.
func floatParts(doc *schema.Document, api *API) error {
	if api == nil {
		return nil
	}
	for _, d := range doc.AST.Definitions {
		m := api.Models[d.Name]
		if m == nil {
			continue
		}
		for _, x := range append([]*Index{m.Primary}, m.Indexes...) {
			for _, f := range x.Sort {
				if len(x.Sort) < 2 || f.Storage != Real {
					continue
				}
				pos := d.Position
				if def := d.Fields.ForName(f.Name); def != nil {
					pos = def.Position
				}
				return schema.Refuse(pos, d.Name+"."+f.Name, "a %s cannot be part of a composite sort key", f.Named)
			}
		}
	}
	return nil
}
