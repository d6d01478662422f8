package transform

import (
	"fmt"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/schema"
)

// sandboxInput is the input that stands for sandbox mode in a schema.
const sandboxInput = "AMPLIFY"

// finish turns the generated schema into an API.
func (c *compiler) finish() (*API, error) {
	c.out.dropEmptyRoots()
	if c.version == 2 {
		c.out.remove(sandboxInput)
	}
	api := &API{
		Version:    c.version,
		SDL:        c.out.text(),
		Models:     map[string]*Model{},
		Objects:    map[string]*Object{},
		Operations: map[string]map[string]*Operation{},

		DefaultAuth:        c.opt.defaultAuth(),
		NoIntrospection:    c.opt.NoIntrospection,
		OpenedIAM:          c.openedIAM,
		UsernameOwner:      c.opt.Flags.UsernameOwner,
		InheritPrimaryAuth: c.opt.Flags.SubscriptionsInheritPrimaryAuth,
	}
	pack := newCompactor()
	loaded, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: schema.AppSync + c.out.text(sandboxInput)})
	if err != nil {
		api.Invalid = fmt.Errorf("generated schema: %w", err)
		if twice := c.filterFieldTwiceV1(); twice != nil {
			api.Invalid = twice
		}
	} else {
		pack.schema(loaded, builtIn())
		api.Schema = loaded
	}
	a := &assembler{compiler: c, api: api, names: newNamer(c.opt.TablePrefix), keys: map[*key]*Index{}, columns: map[string]map[string]string{}}
	if err := a.run(); err != nil {
		return nil, err
	}
	api.Guards = a.guards()
	pack.models(api)
	return api, nil
}
