package server

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// schemaSource is the schema that a development server keeps up with.
type schemaSource struct {
	name string // as the user called it
	path string // absolute
	dir  bool
	// api is the resource name that an Amplify project gives; else empty.
	api string
}

// projectSchemas are the places of a schema in an Amplify project.
var projectSchemas = []string{"amplify/backend/api/*/schema.graphql", "amplify/backend/api/*/schema"}

// findSchema resolves --schema. Without one it looks for an Amplify project in
// this folder; nil when there is none.
func findSchema(arg string) (*schemaSource, error) {
	if arg == "" {
		for _, pattern := range projectSchemas {
			found, _ := filepath.Glob(pattern)
			switch len(found) {
			case 0:
			case 1:
				s, err := findSchema(found[0])
				if s != nil {
					s.api = filepath.Base(filepath.Dir(found[0]))
				}
				return s, err
			default:
				return nil, fmt.Errorf("this Amplify project has several APIs (%s): choose one with --schema", strings.Join(found, ", "))
			}
		}
		return nil, nil //nolint:nilnil // no schema is not an error: an empty server starts
	}
	path, err := filepath.Abs(arg)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("--schema: %w", err)
	}
	return &schemaSource{name: arg, path: path, dir: info.IsDir()}, nil
}

var notName = regexp.MustCompile(`[^A-Za-z0-9]+`)

// resourceName is the API's name in the app: letters and digits.
func resourceName(app string) string {
	if n := notName.ReplaceAllString(app, ""); n != "" {
		return n
	}
	return "api"
}

// appName is the name of the app: as asked, else of the folder the schema is in.
func appName(asked string, s *schemaSource) string {
	if asked != "" {
		return asked
	}
	if s == nil {
		return "app"
	}
	if s.api != "" {
		return s.api
	}
	dir := s.path
	if !s.dir {
		dir = filepath.Dir(s.path)
	}
	if n := strings.Trim(notName.ReplaceAllString(filepath.Base(dir), "-"), "-"); n != "" {
		return n
	}
	return "app"
}
