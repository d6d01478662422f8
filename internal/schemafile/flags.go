package schemafile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFlags bounds a file of feature flags.
const maxFlags = 1 << 20

// Flag is a feature flag of an Amplify project.
type Flag struct {
	// Name is as the file writes it, Value its JSON text without quotes.
	Name, Value string
	// File is the file that decides.
	File string
}

// Flags are the feature flags of GraphQL (features.graphqltransformer) in the
// Amplify project that the schema belongs to, by their names in lower case: old
// projects write them in camel case. amplify/cli.<env>.json overrides
// amplify/cli.json flag by flag, as in the Amplify CLI. Without files, or when the
// schema is not amplify/backend/api/<name>/schema, there are none.
func Flags(schema, env string) (map[string]Flag, error) {
	flags := map[string]Flag{}
	dir, ok := projectOf(schema)
	if !ok {
		return flags, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	names := []string{"cli.json"}
	if name := "cli." + env + ".json"; env != "" && filepath.IsLocal(name) && filepath.Base(name) == name {
		names = append(names, name)
	}
	for _, name := range names {
		file := filepath.Join(dir, name)
		raw, err := readFlags(root, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var found map[string]any
		if err == nil {
			found, err = parseFlags(raw)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		// In this order the name in lower case comes last, and counts.
		for _, name := range slices.Sorted(maps.Keys(found)) {
			if v := found[name]; v != nil {
				flags[strings.ToLower(name)] = Flag{Name: name, Value: fmt.Sprint(v), File: file}
			}
		}
	}
	return flags, nil
}

// projectOf is the folder amplify of amplify/backend/api/<name>/schema[.graphql].
func projectOf(schema string) (dir string, ok bool) {
	apis := filepath.Dir(filepath.Dir(schema))
	above := filepath.Dir(apis)
	return filepath.Dir(above), filepath.Base(apis) == "api" && filepath.Base(above) == "backend"
}

func readFlags(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxFlags+1))
	if err == nil && len(raw) > maxFlags {
		err = fmt.Errorf("the file is larger than %d bytes", maxFlags)
	}
	return raw, err
}

// parseFlags reads the section of a file; numbers stay as they are written.
func parseFlags(raw []byte) (map[string]any, error) {
	var file struct {
		Features struct {
			Transformer map[string]any `json:"graphqltransformer"`
		} `json:"features"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&file); err != nil {
		return nil, err
	}
	return file.Features.Transformer, nil
}
