package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

type envCmd struct {
	dataFlag
	Format string `help:"Form of the output: sh or json." enum:"sh,json" default:"sh" placeholder:"sh"`
}

// Help is shown by --help.
func (*envCmd) Help() string {
	return `Prints AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_DEFAULT_REGION of the running development server. Always pass the endpoint to the client as well: older AWS CLIs and botocores do not read AWS_ENDPOINT_URL and would reach real AWS.

Examples:

    eval "$(preamp env)"
    aws --endpoint-url "$AWS_ENDPOINT_URL" amplifybackend get-backend --app-id APP
    python3 -c 'import boto3, os; print(boto3.client("amplifybackend", endpoint_url=os.environ["AWS_ENDPOINT_URL"]))'

A server started with preamp serve does not tell its keys: make one with preamp keys create.`
}

// Run implements the command.
func (c *envCmd) Run(a *app) error {
	l, err := find(c.Data)
	if err != nil {
		return err
	}
	e, err := l.environment(a.ctx)
	if err != nil {
		return err
	}
	vars := [][2]string{
		{"AWS_ENDPOINT_URL", e.Endpoint},
		{"AWS_ACCESS_KEY_ID", e.AccessKeyID},
		{"AWS_SECRET_ACCESS_KEY", e.SecretAccessKey},
		{"AWS_REGION", e.Region},
		{"AWS_DEFAULT_REGION", e.Region},
	}
	if c.Format == "json" {
		m := map[string]string{}
		for _, v := range vars {
			m[v[0]] = v[1]
		}
		return a.json(m)
	}
	var b strings.Builder
	for _, v := range vars {
		fmt.Fprintf(&b, "export %s=%s\n", v[0], shellQuote(v[1]))
	}
	return a.printf("%s", b.String())
}

type clientConfigCmd struct {
	dataFlag
	App    string `help:"App, by id or name. Default: the only one." placeholder:"APP"`
	Env    string `help:"Environment. Default: the only one." placeholder:"ENV"`
	Format string `help:"Form of the file: hybrid, aws-exports, outputs or native." enum:"hybrid,aws-exports,outputs,native" default:"hybrid" placeholder:"hybrid"`
	Out    string `help:"Write to this file instead of standard output." placeholder:"FILE"`
}

// Help is shown by --help.
func (*clientConfigCmd) Help() string {
	return `Writes what Amplify.configure(...) needs, with the endpoints of this server. Forms:

  - hybrid: amplifyconfiguration.json or amplify_outputs.json for aws-amplify 6; it carries every endpoint.
  - aws-exports: aws-exports.js of Gen 1, for aws-amplify 5.
  - outputs: amplify_outputs.json of Gen 2.
  - native: amplifyconfiguration.json of Android, iOS and Flutter.

Example:

    preamp client-config --out src/amplifyconfiguration.json`
}

// Run implements the command.
func (c *clientConfigCmd) Run(a *app) error {
	l, err := find(c.Data)
	if err != nil {
		return err
	}
	st, _, err := l.status(a.ctx)
	if err != nil {
		return err
	}
	app, env, err := choose(st, c.App, c.Env)
	if err != nil {
		return err
	}
	body, err := l.call(a.ctx, http.MethodGet, "/_preamp/client-config",
		url.Values{"app": {app.ID}, "env": {env.Name}, "format": {c.Format}})
	if err != nil {
		return err
	}
	return a.write(c.Out, body)
}

// write writes to a file, or to standard output when it is not named or "-".
func (p *Program) write(name string, data []byte) error {
	if name == "" || name == "-" {
		_, err := p.Stdout.Write(data)
		return err
	}
	return writeFile(name, data)
}

// writeFile replaces a file by rename, so that a tool which watches it never
// reads half of it.
func writeFile(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	if _, err := f.Write(data); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
