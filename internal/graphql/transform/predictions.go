package transform

import "slices"

// prediction is a query field with @predictions.
type prediction struct {
	element
	actions []string
}

// nextActions are the actions that may follow an action.
var nextActions = map[string][]string{
	"identifyText": {"translateText"}, "identifyLabels": {"translateText", "convertTextToSpeech"},
	"translateText": {"convertTextToSpeech"},
}

func (c *compiler) readPredictions() error {
	return c.usesOf(c.version)("predictions", func(e element) error {
		if e.parent.Name != c.out.root["query"] || e.extension {
			return e.refuse("@predictions directive only works under Query operations.")
		}
		actions := stringsOf(argument(e.directive, "actions"))
		if len(actions) == 0 && c.version == 2 {
			return e.refuse("@predictions directive requires at least one action.")
		}
		for i, a := range actions[min(1, len(actions)):] {
			if c.version == 2 && !slices.Contains(nextActions[actions[i]], a) {
				return e.refuse("%s is not supported in this context!", a)
			}
		}
		c.predictions = append(c.predictions, &prediction{element: e, actions: actions})
		return nil
	})
}

// schemaPredictions replaces the arguments and the type of the fields.
func (c *compiler) schemaPredictions() error {
	for _, p := range c.predictions {
		prefix := upperFirst(p.field.Name)
		all := input(prefix + "Input")
		list := false
		for i, a := range p.actions {
			switch a {
			case "identifyLabels":
				list = true
			case "convertTextToSpeech":
				list = false
			}
			in := input(prefix + upperFirst(a) + "Input")
			members := map[string][]string{
				"identifyText": {"key"}, "identifyLabels": {"key"}, "translateText": {"sourceLanguage", "targetLanguage"},
				"convertTextToSpeech": {"voiceID"},
			}[a]
			if i == 0 && (a == "translateText" || a == "convertTextToSpeech") {
				members = append(members, "text")
			}
			for _, m := range members {
				in.Fields = append(in.Fields, field(m, required(named("String"))))
			}
			c.out.ensure(in)
			all.Fields = append(all.Fields, field(a, required(named(in.Name))))
		}
		if err := c.out.add(all); err != nil {
			return p.refuse("%s", err.Error())
		}
		f := c.out.rootType("query").Fields.ForName(p.field.Name)
		f.Arguments = append(f.Arguments[:0:0], arg("input", required(named(all.Name))))
		f.Type = named("String")
		if list {
			f.Type = listOf(f.Type)
		}
	}
	return nil
}
