package transform

import (
	"regexp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

var (
	httpURL   = regexp.MustCompile(`^https?://`)
	httpParam = regexp.MustCompile(`:\w+`)
)

// httpFields replaces the arguments of fields with @http: what the URL names
// becomes a path parameter, the rest goes into the query and the body.
func (c *compiler) httpFields() error {
	return c.usesOf(c.version)("http", func(e element) error {
		url := stringArgument(e.directive, "url")
		if !httpURL.MatchString(url) {
			return e.refuse("@http directive at location %d requires a url parameter that begins with http:// or https://.",
				e.directive.Position.Start)
		}
		if _, rest, _ := strings.Cut(url, "://"); c.version == 1 && !strings.Contains(rest, "/") {
			return e.refuse("@http requires a url parameter with a path.")
		}
		method := stringArgument(e.directive, "method")
		if method == "" {
			method = "GET"
		}
		given := e.field.Arguments
		var args ast.ArgumentDefinitionList
		name := upperFirst(e.parent.Name) + upperFirst(e.field.Name)
		var params []string
		for _, p := range httpParam.FindAllString(pathOf(url), -1) {
			params = append(params, p[1:])
		}
		if params != nil {
			in := input(graphqlName(name + "ParamsInput"))
			for _, p := range params {
				addMissing(in, field(p, required(named("String"))))
			}
			if err := c.out.add(in); err != nil {
				return e.refuse("%s", err.Error())
			}
			args = append(args, arg("params", required(named(in.Name))))
			given = slices.DeleteFunc(slices.Clone(given), func(a *ast.ArgumentDefinition) bool {
				return !isScalarName(a.Type.Name()) || slices.Contains(params, a.Name)
			})
		}
		more, err := c.httpInputs(e, name, method, given)
		if err != nil {
			return err
		}
		if args = append(args, more...); len(args) > 0 {
			c.out.get(e.parent.Name).Fields.ForName(e.field.Name).Arguments = args
		}
		return nil
	})
}

// pathOf is the path of a URL: what follows the host.
func pathOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return "/"
}

func (c *compiler) httpInputs(e element, name, method string, given ast.ArgumentDefinitionList) (ast.ArgumentDefinitionList, error) {
	if len(given) == 0 {
		return nil, nil
	}
	body := method == "POST" || method == "PUT" || method == "PATCH"
	var args ast.ArgumentDefinitionList
	for _, part := range []struct {
		name, suffix string
		use, keep    bool
	}{{"query", "QueryInput", true, method == "GET"}, {"body", "BodyInput", body, false}} {
		if !part.use {
			continue
		}
		in := input(graphqlName(name + part.suffix))
		t := named(in.Name)
		for _, a := range given {
			f := field(a.Name, a.Type)
			f.DefaultValue, f.Directives = a.DefaultValue, a.Directives
			if !part.keep {
				f.Type = nullable(a.Type)
			} else if a.Type.NonNull {
				t = required(t)
			}
			in.Fields = append(in.Fields, f)
		}
		if err := c.out.add(in); err != nil {
			return nil, e.refuse("%s", err.Error())
		}
		args = append(args, arg(part.name, t))
	}
	return args, nil
}
