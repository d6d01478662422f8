package provision

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

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
				`"usesubusernamefordefaultidentityclaim":true,"sandbox":false}`,
		},
		{
			"everything changed",
			map[string]string{
				"transformerversion": "1", "sandbox": "true", "enableautoindexquerynames": "false", "improvepluralization": "true",
				"respectprimarykeyattributesonconnectionfield": "false", "subscriptionsinheritprimaryauth": "true",
				"usesubusernamefordefaultidentityclaim": "false",
			},
			transform.Options{Version: 1, Sandbox: true, Flags: transform.Flags{
				NoAutoIndexQueryNames: true, PartialRelationKeys: true, UsernameOwner: true,
				SubscriptionsInheritPrimaryAuth: true, ImprovePluralization: true,
			}},
			`{"transformerversion":1,"useexperimentalpipelinedtransformer":false,"enableautoindexquerynames":false,"improvepluralization":true,` +
				`"respectprimarykeyattributesonconnectionfield":false,"subscriptionsinheritprimaryauth":true,` +
				`"usesubusernamefordefaultidentityclaim":false,"sandbox":true}`,
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
