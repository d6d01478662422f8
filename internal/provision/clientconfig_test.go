package provision

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestClientConfig(t *testing.T) {
	t.Parallel()
	c := clientConfig{view: view(), region: "us-east-1", introspection: json.RawMessage(`{"version":1}`)}
	const endpoint, key = "http://127.0.0.1:4500/api/abcdefghijklmnopqrstuvwxyz/graphql", "da2-abcdefghijklmnopqrstuvwxyz"
	for _, tc := range []struct {
		name string
		got  object
		want string
	}{
		{"hybrid", c.hybrid(), `{"version":"0-preamp",
			"API":{"GraphQL":{"endpoint":"` + endpoint + `","region":"us-east-1","defaultAuthMode":"apiKey","apiKey":"` + key + `","modelIntrospection":{"version":1}}},
			"data":{"aws_region":"us-east-1","url":"` + endpoint + `","default_authorization_type":"API_KEY","authorization_types":[],"api_key":"` + key + `"}}`},
		{"outputs", c.outputs(), `{"version":"1.4","data":{"aws_region":"us-east-1","url":"` + endpoint + `","default_authorization_type":"API_KEY",
			"authorization_types":[],"api_key":"` + key + `","model_introspection":{"version":1}}}`},
		{"aws-exports", c.awsExports(), `{"aws_project_region":"us-east-1","aws_appsync_graphqlEndpoint":"` + endpoint + `","aws_appsync_region":"us-east-1",
			"aws_appsync_authenticationType":"API_KEY","aws_appsync_apiKey":"` + key + `"}`},
		{"native", c.native(), `{"UserAgent":"aws-amplify-cli/2.0","Version":"1.0","api":{"plugins":{"awsAPIPlugin":{
			"todo":{"endpointType":"GraphQL","endpoint":"` + endpoint + `","region":"us-east-1","authorizationType":"API_KEY","apiKey":"` + key + `"},
			"alpha":{"endpointType":"GraphQL","endpoint":"http://127.0.0.1:4500/api/zzcdefghijklmnopqrstuvwxyz/graphql","region":"us-east-1","authorizationType":"API_KEY","apiKey":"da2-zzcdefghijklmnopqrstuvwxyz"}}}}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			raw, err := pretty(tc.got)
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(raw, &got); err != nil {
				t.Fatalf("%v in %s", err, raw)
			}
			if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The three forms are told apart by aws-amplify 6 by their keys.
func TestHybridIsReadAsResourcesConfig(t *testing.T) {
	t.Parallel()
	raw, err := pretty(clientConfig{view: view(), region: "us-east-1"}.hybrid())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), `"aws_project_region"`) || strings.HasPrefix(strings.TrimSpace(string(raw)), `{"version": "1`) {
		t.Errorf("aws-amplify would read this as aws-exports or Gen 2 outputs:\n%s", raw)
	}
}
