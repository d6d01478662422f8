package provision

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"preamp/internal/authn"
	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/graphql/codegen"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/graphql/schema"
)

// The forms of a client configuration. Which one a client library can be
// pointed at preamp with is told in docs/guide/clients.md.
const (
	// FormatHybrid is for aws-amplify 6: ResourcesConfig keys, which carry all
	// endpoints, and the Gen 2 keys for apps that read them.
	FormatHybrid = "hybrid"
	// FormatAWSExports is aws-exports.js, for aws-amplify 5 and older.
	FormatAWSExports = "aws-exports"
	// FormatOutputs is amplify_outputs.json of Gen 2.
	FormatOutputs = "outputs"
	// FormatNative is amplifyconfiguration.json of Android, iOS and Flutter.
	FormatNative = "native"
)

// Formats lists the forms, the usual one first.
func Formats() []string { return []string{FormatHybrid, FormatAWSExports, FormatOutputs, FormatNative} }

// ClientConfig is the configuration file of an app that uses the environment.
// errs.Invalid for an unknown format, errs.NotFound for an unknown app or
// environment.
func (p *Provisioner) ClientConfig(ctx context.Context, app, env, format string) ([]byte, error) {
	v, err := p.View(ctx, app, env)
	if err != nil {
		return nil, err
	}
	c := clientConfig{view: v, region: p.Region, base: p.BaseURL()}
	if len(v.APIs) > 0 {
		if c.introspection, err = p.introspection(ctx, v.Env.UID, v.APIs[0].ID); err != nil {
			return nil, err
		}
	}
	switch format {
	case FormatHybrid, "":
		return pretty(c.hybrid())
	case FormatOutputs:
		return pretty(c.outputs())
	case FormatNative:
		return pretty(c.native())
	case FormatAWSExports:
		b, err := pretty(c.awsExports())
		if err != nil {
			return nil, err
		}
		return fmt.Appendf(nil, "/* eslint-disable */\n// Written by preamp. Do not edit: preamp client-config makes it anew.\nconst awsmobile = %s;\n\nexport default awsmobile;\n", bytes.TrimSpace(b)), nil
	}
	return nil, errs.E(errs.Invalid, "unknown format %q: it is one of %v", format, Formats())
}

// introspection is the model introspection of the live schema.
func (p *Provisioner) introspection(ctx context.Context, envUID, apiID string) (json.RawMessage, error) {
	e, err := p.open(ctx, envUID)
	if err != nil {
		return nil, err
	}
	defer e.release()
	var version endpoint.Version
	err = e.db.Read(ctx, func(q *db.Query) (err error) {
		version, err = endpoint.LiveVersion(q, apiID)
		return err
	})
	if err != nil {
		return nil, err
	}
	doc, err := schema.ParseAs(version.Source, version.Options.Version)
	if err != nil {
		return nil, err
	}
	text, err := codegen.Introspection(doc, codegenOptions(version.Options, false))
	return json.RawMessage(text), err
}

type clientConfig struct {
	view          View
	region        string
	base          string // URL, without a slash at the end
	introspection json.RawMessage
}

// jsAuthModes are aws-amplify's names of the modes.
var jsAuthModes = map[authn.Mode]string{
	authn.APIKey: "apiKey", authn.IAM: "identityPool", authn.UserPool: "userPool", authn.OIDC: "oidc", authn.Lambda: "lambda",
}

func (c clientConfig) hybrid() object {
	// A version that does not begin with 1 keeps aws-amplify from reading the
	// file as Gen 2, and makes it assignable to the type for unknown outputs.
	o := object{{"version", "0-preamp"}}
	resource, signsIn := c.auth()
	if signsIn {
		o.set("Auth", object{{"Cognito", c.cognito(resource)}})
	}
	if len(c.view.APIs) > 0 {
		a := c.view.APIs[0]
		graphql := object{
			{"endpoint", a.Endpoint},
			{"region", c.region},
			{"defaultAuthMode", jsAuthModes[a.Config.Default()]},
		}
		graphql.set("apiKey", a.APIKey)
		graphql.set("modelIntrospection", c.introspection)
		o.set("API", object{{"GraphQL", graphql}})
		if pool := a.Config.Auth().UserPool; pool != "" && !signsIn {
			o.set("Auth", object{{"Cognito", object{{"userPoolId", pool}}}})
		}
	}
	if signsIn {
		o.set("auth", c.gen2Auth(resource))
	}
	if len(c.view.APIs) > 0 {
		o.set("data", c.data(false))
	}
	return o
}

func (c clientConfig) outputs() object {
	o := object{{"version", "1.4"}}
	if a, ok := c.auth(); ok {
		o.set("auth", c.gen2Auth(a))
	}
	if len(c.view.APIs) > 0 {
		o.set("data", c.data(true))
	}
	return o
}

// data is the Gen 2 section of the main API.
func (c clientConfig) data(introspection bool) object {
	a := c.view.APIs[0]
	d := object{
		{"aws_region", c.region},
		{"url", a.Endpoint},
		{"default_authorization_type", string(a.Config.Default())},
		{"authorization_types", append([]authn.Mode{}, a.Config.Modes()[1:]...)},
	}
	d.set("api_key", a.APIKey)
	if introspection {
		d.set("model_introspection", c.introspection)
	}
	return d
}

func (c clientConfig) awsExports() object {
	o := object{{"aws_project_region", c.region}}
	resource, signsIn := c.auth()
	if signsIn {
		c.gen1Auth(&o, resource)
	}
	if len(c.view.APIs) == 0 {
		return o
	}
	a := c.view.APIs[0]
	o.set("aws_appsync_graphqlEndpoint", a.Endpoint)
	o.set("aws_appsync_region", c.region)
	o.set("aws_appsync_authenticationType", string(a.Config.Default()))
	o.set("aws_appsync_apiKey", a.APIKey)
	if pool := a.Config.Auth().UserPool; pool != "" && !signsIn {
		region, _, _ := strings.Cut(pool, "_")
		o.set("aws_cognito_region", region)
		o.set("aws_user_pools_id", pool)
	}
	return o
}

func (c clientConfig) native() object {
	o := object{{"UserAgent", "aws-amplify-cli/2.0"}, {"Version", "1.0"}}
	resource, signsIn := c.auth()
	if len(c.view.APIs) == 0 {
		if signsIn {
			o.set("auth", c.nativeAuth(resource))
		}
		return o
	}
	plugin := object{}
	for _, a := range c.view.APIs {
		api := object{
			{"endpointType", "GraphQL"},
			{"endpoint", a.Endpoint},
			{"region", c.region},
			{"authorizationType", string(a.Config.Default())},
		}
		api.set("apiKey", a.APIKey)
		plugin.set(a.Name, api)
	}
	o.set("api", object{{"plugins", object{{"awsAPIPlugin", plugin}}}})
	if signsIn {
		o.set("auth", c.nativeAuth(resource))
	}
	return o
}

// pretty is v as indented JSON with a line break at the end.
func pretty(v any) ([]byte, error) {
	compact, err := encode(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}
