package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"preamp/internal/backend"
	"preamp/internal/errs"
)

// settings are the backend settings that the Amplify project around the schema
// asks for in amplify/cli.json; none without a project. Flags that preamp does
// not know are of no interest here.
func (s *schemaSource) settings() (map[string]string, error) {
	file := s.projectFlags()
	if file == "" {
		return map[string]string{}, nil
	}
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	settings, err := readFlags(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return settings, nil
}

// projectFlags is the cli.json of amplify/backend/api/<name>/schema[.graphql].
func (s *schemaSource) projectFlags() string {
	if s == nil {
		return ""
	}
	apis := filepath.Dir(filepath.Dir(s.path))
	above := filepath.Dir(apis)
	if filepath.Base(apis) != "api" || filepath.Base(above) != "backend" {
		return ""
	}
	return filepath.Join(filepath.Dir(above), "cli.json")
}

// readFlags takes the settings from features.graphqltransformer. Old projects
// write names in camel case.
func readFlags(raw []byte) (map[string]string, error) {
	var file struct {
		Features struct {
			Transformer map[string]any `json:"graphqltransformer"`
		} `json:"features"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	settings := map[string]string{}
	pipelined := ""
	for flag, v := range file.Features.Transformer {
		value := fmt.Sprint(v)
		if strings.EqualFold(flag, "useExperimentalPipelinedTransformer") {
			pipelined = value
			continue
		}
		s, ok := backend.FindSetting(flag)
		if !ok || s.Name == backend.SettingSandbox {
			continue
		}
		if err := s.Check(value); err != nil {
			return nil, fmt.Errorf("features.graphqltransformer.%s %s", flag, errs.Public(err).Message)
		}
		settings[s.Name] = value
	}
	// The older flag wins, as in the Amplify CLI, which takes a project that has
	// it with version 1 for one of version 2 that was not migrated yet.
	switch pipelined {
	case "false":
		settings[backend.SettingTransformer] = "1"
	case "true":
		settings[backend.SettingTransformer] = "2"
	}
	return settings, nil
}
