package provision

import (
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/backend"
)

// view is an environment with two APIs, the second one with a description.
func view() View {
	pushed := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	return View{
		App: backend.App{ID: "d1a2b3c4d5e6f7", Name: "My Todo & Shop"}, Env: backend.Env{UID: "abcdefghijklmnop", App: "d1a2b3c4d5e6f7", Name: "dev"},
		Sandbox: true,
		APIs: []APIView{
			{
				Name: "todo", ID: "abcdefghijklmnopqrstuvwxyz", Endpoint: "http://127.0.0.1:4500/api/abcdefghijklmnopqrstuvwxyz/graphql",
				APIKey: "da2-abcdefghijklmnopqrstuvwxyz", KeyExpires: pushed.AddDate(1, 0, 0), Pushed: pushed, Digest: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
			},
			{
				Name: "alpha", ID: "zzcdefghijklmnopqrstuvwxyz", Endpoint: "http://127.0.0.1:4500/api/zzcdefghijklmnopqrstuvwxyz/graphql",
				APIKey: "da2-zzcdefghijklmnopqrstuvwxyz", Pushed: pushed,
				Config: APIConfig{DefaultAuth: &AuthType{Mode: "API_KEY", Settings: AuthSettings{Description: new("web"), ExpirationTime: new(30.0)}}},
			},
		},
	}
}

func provisioner() *Provisioner {
	return &Provisioner{Config: Config{Region: "us-east-1", BaseURL: func() string { return "http://127.0.0.1:4500" }, Logger: slog.New(slog.DiscardHandler)}}
}

func TestMeta(t *testing.T) {
	t.Parallel()
	text, err := Encode(provisioner().Meta(view()))
	if err != nil {
		t.Fatal(err)
	}
	// What public scripts do with it.
	if !regexp.MustCompile(`"GraphQLAPIIdOutput":"[a-z0-9]{26}"`).MatchString(text) {
		t.Errorf("scripts grep the API id without a blank after the colon: %s", text)
	}
	if i, j := strings.Index(text, `"todo"`), strings.Index(text, `"alpha"`); i < 0 || j < i {
		t.Error("scripts take the first API: it has to be the oldest, not the first of the alphabet")
	}
	if strings.Contains(text, `\u0026`) {
		t.Error("HTML escapes in the text")
	}
	var meta struct {
		Providers struct {
			AWS map[string]string `json:"awscloudformation"`
		} `json:"providers"`
		API map[string]struct {
			Service    string
			DependsOn  []any             `json:"dependsOn"`
			Output     map[string]any    `json:"output"`
			Metadata   map[string]string `json:"providerMetadata"`
			LastPushed string            `json:"lastPushTimeStamp"`
		} `json:"api"`
	}
	if err := json.Unmarshal([]byte(text), &meta); err != nil {
		t.Fatal(err)
	}
	stack := meta.Providers.AWS["StackName"]
	if !regexp.MustCompile(`^amplify-mytodoshop-dev-\d{5}$`).MatchString(stack) {
		t.Errorf("StackName = %q", stack)
	}
	want := map[string]string{
		"AuthRoleName": stack + "-authRole", "AuthRoleArn": "arn:aws:iam::000000000000:role/" + stack + "-authRole",
		"UnauthRoleName": stack + "-unauthRole", "UnauthRoleArn": "arn:aws:iam::000000000000:role/" + stack + "-unauthRole",
		"Region": "us-east-1", "DeploymentBucketName": stack + "-deployment", "StackName": stack,
		"StackId": meta.Providers.AWS["StackId"], "AmplifyAppId": "d1a2b3c4d5e6f7",
	}
	if diff := cmp.Diff(want, meta.Providers.AWS); diff != "" {
		t.Errorf("providers (-want +got):\n%s", diff)
	}
	if !regexp.MustCompile(`^arn:aws:cloudformation:us-east-1:000000000000:stack/` + stack + `/[0-9a-f-]{36}$`).MatchString(want["StackId"]) {
		t.Errorf("StackId = %q", want["StackId"])
	}
	todo := meta.API["todo"]
	wantOutput := map[string]any{
		"GraphQLAPIIdOutput": "abcdefghijklmnopqrstuvwxyz", "GraphQLAPIKeyOutput": "da2-abcdefghijklmnopqrstuvwxyz",
		"GraphQLAPIEndpointOutput": "http://127.0.0.1:4500/api/abcdefghijklmnopqrstuvwxyz/graphql",
		"globalSandboxModeConfig":  map[string]any{"env": "dev"},
		"authConfig": map[string]any{
			"defaultAuthentication": map[string]any{"authenticationType": "API_KEY", "apiKeyConfig": map[string]any{
				"apiKeyExpirationDays": 365.0, "apiKeyExpirationDate": "2027-01-15T12:00:00.000Z",
			}},
			"additionalAuthenticationProviders": []any{},
		},
	}
	if diff := cmp.Diff(wantOutput, todo.Output); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if todo.LastPushed != "2026-01-15T12:00:00.000Z" || todo.DependsOn == nil || todo.Metadata["logicalId"] != "apitodo" {
		t.Errorf("API = %+v", todo)
	}
}

func TestMetaWithoutAPIs(t *testing.T) {
	t.Parallel()
	v := view()
	v.APIs = nil
	text, err := Encode(provisioner().Meta(v))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, `"api"`) {
		t.Errorf("an environment without APIs has no api category: %s", text)
	}
}

func TestStackNameBelongsToTheEnvironment(t *testing.T) {
	t.Parallel()
	one := stackName("todo", backend.Env{UID: "aaaaaaaaaaaaaaaa", Name: "dev"})
	if again := stackName("todo", backend.Env{UID: "aaaaaaaaaaaaaaaa", Name: "dev"}); again != one {
		t.Errorf("the same environment has two names: %s, %s", one, again)
	}
	if other := stackName("todo", backend.Env{UID: "bbbbbbbbbbbbbbbb", Name: "dev"}); other == one {
		t.Errorf("an environment made later under the same name has the same stack name %s", one)
	}
	if got := stackName("日本", backend.Env{UID: "aaaaaaaaaaaaaaaa", Name: "dev"}); !strings.HasPrefix(got, "amplify-app-dev-") {
		t.Errorf("stack name of an app without ASCII letters: %s", got)
	}
}
