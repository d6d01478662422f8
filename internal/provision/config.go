package provision

import (
	"slices"

	"preamp/internal/authn"
	"preamp/internal/errs"
)

// APIConfig is the configuration of a GraphQL API as its owner wants it: the
// resourceConfig of the API operations. Absent members are nil or empty.
type APIConfig struct {
	APIName            string     `json:"apiName,omitempty"`
	Service            string     `json:"service,omitempty"`
	TransformSchema    string     `json:"transformSchema,omitempty"`
	ConflictResolution string     `json:"conflictResolution,omitempty"`
	DefaultAuth        *AuthType  `json:"defaultAuthType,omitempty"`
	AdditionalAuth     []AuthType `json:"additionalAuthTypes,omitempty"`
}

// AuthType is an authorization mode of an API with its settings.
type AuthType struct {
	Mode     string       `json:"mode,omitempty"`
	Settings AuthSettings `json:"settings,omitzero"`
}

// AuthSettings are the settings of an authorization mode. ExpirationTime is in
// days.
type AuthSettings struct {
	CognitoUserPoolID  *string  `json:"cognitoUserPoolId,omitempty"`
	Description        *string  `json:"description,omitempty"`
	ExpirationTime     *float64 `json:"expirationTime,omitempty"`
	OpenIDAuthTTL      *string  `json:"openIDAuthTTL,omitempty"`
	OpenIDClientID     *string  `json:"openIDClientId,omitempty"`
	OpenIDIatTTL       *string  `json:"openIDIatTTL,omitempty"`
	OpenIDIssueURL     *string  `json:"openIDIssueURL,omitempty"`
	OpenIDProviderName *string  `json:"openIDProviderName,omitempty"`
}

// The life of an API key in days. Without expirationTime a key gets the longest
// (a choice of preamp; what the service does is not known).
const (
	minKeyDays     = 1
	maxKeyDays     = 365
	defaultKeyDays = 365
)

// Default is the mode that serves a request which names no other: API_KEY
// unless the owner chose.
func (c APIConfig) Default() authn.Mode {
	if c.DefaultAuth == nil || c.DefaultAuth.Mode == "" {
		return authn.APIKey
	}
	return authn.Mode(c.DefaultAuth.Mode)
}

// Modes are all modes, the default first.
func (c APIConfig) Modes() []authn.Mode {
	modes := []authn.Mode{c.Default()}
	for _, a := range c.AdditionalAuth {
		modes = append(modes, authn.Mode(a.Mode))
	}
	return modes
}

// key is the authorization type of the API key, if there is one.
func (c APIConfig) key() (AuthType, bool) { return c.mode(authn.APIKey) }

// KeyDays is the life of the API key that this configuration asks for, in days;
// nil when it does not say.
func (c APIConfig) KeyDays() *int {
	a, ok := c.key()
	if !ok || a.Settings.ExpirationTime == nil {
		return nil
	}
	return new(int(*a.Settings.ExpirationTime))
}

// Merge is c with the members that patch sets (RFC 7396, member by member:
// structures recursively, lists and the schema as a whole). A list in patch that
// is empty but not nil removes all.
func (c APIConfig) Merge(patch APIConfig) APIConfig {
	replace(&c.APIName, patch.APIName)
	replace(&c.Service, patch.Service)
	replace(&c.TransformSchema, patch.TransformSchema)
	replace(&c.ConflictResolution, patch.ConflictResolution)
	if patch.DefaultAuth != nil {
		merged := AuthType{}
		// Another mode begins with settings of its own.
		if c.DefaultAuth != nil && (patch.DefaultAuth.Mode == "" || patch.DefaultAuth.Mode == c.DefaultAuth.Mode) {
			merged = *c.DefaultAuth
		}
		replace(&merged.Mode, patch.DefaultAuth.Mode)
		merged.Settings = merged.Settings.merge(patch.DefaultAuth.Settings)
		c.DefaultAuth = &merged
	}
	if patch.AdditionalAuth != nil {
		c.AdditionalAuth = slices.Clone(patch.AdditionalAuth)
	}
	return c
}

func (s AuthSettings) merge(patch AuthSettings) AuthSettings {
	for _, m := range []struct{ to, from **string }{
		{&s.CognitoUserPoolID, &patch.CognitoUserPoolID},
		{&s.Description, &patch.Description},
		{&s.OpenIDAuthTTL, &patch.OpenIDAuthTTL},
		{&s.OpenIDClientID, &patch.OpenIDClientID},
		{&s.OpenIDIatTTL, &patch.OpenIDIatTTL},
		{&s.OpenIDIssueURL, &patch.OpenIDIssueURL},
		{&s.OpenIDProviderName, &patch.OpenIDProviderName},
	} {
		if *m.from != nil {
			*m.to = *m.from
		}
	}
	if patch.ExpirationTime != nil {
		s.ExpirationTime = patch.ExpirationTime
	}
	return s
}

func replace(to *string, from string) {
	if from != "" {
		*to = from
	}
}

// CheckServable refuses, by name, what this version cannot honour yet. It is
// judged in the job.
func (c APIConfig) CheckServable() error {
	if s := c.ConflictResolution; s != "" && s != "NONE" {
		return errs.E(errs.Invalid, "conflictResolution.resolutionStrategy %s is not available in this version: only NONE is", s)
	}
	return nil
}
