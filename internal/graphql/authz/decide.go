package authz

import (
	"slices"

	"preamp/internal/authn"
	"preamp/internal/graphql/transform"
)

// Decision is what a caller may do with a model in one operation. The zero
// value denies.
type Decision struct {
	// Allow says that the operation may run.
	Allow bool
}

// Decide judges one operation on a model. A nil model is a field that the user
// declared: nothing is stored behind it, so there is nothing to protect.
func Decide(m *transform.Model, kind transform.OperationKind, c authn.Caller) Decision {
	if m == nil || m.Open {
		return Decision{Allow: true}
	}
	for i := range m.Rules {
		if ruleAllows(&m.Rules[i], kind, c) {
			return Decision{Allow: true}
		}
	}
	return Decision{}
}

// ruleAllows judges one rule. Only public rules for API keys can match: no other
// kind of caller reaches the data plane.
func ruleAllows(r *transform.Rule, kind transform.OperationKind, c authn.Caller) bool {
	if c.Mode != authn.APIKey || r.Allow != "public" {
		return false
	}
	if r.Provider != "" && r.Provider != "apiKey" { // apiKey is the default of public
		return false
	}
	names := operations[kind]
	if len(names) == 0 {
		return false
	}
	if len(r.Operations) == 0 { // the default is all of them
		return true
	}
	return slices.ContainsFunc(r.Operations, func(o string) bool { return slices.Contains(names, o) })
}

// operations are the names in a rule that allow a kind of operation; "read"
// stands for all of get, list, search, listen and sync.
var operations = map[transform.OperationKind][]string{
	transform.Get:        {"get", "read"},
	transform.List:       {"list", "read"},
	transform.IndexQuery: {"list", "read"},
	transform.Sync:       {"sync", "read"},
	transform.Search:     {"search", "read"},
	transform.Create:     {"create"},
	transform.Update:     {"update"},
	transform.Delete:     {"delete"},
	transform.OnCreate:   {"listen", "read"},
	transform.OnUpdate:   {"listen", "read"},
	transform.OnDelete:   {"listen", "read"},
}
