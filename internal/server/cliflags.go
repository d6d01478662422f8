package server

import (
	"fmt"

	"preamp/internal/backend"
	"preamp/internal/errs"
	"preamp/internal/schemafile"
)

// settings are the backend settings that the Amplify project around the schema
// asks for in amplify/cli.json, and in amplify/cli.<env>.json, which overrides it;
// none without a project. Flags that preamp does not know are of no interest here.
func (s *schemaSource) settings(env string) (map[string]string, error) {
	settings := map[string]string{}
	if s == nil {
		return settings, nil
	}
	flags, err := schemafile.Flags(s.path, env)
	if err != nil {
		return nil, err
	}
	for _, s := range backend.KnownSettings() {
		flag, ok := flags[s.Name]
		if !ok || s.Name == backend.SettingSandbox {
			continue
		}
		if err := s.Check(flag.Value); err != nil {
			return nil, fmt.Errorf("%s: features.graphqltransformer.%s %s", flag.File, flag.Name, errs.Public(err).Message)
		}
		settings[s.Name] = flag.Value
	}
	// The older flag wins, as in the Amplify CLI, which takes a project that has
	// it with version 1 for one of version 2 that was not migrated yet.
	switch flags["useexperimentalpipelinedtransformer"].Value {
	case "false":
		settings[backend.SettingTransformer] = "1"
	case "true":
		settings[backend.SettingTransformer] = "2"
	}
	return settings, nil
}
