package transform

// runV1 applies the directives of version 1. Here each directive does all its
// work, checks included, on the whole schema before the next one begins.
func (c *compiler) runV1() error {
	c.auth = newAuthorizer()
	for _, step := range []func() error{
		c.modelsV1,
		c.versionedV1,
		c.functionsV1,
		c.httpFields,
		c.keysV1,
		c.connectionsV1,
		c.readPredictions,
		c.schemaPredictions,
		c.searchableV1,
		c.authV1,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// functionsV1 checks @function, which changes nothing in the schema.
func (c *compiler) functionsV1() error {
	return c.usesV1("function", func(e element) error {
		if stringArgument(e.directive, "name") == "" {
			return e.refuse("Must supply a 'name' to @function.")
		}
		return nil
	})
}
