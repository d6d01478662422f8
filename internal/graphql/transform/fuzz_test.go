package transform_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"preamp/internal/authn"
	"preamp/internal/errs"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

// FuzzExpand compiles whatever comes, in both versions, and makes sure that
// every refusal is an Invalid error and that the result can be merged.
func FuzzExpand(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	directives, err := filepath.Glob("testdata/directives/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range slices.Concat(files, directives) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range txtar.Parse(text).Files {
			if part.Name == "schema.graphql" {
				f.Add(string(part.Data), true)
				f.Add(string(part.Data), false)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string, sync bool) {
		modes := []authn.Mode{authn.UserPool, authn.IAM, authn.OIDC, authn.Lambda}
		opt := transform.Options{Sandbox: sync, AuthModes: modes}
		if sync {
			opt.Conflict = transform.AutoMerge
		}
		for version := range 3 {
			doc, err := schema.ParseAs(text, version)
			if err != nil {
				invalid(t, err)
				continue
			}
			opt.Version = version
			api, err := transform.Expand(doc, opt)
			if err != nil {
				invalid(t, err)
				continue
			}
			if err := transform.CheckServable(doc, api, opt); err != nil {
				invalid(t, err)
			} else if api.Schema == nil {
				t.Errorf("servable without a schema: %v", api.Invalid)
			}
			if _, changes, err := transform.Merge(api.Layout, api.Layout); err != nil || len(changes) > 0 {
				t.Errorf("merging a layout with itself: %v, %v", changes, err)
			}
		}
	})
}

func invalid(t *testing.T, err error) {
	t.Helper()
	if errs.KindOf(err) != errs.Invalid {
		t.Errorf("not an Invalid error: %v", err)
	}
}
