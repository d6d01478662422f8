package provision

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"preamp/internal/backend"
	"preamp/internal/db"
	"preamp/internal/graphql/transform"
)

func value(settings map[string]string, name string) string {
	if v, ok := settings[name]; ok {
		return v
	}
	return backend.DefaultSetting(name)
}

func isOn(settings map[string]string, name string) bool { return value(settings, name) == "true" }

// settingOptions are the options of a compilation that settings decide.
func settingOptions(settings map[string]string) transform.Options {
	o := transform.Options{
		Version: 2,
		Sandbox: isOn(settings, backend.SettingSandbox),

		NoIntrospection: !isOn(settings, backend.SettingIntrospection),
		Flags: transform.Flags{
			NoAutoIndexQueryNames:           !isOn(settings, backend.SettingAutoIndexNames),
			PartialRelationKeys:             !isOn(settings, backend.SettingRelationKeys),
			UsernameOwner:                   !isOn(settings, backend.SettingSubUsername),
			SubscriptionsInheritPrimaryAuth: isOn(settings, backend.SettingSubscriptionsAuth),
			ImprovePluralization:            isOn(settings, backend.SettingPluralization),
		},
	}
	if value(settings, backend.SettingTransformer) == "1" {
		o.Version = 1
	}
	return o
}

// EnvSettings are all backend settings of an environment, those that were never
// stored with their defaults. errs.NotFound when app or environment do not exist.
func (p *Provisioner) EnvSettings(ctx context.Context, app, env string) (map[string]string, error) {
	all := map[string]string{}
	for _, s := range append(backend.KnownSettings(), backend.FreeSettings()...) {
		all[s.Name] = backend.DefaultSetting(s.Name)
	}
	err := p.Set.Control().Read(ctx, func(q *db.Query) error {
		e, err := p.Registry.Env(q, app, env)
		if err != nil {
			return err
		}
		stored, err := p.Registry.Settings(q, e.UID)
		maps.Copy(all, stored)
		return err
	})
	return all, err
}

// PutSettings stores backend settings, all or none. They count from the next
// push. errs.Invalid for an unknown setting or value, errs.NotFound when app or
// environment do not exist.
func (p *Provisioner) PutSettings(ctx context.Context, app, env string, settings map[string]string) error {
	err := p.Set.Control().Tx(ctx, func(tx *db.Tx) error {
		e, err := p.Registry.Env(tx.Query(), app, env)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(settings)) {
			if err := p.Registry.PutSetting(tx, e.UID, name, settings[name]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("put settings: %w", err)
	}
	return nil
}

// FeatureFlags is the content of cli.json: all backend settings, under the names
// that they are set by.
type FeatureFlags struct {
	Features struct {
		Transformer struct {
			Version           int  `json:"transformerversion"`
			Experimental      bool `json:"useexperimentalpipelinedtransformer"`
			AutoIndexNames    bool `json:"enableautoindexquerynames"`
			Pluralization     bool `json:"improvepluralization"`
			RelationKeys      bool `json:"respectprimarykeyattributesonconnectionfield"`
			SubscriptionsAuth bool `json:"subscriptionsinheritprimaryauth"`
			SubUsername       bool `json:"usesubusernamefordefaultidentityclaim"`
			// TokenIssuer is told when it is set: it concerns user pools alone.
			TokenIssuer string `json:"tokenissuer,omitempty"`
			// The rest has no place in Amplify's file, which keeps it with the API.
			Introspection    bool              `json:"introspection"`
			Sandbox          bool              `json:"sandbox"`
			LambdaAuthorizer string            `json:"lambdaauthorizer,omitempty"`
			Conflicts        map[string]string `json:"conflict,omitempty"`
		} `json:"graphqltransformer"`
		Codegen struct {
			ModelIntrospection bool `json:"usemodelintrospection"`
		} `json:"codegen"`
	} `json:"features"`
}

// FeatureFlags are those of an environment.
func (p *Provisioner) FeatureFlags(v View) FeatureFlags {
	var f FeatureFlags
	t, o := &f.Features.Transformer, settingOptions(v.Settings)
	t.Version, t.Experimental, t.Sandbox = o.Version, o.Version == 2, o.Sandbox
	t.AutoIndexNames = !o.Flags.NoAutoIndexQueryNames
	t.Pluralization = o.Flags.ImprovePluralization
	t.RelationKeys = !o.Flags.PartialRelationKeys
	t.SubscriptionsAuth = o.Flags.SubscriptionsInheritPrimaryAuth
	t.SubUsername = !o.Flags.UsernameOwner
	t.TokenIssuer = v.Settings[backend.SettingTokenIssuer]
	t.Introspection = !o.NoIntrospection
	t.Conflicts = backend.Conflicts(v.Settings)
	t.LambdaAuthorizer = v.Settings[backend.SettingLambdaAuthorizer]
	f.Features.Codegen.ModelIntrospection = true
	return f
}
