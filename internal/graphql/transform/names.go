package transform

import "strings"

// Names of generated types and fields. All work on bytes, because GraphQL
// names are ASCII.

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// camel joins words as thisIsIt, leaving out the empty ones.
func camel(words ...string) string {
	var b strings.Builder
	for _, w := range words {
		if b.Len() == 0 {
			b.WriteString(lowerFirst(w))
		} else {
			b.WriteString(upperFirst(w))
		}
	}
	return b.String()
}

// pascal joins words as ThisIsIt.
func pascal(words ...string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(upperFirst(w))
	}
	return b.String()
}

// graphqlName removes what a GraphQL name may not hold.
func graphqlName(s string) string {
	if strings.TrimSpace(s) == "" {
		return ""
	}
	s = strings.TrimLeftFunc(s, func(r rune) bool { return !letter(r) && r != '_' })
	return strings.Map(func(r rune) rune {
		if letter(r) || r == '_' || (r >= '0' && r <= '9') {
			return r
		}
		return -1
	}, s)
}

func letter(r rune) bool { return (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') }

// scalarKinds maps every scalar that AppSync knows to the basic scalar whose
// filter inputs it uses. BigInt and Double are remains of old versions, which
// both transformers still take for scalars.
var scalarKinds = map[string]string{
	"String": "String", "Int": "Int", "Float": "Float", "Boolean": "Boolean", "ID": "ID",
	"BigInt": "Int", "Double": "Float",
	"AWSDate": "String", "AWSTime": "String", "AWSDateTime": "String", "AWSTimestamp": "Int", "AWSEmail": "String",
	"AWSJSON": "String", "AWSURL": "String", "AWSPhone": "String", "AWSIPAddress": "String",
}

// basic is the basic scalar of a scalar, or the name itself.
func basic(name string) string {
	if k, ok := scalarKinds[name]; ok {
		return k
	}
	return name
}

func isScalarName(name string) bool { return scalarKinds[name] != "" }

// Input type names as written, without changing the case of the model name.
func filterInput(name string) string    { return "Model" + basic(name) + "FilterInput" }
func conditionInput(name string) string { return "Model" + basic(name) + "ConditionInput" }
func scalarInput(name string) string    { return "Model" + basic(name) + "Input" }
func listInput(name string) string      { return "Model" + basic(name) + "ListInput" }
func keyInput(name string) string       { return "Model" + basic(name) + "KeyConditionInput" }
func connectionType(name string) string { return "Model" + name + "Connection" }
func createInput(name string) string    { return graphqlName("Create" + upperFirst(name) + "Input") }

func updateInput(name string) string { return graphqlName("Update" + upperFirst(name) + "Input") }

func deleteInput(name string) string { return graphqlName("Delete" + upperFirst(name) + "Input") }
func objectInput(name string) string { return graphqlName(upperFirst(name) + "Input") }

func compositeCondition(model, key string) string {
	return "Model" + model + key + "CompositeKeyConditionInput"
}
func compositeInput(model, key string) string { return "Model" + model + key + "CompositeKeyInput" }
