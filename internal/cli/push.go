package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"preamp/internal/amplifybackend"
	"preamp/internal/schemafile"
	"preamp/internal/server"
)

type pushCmd struct {
	dataFlag
	File       string  `arg:"" help:"Schema file, or folder of *.graphql files."`
	App        string  `help:"App, by id or name. Default: the only one." placeholder:"APP"`
	Env        string  `help:"Environment. Default: the only one." placeholder:"ENV"`
	API        string  `name:"api" help:"Resource name of the API. Default: the only one, or a new one named after the app." placeholder:"NAME"`
	OIDCIssuer string  `name:"oidc-issuer" help:"Issuer of the tokens for rules with provider: oidc, when the push makes the API." placeholder:"URL"`
	OIDCClient string  `name:"oidc-client-id" help:"Client that those tokens are made for; a regular expression. Default: any." placeholder:"ID"`
	UserPool   string  `name:"user-pool" help:"User pool on AWS of the tokens for rules of users, owners and groups, when the push makes the API." placeholder:"ID"`
	Wait       bool    `help:"Wait for the job and report how it ended."`
	Timeout    seconds `help:"Longest wait." default:"300" placeholder:"300"`
}

// Help is shown by --help.
func (*pushCmd) Help() string {
	return `Calls UpdateBackendAPI, or CreateBackendAPI when the environment has no such API, and prints the id of the job. With --wait, a schema that cannot be served ends with exit code 1 and one line per problem: file:line:column: message. The version that was live keeps serving. A new API gets the auth modes that the rules of the schema name; those of an API that exists are left alone (UpdateBackendAPI changes them).

With a server started by preamp serve, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.

Example:

    preamp push --app todo --env dev schema.graphql --wait`
}

// Run implements the command.
func (c *pushCmd) Run(a *app) error {
	text, err := schemafile.Read(c.File)
	if err != nil {
		return err
	}
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
	api, err := a.connect(l, st)
	if err != nil {
		return err
	}
	began := time.Now()
	j, err := c.send(a, api, app, env, text.Content)
	if err != nil {
		return err
	}
	if !c.Wait {
		return a.printf("%s %s\n", j.ID, j.Status)
	}
	ctx, cancel := context.WithTimeout(a.ctx, time.Duration(c.Timeout))
	defer cancel()
	if j, err = api.wait(ctx, app.ID, env.Name, j.ID); err != nil {
		return err
	}
	if j.Status == failed {
		fmt.Fprintln(a.Stderr, text.Locate(j.Error))
		c.nameMissingModes(a, app, env, text.Content)
		return silent(ExitFailure)
	}
	return a.printf("%s %s in %s\n", j.ID, j.Status, rounded(time.Since(began)))
}

// nameMissingModes says what else a push to an API needs whose modes are not those
// that the rules of the schema name. What cannot be found out is not said: the push
// has its error already.
func (c *pushCmd) nameMissingModes(a *app, app server.StatusApp, env server.StatusEnv, schema string) {
	name, exists, err := chooseAPI(app, env, c.API)
	if err != nil || !exists {
		return
	}
	settings, err := envFlag{dataFlag: c.dataFlag, App: app.ID, Env: env.Name}.settings(a, http.MethodGet, nil)
	if err != nil {
		return
	}
	has := map[string]bool{}
	for _, api := range env.APIs {
		for _, m := range api.Modes {
			has[m.Mode] = has[m.Mode] || api.Name == name
		}
	}
	var missing []string
	for _, m := range server.Modes(schema, settings) {
		if !has[string(m)] {
			missing = append(missing, string(m))
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(a.Stderr, "the API %s does not have %s, which rules of the schema name: UpdateBackendAPI configures it (docs/guide/authentication.md)\n",
			name, strings.Join(missing, ", "))
	}
}

type apiRequest struct {
	Env            string                                  `json:"backendEnvironmentName,omitempty"`
	ResourceName   string                                  `json:"resourceName"`
	ResourceConfig amplifybackend.BackendAPIResourceConfig `json:"resourceConfig"`
}

// send updates the API, or creates it when it does not exist.
func (c *pushCmd) send(a *app, api *api, app server.StatusApp, env server.StatusEnv, schema string) (job, error) {
	name, exists, err := chooseAPI(app, env, c.API)
	if err != nil {
		return job{}, err
	}
	var j job
	if exists {
		err = api.post(a.ctx, apiRequest{ResourceName: name, ResourceConfig: amplifybackend.BackendAPIResourceConfig{TransformSchema: &schema}}, &j,
			"backend", app.ID, "api", env.Name)
		return j, err
	}
	settings, err := envFlag{dataFlag: c.dataFlag, App: app.ID, Env: env.Name}.settings(a, http.MethodGet, nil)
	if err != nil {
		return job{}, err
	}
	provider := server.Providers{Issuer: c.OIDCIssuer, ClientID: c.OIDCClient, UserPool: c.UserPool}
	first, others, err := server.AuthTypes(server.Modes(schema, settings), provider, nil)
	if err != nil {
		return job{}, err
	}
	err = api.post(a.ctx, apiRequest{Env: env.Name, ResourceName: name, ResourceConfig: amplifybackend.BackendAPIResourceConfig{
		APIName: &name, TransformSchema: &schema, DefaultAuthType: first, AdditionalAuthTypes: others,
	}}, &j, "backend", app.ID, "api")
	return j, err
}

var notName = regexp.MustCompile(`[^A-Za-z0-9]+`)

// chooseAPI is the resource name of the API to push to, and whether it exists.
func chooseAPI(app server.StatusApp, env server.StatusEnv, name string) (string, bool, error) {
	for _, api := range env.APIs {
		if api.Name == name || name == "" && len(env.APIs) == 1 {
			return api.Name, true, nil
		}
	}
	switch {
	case name != "":
		return name, false, nil
	case len(env.APIs) > 1:
		return "", false, usagef("environment %s has several APIs, choose one with --api", env.Name)
	}
	if n := notName.ReplaceAllString(app.Name, ""); n != "" {
		return n, false, nil
	}
	return "api", false, nil
}

// choose finds app and environment.
func choose(st server.Status, app, env string) (server.StatusApp, server.StatusEnv, error) {
	a, err := chooseApp(st, app)
	if err != nil {
		return server.StatusApp{}, server.StatusEnv{}, err
	}
	e, err := chooseEnv(a, env)
	return a, e, err
}

// isGone reports whether an operation said that the thing does not exist.
func isGone(err error) bool {
	e, ok := errors.AsType[*apiError](err)
	return ok && e.Name == "NotFoundException"
}
