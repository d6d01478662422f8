package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"preamp/internal/amplifybackend"
	"preamp/internal/authn"
	"preamp/internal/backend"
	"preamp/internal/errs"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

// Modes are the auth modes that a schema needs under the settings of its
// environment, the default one first. A schema that cannot be read needs what a
// plain one needs: the push says what is wrong with it.
func Modes(source string, settings map[string]string) []authn.Mode {
	version, sandbox := 2, settings[backend.SettingSandbox] == "true"
	if settings[backend.SettingTransformer] == "1" {
		version = 1
	}
	var needed []authn.Mode
	ruled := false
	if doc, err := schema.ParseFor(source, version); err == nil {
		needed = transform.Providers(doc, version)
		for _, d := range doc.AST.Definitions {
			if d.Directives.ForName("model") == nil {
				continue
			}
			ruled = ruled || d.Directives.ForName("auth") != nil
			for _, f := range d.Fields {
				ruled = ruled || f.Directives.ForName("auth") != nil
			}
		}
	}
	// A function as authorizer is a setting, and no mode of an API.
	needed = slices.DeleteFunc(needed, func(m authn.Mode) bool { return m == authn.Lambda })
	var modes []authn.Mode
	for _, m := range []authn.Mode{authn.APIKey, authn.UserPool, authn.IAM, authn.OIDC} {
		if slices.Contains(needed, m) || m == authn.APIKey && !ruled {
			modes = append(modes, m)
		}
	}
	if len(modes) == 0 || sandbox && !slices.Contains(modes, authn.APIKey) {
		modes = append(modes, authn.APIKey)
	}
	return modes
}

// Providers say whose tokens an API accepts: the OpenID Connect issuer for rules
// with provider: oidc, and the user pool for those of users, owners and groups.
type Providers struct{ Issuer, ClientID, UserPool string }

// AuthTypes are modes as the operations take them. What the API has configured
// keeps its settings, and modes that the schema does not need stay. errs.Invalid
// when there is a rule for OpenID Connect and no issuer.
func AuthTypes(modes []authn.Mode, p Providers, present *amplifybackend.BackendAPIResourceConfig) (first *amplifybackend.BackendAPIAuthType, others []amplifybackend.BackendAPIAuthType, err error) {
	var has []amplifybackend.BackendAPIAuthType
	if present != nil {
		if present.DefaultAuthType != nil {
			has = append(has, *present.DefaultAuthType)
		}
		has = append(has, present.AdditionalAuthTypes...)
	}
	find := func(m authn.Mode) *amplifybackend.BackendAPIAuthType {
		for i := range has {
			if has[i].Mode != nil && *has[i].Mode == string(m) {
				return &has[i]
			}
		}
		return nil
	}
	var all []amplifybackend.BackendAPIAuthType
	for _, m := range modes {
		t := amplifybackend.BackendAPIAuthType{Mode: new(string(m))}
		if before := find(m); before != nil {
			t.Settings = before.Settings
		}
		switch m {
		case authn.OIDC:
			if t.Settings, err = p.issuer(t.Settings); err != nil {
				return nil, nil, err
			}
		case authn.UserPool:
			t.Settings = p.pool(t.Settings)
		}
		all = append(all, t)
	}
	for _, t := range has {
		if t.Mode != nil && !slices.Contains(modes, authn.Mode(*t.Mode)) {
			all = append(all, t)
		}
	}
	if len(all) == 1 && len(has) == 0 {
		return &all[0], nil, nil
	}
	// A list that is empty, and not absent, removes what was there.
	return &all[0], append([]amplifybackend.BackendAPIAuthType{}, all[1:]...), nil
}

// pool are the settings of user pools, on top of the present ones.
func (p Providers) pool(present *amplifybackend.BackendAPIAppSyncAuthSettings) *amplifybackend.BackendAPIAppSyncAuthSettings {
	if p.UserPool == "" {
		return present
	}
	s := amplifybackend.BackendAPIAppSyncAuthSettings{}
	if present != nil {
		s = *present
	}
	s.CognitoUserPoolID = &p.UserPool
	return &s
}

// issuer are the settings of OpenID Connect, on top of the present ones.
func (p Providers) issuer(present *amplifybackend.BackendAPIAppSyncAuthSettings) (*amplifybackend.BackendAPIAppSyncAuthSettings, error) {
	s := amplifybackend.BackendAPIAppSyncAuthSettings{}
	if present != nil {
		s = *present
	}
	if p.Issuer != "" {
		s.OpenIDIssueURL = &p.Issuer
	}
	if p.ClientID != "" {
		s.OpenIDClientID = &p.ClientID
	}
	if s.OpenIDIssueURL == nil || *s.OpenIDIssueURL == "" {
		return nil, errs.E(errs.Invalid, "the schema has rules for OpenID Connect (provider: oidc): name the issuer of the tokens with --oidc-issuer URL, and with --oidc-client-id ID the client that they are made for")
	}
	return &s, nil
}

// sameAuth says whether an API has the auth types already.
func sameAuth(present *amplifybackend.BackendAPIResourceConfig, first *amplifybackend.BackendAPIAuthType, others []amplifybackend.BackendAPIAuthType) (bool, error) {
	form := func(first *amplifybackend.BackendAPIAuthType, others []amplifybackend.BackendAPIAuthType) ([]byte, error) {
		all := append([]amplifybackend.BackendAPIAuthType{}, others...)
		if first != nil {
			all = append(all, *first)
		}
		for i := range all {
			if all[i].Settings == nil {
				all[i].Settings = &amplifybackend.BackendAPIAppSyncAuthSettings{}
			}
		}
		return json.Marshal(all)
	}
	if present == nil {
		return false, nil
	}
	before, err := form(present.DefaultAuthType, present.AdditionalAuthTypes)
	if err != nil {
		return false, fmt.Errorf("compare auth types: %w", err)
	}
	after, err := form(first, others)
	if err != nil {
		return false, fmt.Errorf("compare auth types: %w", err)
	}
	return bytes.Equal(before, after), nil
}
