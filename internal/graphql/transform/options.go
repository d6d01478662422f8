package transform

import (
	"slices"

	"preamp/internal/authn"
)

// Options are what a compilation depends on beside the schema. The zero value
// is a fresh backend with API keys only.
type Options struct {
	// Version is the transformer to use when the schema does not decide: 1, 2,
	// or 0 for the default, 2.
	Version int `json:"version,omitempty"`
	// Sandbox makes models without @auth reachable with an API key (version 2).
	Sandbox bool `json:"sandbox,omitempty"`
	// DefaultAuth is the default mode; empty is API_KEY.
	DefaultAuth authn.Mode `json:"defaultAuth,omitempty"`
	// AuthModes are the modes configured beside the default one.
	AuthModes []authn.Mode `json:"authModes,omitempty"`
	// Conflict is the conflict resolution of the whole project.
	Conflict Conflict `json:"conflict,omitempty"`
	// NoIntrospection makes an API that does not describe itself.
	NoIntrospection bool `json:"noIntrospection,omitempty"`
	// TablePrefix is put before every physical table and index name.
	TablePrefix string `json:"tablePrefix,omitempty"`
	Flags       Flags  `json:"flags,omitzero"`
}

// Conflict is a conflict resolution strategy of DataStore.
type Conflict string

// The strategies. Any but NoConflict adds the sync fields to the schema.
const (
	NoConflict Conflict = ""
	AutoMerge  Conflict = "AUTOMERGE"
	Optimistic Conflict = "OPTIMISTIC_CONCURRENCY"
	ByLambda   Conflict = "LAMBDA"
)

// Flags are settings of old projects. The zero value is what the official
// tools do for a new project.
type Flags struct {
	// NoAutoIndexQueryNames is enableAutoIndexQueryNames = false: an index
	// without queryField has no query.
	NoAutoIndexQueryNames bool `json:"noAutoIndexQueryNames,omitempty"`
	// PartialRelationKeys is respectPrimaryKeyAttributesOnConnectionField =
	// false: foreign keys of relations end in Id whatever the key is called.
	PartialRelationKeys bool `json:"partialRelationKeys,omitempty"`
	// UsernameOwner is useSubUsernameForDefaultIdentityClaim = false.
	UsernameOwner bool `json:"usernameOwner,omitempty"`
	// SubscriptionsInheritPrimaryAuth is the flag of that name.
	SubscriptionsInheritPrimaryAuth bool `json:"subscriptionsInheritPrimaryAuth,omitempty"`
	// ImprovePluralization is the flag of that name, version 1 only.
	ImprovePluralization bool `json:"improvePluralization,omitempty"`
}

func (o Options) defaultAuth() authn.Mode {
	if o.DefaultAuth == "" {
		return authn.APIKey
	}
	return o.DefaultAuth
}

func (o Options) hasAuth(m authn.Mode) bool {
	return m == o.defaultAuth() || slices.Contains(o.AuthModes, m)
}

func (o Options) sync() bool { return o.Conflict != NoConflict && o.Conflict != "NONE" }
