package provision_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/provision"
)

func key(days float64) provision.AuthType {
	return provision.AuthType{Mode: "API_KEY", Settings: provision.AuthSettings{ExpirationTime: &days}}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	base := provision.APIConfig{
		APIName: "todo", TransformSchema: "type A @model { id: ID! }",
		DefaultAuth:    new(key(30)),
		AdditionalAuth: []provision.AuthType{{Mode: "AWS_IAM"}},
	}
	for _, tc := range []struct {
		name   string
		patch  provision.APIConfig
		change func(*provision.APIConfig)
	}{
		{"nothing set changes nothing", provision.APIConfig{}, func(*provision.APIConfig) {}},
		{
			"the schema is replaced whole",
			provision.APIConfig{TransformSchema: "type B @model { id: ID! }"},
			func(c *provision.APIConfig) { c.TransformSchema = "type B @model { id: ID! }" },
		},
		{
			"structures merge: a description keeps the days",
			provision.APIConfig{DefaultAuth: &provision.AuthType{Settings: provision.AuthSettings{Description: new("web")}}},
			func(c *provision.APIConfig) {
				k := key(30)
				k.Settings.Description = new("web")
				c.DefaultAuth = &k
			},
		},
		{
			"another mode begins with its own settings",
			provision.APIConfig{DefaultAuth: &provision.AuthType{Mode: "AWS_IAM"}},
			func(c *provision.APIConfig) { c.DefaultAuth = &provision.AuthType{Mode: "AWS_IAM"} },
		},
		{
			"lists are replaced whole",
			provision.APIConfig{AdditionalAuth: []provision.AuthType{{Mode: "OPENID_CONNECT"}}},
			func(c *provision.APIConfig) { c.AdditionalAuth = []provision.AuthType{{Mode: "OPENID_CONNECT"}} },
		},
		{
			"an empty list removes all",
			provision.APIConfig{AdditionalAuth: []provision.AuthType{}},
			func(c *provision.APIConfig) { c.AdditionalAuth = nil },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			want := base
			tc.change(&want)
			got := base.Merge(tc.patch)
			if len(got.AdditionalAuth) == 0 {
				got.AdditionalAuth = nil
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Merge (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMergeLeavesTheOldConfigurationAlone(t *testing.T) {
	t.Parallel()
	old := provision.APIConfig{DefaultAuth: new(key(30))}
	merged := old.Merge(provision.APIConfig{DefaultAuth: new(key(7))})
	if *old.KeyDays() != 30 || *merged.KeyDays() != 7 {
		t.Errorf("days: old %d, merged %d; want 30 and 7", *old.KeyDays(), *merged.KeyDays())
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		config provision.APIConfig
		want   string // part of the message; empty: accepted
	}{
		{"nothing at all", provision.APIConfig{}, ""},
		{"one day", provision.APIConfig{DefaultAuth: new(key(1))}, ""},
		{"365 days", provision.APIConfig{DefaultAuth: new(key(365))}, ""},
		{"no days", provision.APIConfig{DefaultAuth: new(key(0))}, "expirationTime"},
		{"too many days", provision.APIConfig{DefaultAuth: new(key(366))}, "from 1 to 365"},
		{"half a day", provision.APIConfig{DefaultAuth: new(key(1.5))}, "'1.5'"},
		{"the same mode twice", provision.APIConfig{AdditionalAuth: []provision.AuthType{{Mode: "API_KEY"}}}, "API_KEY"},
		{"a mode without a name", provision.APIConfig{AdditionalAuth: []provision.AuthType{{}}}, "additionalAuthTypes[0].mode"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := tc.config.Check("resourceConfig")
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tc.want != "" && err == nil:
				t.Errorf("accepted, want an error with %q", tc.want)
			case tc.want != "" && !strings.Contains(err.Error(), tc.want):
				t.Errorf("error %q does not say %q", err, tc.want)
			}
		})
	}
}

func TestCheckServable(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		config provision.APIConfig
		want   string
	}{
		{"the defaults", provision.APIConfig{}, ""},
		{"no conflict resolution by name", provision.APIConfig{ConflictResolution: "NONE"}, ""},
		{"conflict resolution", provision.APIConfig{ConflictResolution: "AUTOMERGE"}, "AUTOMERGE"},
		{"another default mode", provision.APIConfig{DefaultAuth: &provision.AuthType{Mode: "AWS_IAM"}}, ""},
		{"another additional mode", provision.APIConfig{AdditionalAuth: []provision.AuthType{{Mode: "AMAZON_COGNITO_USER_POOLS"}}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := tc.config.CheckServable()
			if (tc.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("CheckServable = %v, want an error with %q", err, tc.want)
			}
		})
	}
}
