package provision

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/backend"
	"preamp/internal/graphql/transform"
)

func TestSettingOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		settings map[string]string
		want     transform.Options
		flags    string // graphqltransformer of cli.json
	}{
		{
			"a new environment", nil,
			transform.Options{Version: 2},
			`{"transformerversion":2,"useexperimentalpipelinedtransformer":true,"enableautoindexquerynames":true,"improvepluralization":false,` +
				`"respectprimarykeyattributesonconnectionfield":true,"subscriptionsinheritprimaryauth":false,` +
				`"usesubusernamefordefaultidentityclaim":true,"introspection":true,"sandbox":false}`,
		},
		{
			"everything changed",
			map[string]string{
				"transformerversion": "1", "sandbox": "true", "enableautoindexquerynames": "false", "improvepluralization": "true",
				"respectprimarykeyattributesonconnectionfield": "false", "subscriptionsinheritprimaryauth": "true",
				"usesubusernamefordefaultidentityclaim": "false", "introspection": "false",
			},
			transform.Options{Version: 1, Sandbox: true, NoIntrospection: true, Flags: transform.Flags{
				NoAutoIndexQueryNames: true, PartialRelationKeys: true, UsernameOwner: true,
				SubscriptionsInheritPrimaryAuth: true, ImprovePluralization: true,
			}},
			`{"transformerversion":1,"useexperimentalpipelinedtransformer":false,"enableautoindexquerynames":false,"improvepluralization":true,` +
				`"respectprimarykeyattributesonconnectionfield":false,"subscriptionsinheritprimaryauth":true,` +
				`"usesubusernamefordefaultidentityclaim":false,"introspection":false,"sandbox":true}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, settingOptions(tt.settings)); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
			got, err := json.Marshal((&Provisioner{}).FeatureFlags(View{Settings: tt.settings}).Features.Transformer)
			if err != nil || string(got) != tt.flags {
				t.Errorf("flags %s, %v; want %s", got, err, tt.flags)
			}
		})
	}
}

// Every setting that there is can be seen in GetBackend, with its value.
func TestSettingsAreFeatureFlags(t *testing.T) {
	t.Parallel()
	shown := func(settings map[string]string) map[string]any {
		t.Helper()
		raw, err := json.Marshal((&Provisioner{}).FeatureFlags(View{Settings: settings}).Features.Transformer)
		var got map[string]any
		if err == nil {
			err = json.Unmarshal(raw, &got)
		}
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	// text is a flag as a setting writes it.
	text := func(flag any) string {
		raw, err := json.Marshal(flag)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Trim(string(raw), `"`)
	}
	for _, s := range backend.KnownSettings() {
		for _, value := range s.Values {
			if got := text(shown(map[string]string{s.Name: value})[s.Name]); got != value {
				t.Errorf("%s=%s is shown as %s", s.Name, value, got)
			}
		}
	}
	for _, s := range backend.FreeSettings() {
		if got := text(shown(map[string]string{s.Name: "authorize"})[s.Name]); got != "authorize" {
			t.Errorf("%s=authorize is shown as %s", s.Name, got)
		}
	}
	for _, s := range backend.ModelSettings() {
		group, _, _ := strings.Cut(s.Name, ".")
		for _, value := range s.Values {
			got := shown(map[string]string{strings.ReplaceAll(s.Name, "<Model>", "Post"): value})[group]
			if diff := cmp.Diff(map[string]any{"Post": value}, got); diff != "" {
				t.Errorf("%s=%s (-want +got):\n%s", s.Name, value, diff)
			}
		}
	}
}
