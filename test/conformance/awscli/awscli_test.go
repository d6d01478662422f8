package awscli_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/test/harness"
)

// suite is the CLI, and a client that waits for jobs quickly.
type suite struct {
	cli
	server *harness.Server
	client *harness.Client
}

func start(t *testing.T) suite {
	t.Helper()
	harness.Without(t, "awscli")
	s := harness.Dev(t)
	return suite{cli: newCLI(t, s.Status.URL, s.Key, s.Secret), server: s, client: s.Client()}
}

// completed waits for the job that an operation made.
func (s suite) completed(t *testing.T, answer harness.M) harness.M {
	t.Helper()
	job := s.ended(t, answer)
	if job["status"] != "COMPLETED" {
		t.Fatalf("job ended %v", job)
	}
	return job
}

func (s suite) ended(t *testing.T, answer harness.M) harness.M {
	t.Helper()
	env, ok := answer["BackendEnvironmentName"].(string)
	if !ok {
		env = "dev"
	}
	job, err := s.client.WaitJob(t.Context(), fmt.Sprint(answer["AppId"]), env, fmt.Sprint(answer["JobId"]), harness.JobLimit)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// members wants exactly these members.
func members(t *testing.T, answer harness.M, want ...string) {
	t.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(answer))); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

var job6 = []string{"AppId", "BackendEnvironmentName", "JobId", "Operation", "Status"}

// config writes a --resource-config for a schema.
func config(t *testing.T, schema string, more harness.M) string {
	t.Helper()
	text, err := os.ReadFile("../schemas/" + schema)
	if err != nil {
		t.Fatal(err)
	}
	c := harness.M{"ApiName": "shop", "Service": "AppSync", "TransformSchema": string(text), "DefaultAuthType": harness.M{"Mode": "API_KEY"}}
	maps.Copy(c, more)
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestMainJob builds a backend from a schema, uses, changes and removes it.
func TestMainJob(t *testing.T) {
	t.Parallel()
	s := start(t)
	at := func(op string, more ...string) []string {
		return append([]string{op, "--app-id", "shop", "--backend-environment-name", "dev"}, more...)
	}
	job := func(t *testing.T, operation string, args ...string) harness.M {
		t.Helper()
		answer := s.ok(t, args...)
		members(t, answer, job6...)
		if answer["Operation"] != operation || answer["Status"] != "RUNNING" {
			t.Errorf("got %v, want a RUNNING %s", answer, operation)
		}
		return s.completed(t, answer)
	}

	job(t, "CreateBackend", at("create-backend", "--app-name", "Shop")...)
	job(t, "CreateBackendAPI", at("create-backend-api", "--resource-name", "shop", "--resource-config", config(t, "shop-1.graphql", nil))...)

	// The forms that public scripts use.
	text := s.text(t, at("get-backend")...)
	if !regexp.MustCompile(`\\"GraphQLAPIIdOutput\\":\\"[a-z0-9]{26}\\"`).MatchString(text) {
		t.Errorf("get-backend cannot be searched for the API id:\n%s", text)
	}
	endpoint := strings.TrimSpace(s.text(t, at("get-backend", "--query", "AmplifyMetaConfig", "--output", "text")...))
	var meta struct {
		API map[string]struct{ Output map[string]any }
	}
	if err := json.Unmarshal([]byte(endpoint), &meta); err != nil {
		t.Fatalf("AmplifyMetaConfig as text: %v\n%s", err, endpoint)
	}

	shop := s.client.MustAPI(t, "shop", "dev")
	if got := meta.API["shop"].Output["GraphQLAPIEndpointOutput"]; got != shop.Endpoint {
		t.Errorf("endpoint %v, want %s", got, shop.Endpoint)
	}
	id := shop.Must(t, `mutation { createCustomer(input: {name: "Ada", email: "ada@example.com", note: "first", vip: true}) { id } }`, nil)["createCustomer"].(harness.M)["id"]
	if got := shop.Must(t, `query ($id: ID!) { getCustomer(id: $id) { name note } }`, harness.M{"id": id})["getCustomer"]; !cmp.Equal(got, any(harness.M{"name": "Ada", "note": "first"})) {
		t.Errorf("getCustomer: %v", got)
	}

	answer := s.ok(t, at("get-backend-api", "--resource-name", "shop")...)
	members(t, answer, "AppId", "BackendEnvironmentName", "ResourceConfig", "ResourceName")
	if got := answer["ResourceConfig"].(harness.M)["ApiName"]; got != "shop" {
		t.Errorf("ApiName is %v", got)
	}

	job(t, "UpdateBackendAPI", at("update-backend-api", "--resource-name", "shop", "--resource-config", config(t, "shop-2.graphql", nil))...)
	shop.Must(t, `mutation { createProduct(input: {title: "Amp"}) { id } }`, nil)
	if r := shop.Do(t.Context(), `{ listCustomers { items { note } } }`, nil); r.OK() {
		t.Errorf("a removed field is still served: %v", r)
	}
	failed := s.ended(t, s.ok(t, at("update-backend-api", "--resource-name", "shop", "--resource-config", config(t, "shop-changed-type.graphql", nil))...))
	if failed["status"] != "FAILED" || !regexp.MustCompile(`^25:\d+: Customer\.vip\b`).MatchString(fmt.Sprint(failed["error"])) {
		t.Errorf("a changed type: %v", failed)
	}
	shown := s.ok(t, at("get-backend-job", "--job-id", fmt.Sprint(failed["jobId"]))...)
	members(t, shown, append([]string{"CreateTime", "Error", "UpdateTime"}, job6...)...)
	if shown["Error"] != failed["error"] {
		t.Errorf("get-backend-job: %v", shown)
	}

	job(t, "GenerateBackendAPIModels", at("generate-backend-api-models", "--resource-name", "shop")...)
	models := s.ok(t, at("get-backend-api-models", "--resource-name", "shop")...)
	if models["Status"] != "LATEST" || !strings.HasPrefix(fmt.Sprint(models["Models"]), "export const schema = {") {
		t.Errorf("get-backend-api-models: %.200v", models)
	}

	clone := job(t, "CloneBackend", at("clone-backend", "--target-environment-name", "copy")...)
	if clone["backendEnvironmentName"] != "dev" {
		t.Errorf("the clone's job carries %v, want the source's name", clone["backendEnvironmentName"])
	}
	if got := s.client.MustAPI(t, "shop", "copy").Must(t, `{ listCustomers { items { id } } }`, nil); !cmp.Equal(got, harness.M{"listCustomers": harness.M{"items": []any{}}}) {
		t.Errorf("the clone has rows: %v", got)
	}

	t.Run("pages", func(t *testing.T) {
		operations := []any{"CloneBackend", "GenerateBackendAPIModels", "UpdateBackendAPI", "UpdateBackendAPI", "CreateBackendAPI", "CreateBackend"}
		read := func(args ...string) (got []any, token any) {
			answer := s.ok(t, at("list-backend-jobs", args...)...)
			for _, j := range answer["Jobs"].([]any) {
				got = append(got, j.(harness.M)["Operation"])
			}
			return got, answer["NextToken"]
		}
		if got, _ := read(); !cmp.Equal(got, operations) {
			t.Errorf("all: %v", got)
		}
		if got, _ := read("--page-size", "2"); !cmp.Equal(got, operations) {
			t.Errorf("in pages of 2: %v", got)
		}
		got, token := read("--max-items", "4", "--page-size", "3")
		if !cmp.Equal(got, operations[:4]) || token == nil {
			t.Errorf("the first 4: %v, token %v", got, token)
		}
		if got, token = read("--starting-token", fmt.Sprint(token), "--page-size", "3"); !cmp.Equal(got, operations[4:]) || token != nil {
			t.Errorf("the rest: %v, token %v", got, token)
		}
		if got, _ := read("--operation", "UpdateBackendAPI", "--status", "FAILED", "--no-paginate"); len(got) != 1 {
			t.Errorf("filtered: %v", got)
		}
	})

	t.Run("config", func(t *testing.T) {
		answer := s.ok(t, "create-backend-config", "--app-id", "shop", "--backend-manager-app-id", "m")
		members(t, answer, "AppId", "BackendEnvironmentName", "JobId", "Status")
		s.completed(t, answer)
		answer = s.ok(t, "update-backend-config", "--app-id", "shop", "--login-auth-config", "AwsUserPoolsId=us-east-1_AbCdEfGhI")
		// What it does not name stays: the login pool of create-backend-config.
		members(t, answer, "AppId", "BackendManagerAppId", "LoginAuthConfig")
		login, _ := answer["LoginAuthConfig"].(harness.M)
		members(t, login, "AwsUserPoolsId", "AwsUserPoolsWebClientId", "AwsCognitoIdentityPoolId", "AwsCognitoRegion")
		if answer["AppId"] != "shop" || answer["BackendManagerAppId"] != "m" || login["AwsUserPoolsId"] != "us-east-1_AbCdEfGhI" {
			t.Errorf("update-backend-config: %v", answer)
		}
		if answer := s.ok(t, "remove-backend-config", "--app-id", "shop"); len(answer) != 0 {
			t.Errorf("remove-backend-config: %v", answer)
		}
	})
	t.Run("token", func(t *testing.T) {
		made := s.ok(t, "create-token", "--app-id", "shop")
		members(t, made, "AppId", "ChallengeCode", "SessionId", "Ttl")
		session := fmt.Sprint(made["SessionId"])
		if got := s.ok(t, "get-token", "--app-id", "shop", "--session-id", session); !cmp.Equal(got, made) {
			t.Errorf("get-token: %v, want %v", got, made)
		}
		if got := s.ok(t, "delete-token", "--app-id", "shop", "--session-id", session); got["IsSuccess"] != true {
			t.Errorf("delete-token: %v", got)
		}
		s.fails(t, "NotFoundException", ".", "get-token", "--app-id", "shop", "--session-id", session)
	})

	job(t, "DeleteBackendAPI", at("delete-backend-api", "--resource-name", "shop")...)
	if r := shop.Do(t.Context(), `{ listCustomers { items { id } } }`, nil); r.Status != 404 || len(r.Errors) != 1 || r.Errors[0]["errorType"] != "NotFoundException" {
		t.Errorf("a deleted API answers %v", r)
	}
	job(t, "DeleteBackend", at("delete-backend")...)
	answer = s.ok(t, "remove-all-backends", "--app-id", "shop", "--clean-amplify-app")
	members(t, answer, "AppId", "JobId", "Operation", "Status")
	s.completed(t, answer)
	s.fails(t, "NotFoundException", ".", "get-backend", "--app-id", "shop")
	if got := s.ok(t, at("get-backend-job", "--job-id", fmt.Sprint(answer["JobId"]))...); got["Status"] != "COMPLETED" {
		t.Errorf("the last job: %v", got)
	}
}

// TestErrors meets each modelled error.
func TestErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	database := s.server.NewEnvironmentFile(t, func() {
		s.client.Job(t, "CreateBackend", harness.M{"appId": "shop", "appName": "Shop", "backendEnvironmentName": "dev"})
	})
	job := s.client.Must(t, "ListBackendJobs", harness.M{"appId": "shop", "backendEnvironmentName": "dev"})["jobs"].([]any)[0].(harness.M)["jobId"].(string)
	const bad, missing = "BadRequestException", "NotFoundException"
	const nothing = "11111111-2222-4333-8444-555555555555"
	at := []string{"--app-id", "shop", "--backend-environment-name", "dev"}

	rows := []struct {
		name, code, message string
		args                []string
	}{
		{"app id", bad, "(?i)appId", []string{"create-backend", "--app-id", "a_b", "--app-name", "x", "--backend-environment-name", "dev"}},
		{"environment name", bad, "(?i)backendEnvironmentName", []string{"create-backend", "--app-id", "shop", "--app-name", "x", "--backend-environment-name", "Dev"}},
		{"duplicate environment", bad, "dev", append([]string{"create-backend", "--app-name", "x"}, at...)},
		{"range", bad, "maxResults", append([]string{"list-backend-jobs", "--no-paginate", "--max-results", "26"}, at...)},
		{"status of a job", bad, ".", append([]string{"update-backend-job", "--job-id", job, "--status", "FAILED"}, at...)},
		{"enum", bad, "mode", append([]string{"create-backend-api", "--resource-name", "x", "--resource-config", `{"DefaultAuthType":{"Mode":"AWS_LAMBDA"}}`}, at...)},
		{"no app", missing, "nobody", []string{"get-backend", "--app-id", "nobody"}},
		{"no environment", missing, "nowhere", []string{"delete-backend", "--app-id", "shop", "--backend-environment-name", "nowhere"}},
		{"no API", missing, "nothing", append([]string{"get-backend-api", "--resource-name", "nothing"}, at...)},
		{"no job", missing, nothing, append([]string{"get-backend-job", "--job-id", nothing}, at...)},
		{"no token", missing, ".", []string{"get-token", "--app-id", "shop", "--session-id", nothing}},
	}
	later := map[string][]string{
		"create-backend-storage": append([]string{"--resource-name", "f", "--resource-config", `{"ServiceName":"S3","Permissions":{"Authenticated":["READ"]}}`}, at...),
		"get-backend-storage":    append([]string{"--resource-name", "f"}, at...),
		"update-backend-storage": append([]string{"--resource-name", "f", "--resource-config", `{"ServiceName":"S3","Permissions":{"Authenticated":["READ"]}}`}, at...),
		"delete-backend-storage": append([]string{"--resource-name", "f", "--service-name", "S3"}, at...),
		"import-backend-storage": append([]string{"--service-name", "S3"}, at...),
		"list-s3-buckets":        {},
	}
	for _, op := range slices.Sorted(maps.Keys(later)) {
		rows = append(rows, struct {
			name, code, message string
			args                []string
		}{op, bad, "not available in this version", append([]string{op}, later[op]...)})
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) { s.fails(t, r.code, r.message, r.args...) })
	}

	t.Run("wrong secret", func(t *testing.T) {
		newCLI(t, s.server.Status.URL, s.server.Key, strings.Repeat("x", 40)).fails(t, "InvalidSignatureException", ".", "get-backend", "--app-id", "shop")
	})
	t.Run("unknown key", func(t *testing.T) {
		newCLI(t, s.server.Status.URL, "AKIAAAAAAAAAAAAAAAAA", s.server.Secret).fails(t, "UnrecognizedClientException", "security token", "get-backend", "--app-id", "shop")
	})
	t.Run("pending job", func(t *testing.T) {
		release := harness.Hold(t, database)
		first := s.ok(t, append([]string{"create-backend-api", "--resource-name", "shop", "--resource-config", config(t, "shop-1.graphql", nil)}, at...)...)
		s.fails(t, bad, "^There is already a pending job for the requested appId: shop and backendEnvironmentName: dev, wait for it to complete before creating a new job.$",
			append([]string{"delete-backend"}, at...)...)
		cancelled := s.ok(t, append([]string{"update-backend-job", "--status", "FAILED", "--job-id", fmt.Sprint(first["JobId"])}, at...)...)
		if cancelled["JobId"] != first["JobId"] || cancelled["Operation"] != "CreateBackendAPI" {
			t.Errorf("update-backend-job: %v", cancelled)
		}
		release()
		if job := s.ended(t, first); job["status"] != "FAILED" {
			t.Errorf("a cancelled job: %v", job)
		}
	})
	t.Run("control database held", func(t *testing.T) {
		release := harness.Hold(t, s.server.Data+"/control.db")
		defer release()
		s.fails(t, "GatewayTimeoutException", ".", "create-backend", "--app-id", "held", "--app-name", "x", "--backend-environment-name", "dev")
	})
}

// TestTooManyRequests calls while others use up the rate of the same key.
func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	harness.Without(t, "awscli")
	s := harness.Serve(t, harness.ServeOptions{Extra: "limits:\n  requests_per_second: 1\n  request_burst: 5\n"})
	c := newCLI(t, s.Status.URL, s.Key, s.Secret)
	client := s.Client()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
				client.Call(t.Context(), "GetBackend", harness.M{"appId": "nobody"})
			}
		}
	})
	defer wg.Wait()
	defer close(stop)
	c.fails(t, "TooManyRequestsException", ".", "get-backend", "--app-id", "nobody")
}
