package transform

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/authn"
	"preamp/internal/graphql/schema"
)

// providerOrder is the order of Providers.
var providerOrder = []authn.Mode{authn.APIKey, authn.UserPool, authn.IAM, authn.OIDC, authn.Lambda}

// Providers are the auth modes that a schema names: in the rules of @auth, and by
// the directives of AppSync. They are what its API has to have configured. version
// is the transformer when the schema does not decide.
func Providers(doc *schema.Document, version int) []authn.Mode {
	version = doc.Effective(version)
	found := map[authn.Mode]bool{}
	take := func(list ast.DirectiveList) {
		for _, d := range list {
			if m := DirectiveMode(d.Name); m != "" {
				found[m] = true
			}
		}
		for _, r := range rulesOf(list, version) {
			if m := modeNames[r.Provider].mode; m != "" {
				found[m] = true
			}
		}
	}
	for _, list := range []ast.DefinitionList{doc.AST.Definitions, doc.AST.Extensions} {
		for _, d := range list {
			take(d.Directives)
			for _, f := range d.Fields {
				take(f.Directives)
			}
		}
	}
	var modes []authn.Mode
	for _, m := range providerOrder {
		if found[m] {
			modes = append(modes, m)
		}
	}
	return slices.Clip(modes)
}
