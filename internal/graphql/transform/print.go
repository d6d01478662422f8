package transform

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// printed are the directives that AppSync itself understands; all others have
// done their work and are left out.
var printed = set("aws_subscribe aws_auth aws_api_key aws_iam aws_oidc aws_cognito_user_pools aws_lambda deprecated")

// text prints the generated schema, without the types named in skip.
func (o *output) text(skip ...string) string {
	var b strings.Builder
	leave := map[string]bool{}
	for _, s := range skip {
		leave[s] = true
	}
	o.printRoots(&b)
	for _, name := range o.order {
		if !leave[name] {
			printDefinition(&b, o.types[name])
		}
	}
	return b.String()
}

// printRoots names the operation types when their names are not the usual ones.
func (o *output) printRoots(b *strings.Builder) {
	if o.root[ast.Query] == "Query" && o.root[ast.Mutation] == "Mutation" && o.root[ast.Subscription] == "Subscription" {
		return
	}
	b.WriteString("schema {\n")
	for _, op := range []ast.Operation{ast.Query, ast.Mutation, ast.Subscription} {
		if o.has(o.root[op]) {
			b.WriteString("  " + string(op) + ": " + o.root[op] + "\n")
		}
	}
	b.WriteString("}\n\n")
}

var keywords = map[ast.DefinitionKind]string{
	ast.Object: "type", ast.InputObject: "input", ast.Interface: "interface", ast.Union: "union", ast.Enum: "enum",
	ast.Scalar: "scalar",
}

func printDefinition(b *strings.Builder, d *ast.Definition) {
	printDescription(b, d.Description, "")
	b.WriteString(keywords[d.Kind] + " " + d.Name)
	if len(d.Interfaces) > 0 {
		b.WriteString(" implements " + strings.Join(d.Interfaces, " & "))
	}
	printDirectives(b, d.Directives)
	if len(d.Types) > 0 {
		b.WriteString(" = " + strings.Join(d.Types, " | "))
	}
	if len(d.Fields)+len(d.EnumValues) > 0 {
		b.WriteString(" {\n")
		for _, v := range d.EnumValues {
			printDescription(b, v.Description, "  ")
			b.WriteString("  " + v.Name)
			printDirectives(b, v.Directives)
			b.WriteString("\n")
		}
		for _, f := range d.Fields {
			printField(b, f)
		}
		b.WriteString("}")
	}
	b.WriteString("\n\n")
}

func printField(b *strings.Builder, f *ast.FieldDefinition) {
	printDescription(b, f.Description, "  ")
	b.WriteString("  " + f.Name)
	for i, a := range f.Arguments {
		b.WriteString([]string{"(", ", "}[min(i, 1)])
		b.WriteString(a.Name + ": " + a.Type.String())
		if a.DefaultValue != nil {
			b.WriteString(" = " + a.DefaultValue.String())
		}
		printDirectives(b, a.Directives)
	}
	if len(f.Arguments) > 0 {
		b.WriteString(")")
	}
	b.WriteString(": " + f.Type.String())
	if f.DefaultValue != nil {
		b.WriteString(" = " + f.DefaultValue.String())
	}
	printDirectives(b, f.Directives)
	b.WriteString("\n")
}

func printDirectives(b *strings.Builder, list ast.DirectiveList) {
	for _, d := range list {
		if !printed[d.Name] {
			continue
		}
		b.WriteString(" @" + d.Name)
		for i, a := range d.Arguments {
			b.WriteString([]string{"(", ", "}[min(i, 1)])
			b.WriteString(a.Name + ": " + a.Value.String())
		}
		if len(d.Arguments) > 0 {
			b.WriteString(")")
		}
	}
}

// printDescription writes a description as a string literal, the form that can
// hold any text.
func printDescription(b *strings.Builder, text, indent string) {
	if text != "" {
		b.WriteString(indent + (&ast.Value{Kind: ast.StringValue, Raw: text}).String() + "\n")
	}
}
