package awscli_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

// cli is the AWS CLI pointed at one server.
type cli struct {
	path string
	env  []string
	url  string
	// service is amplifybackend if empty.
	service string
}

// of is the same CLI for another service.
func (c cli) of(service string) cli {
	c.service = service
	return c
}

func (c cli) name() string { return cmp.Or(c.service, "amplifybackend") }

// newCLI finds the CLI. The configuration of the machine stays out.
func newCLI(t *testing.T, url, key, secret string) cli {
	t.Helper()
	path := os.Getenv("PREAMP_TEST_AWS") // another one than that on PATH
	if path == "" {
		path = harness.Tool(t, "aws", "apt-get install awscli (or pip install awscli)", "/usr/bin/aws", "/usr/local/bin/aws")
	}
	home := t.TempDir()
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8",
		"AWS_CONFIG_FILE=" + home + "/config", "AWS_SHARED_CREDENTIALS_FILE=" + home + "/credentials",
		"AWS_ACCESS_KEY_ID=" + key, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_DEFAULT_REGION=us-east-1",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1",
	}
	// Version managers find their programs through variables of their own.
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "PYENV_") {
			env = append(env, v)
		}
	}
	if root := os.Getenv("HOME") + "/.pyenv"; os.Getenv("PYENV_ROOT") == "" && strings.HasPrefix(path, root) {
		env = append(env, "PYENV_ROOT="+root)
	}
	return cli{path: path, env: env, url: url}
}

// run calls an operation. The endpoint is always given: older CLIs do not know
// AWS_ENDPOINT_URL and would reach the real AWS.
func (c cli) run(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	args = append([]string{"--endpoint-url", c.url, "--output", "json", c.name()}, args...)
	cmd := exec.CommandContext(t.Context(), c.path, args...)
	cmd.Env = c.env
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	return out.String(), strings.TrimSpace(errOut.String()), err
}

// text is what an operation that must succeed prints.
func (c cli) text(t *testing.T, args ...string) string {
	t.Helper()
	out, errOut, err := c.run(t, args...)
	if err != nil {
		t.Fatalf("aws %s %s: %v\n%s", c.name(), strings.Join(args, " "), err, errOut)
	}
	return out
}

// ok is the answer of an operation that must succeed; nil when it prints nothing.
func (c cli) ok(t *testing.T, args ...string) harness.M {
	t.Helper()
	out := c.text(t, args...)
	if strings.TrimSpace(out) == "" {
		return nil
	}
	var m harness.M
	if err := json.Unmarshal([]byte(out), &m); err != nil {
		t.Fatalf("aws %s %s printed no JSON: %v\n%s", c.name(), args[0], err, out)
	}
	return m
}

var failure = regexp.MustCompile(`An error occurred \((\w+)\) when calling the (\w+) operation(?: \(reached max retries: \d+\))?: (.*)`)

// fails wants an error of the service with this code and a message that matches.
func (c cli) fails(t *testing.T, code, message string, args ...string) {
	t.Helper()
	out, errOut, err := c.run(t, args...)
	if err == nil {
		t.Errorf("aws %s %s: no error, want %s: %s", c.name(), strings.Join(args, " "), code, out)
		return
	}
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		t.Fatal(err)
	}
	m := failure.FindStringSubmatch(errOut)
	if m == nil {
		t.Errorf("aws %s %s: the error is not the service's: %s", c.name(), strings.Join(args, " "), errOut)
		return
	}
	if m[1] != code || !regexp.MustCompile(message).MatchString(m[3]) {
		t.Errorf("aws %s %s: got %s %q, want %s matching %q", c.name(), strings.Join(args, " "), m[1], m[3], code, message)
	}
}
