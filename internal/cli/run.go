package cli

import (
	"fmt"

	"preamp/internal/config"
	"preamp/internal/server"
)

type devCmd struct {
	Listen      string `help:"Address to listen on; HTTP and TLS share it. Port 0 takes a free one." placeholder:"127.0.0.1:4500"`
	Data        string `help:"Data directory, made on first start. It persists." placeholder:".preamp"`
	App         string `help:"Name or id of the app. Default: the name of the schema's folder." placeholder:"NAME"`
	Env         string `help:"Environment." default:"dev" placeholder:"dev"`
	Schema      string `help:"Schema file, or folder of *.graphql files. Default: that of the Amplify project in this folder, if there is one." placeholder:"FILE|DIR"`
	Watch       bool   `help:"Push the schema each time it is saved." default:"true" negatable:""`
	OIDCIssuer  string `name:"oidc-issuer" help:"Issuer of the tokens for rules with provider: oidc. An issuer on this machine needs outgoing.allow in preamp.yaml." placeholder:"URL"`
	OIDCClient  string `name:"oidc-client-id" help:"Client that those tokens are made for; a regular expression. Default: any." placeholder:"ID"`
	UserPool    string `name:"user-pool" help:"User pool on AWS of the tokens for rules of users, owners and groups." placeholder:"ID"`
	SignIn      string `name:"sign-in" help:"What users sign in with, when a user pool is made for the rules of the schema: email, username, phone, email-and-phone; none makes no pool." enum:"email,username,phone,email-and-phone,none" default:"email" placeholder:"email"`
	FixedCode   string `name:"fixed-code" help:"All codes that users are sent are this one: 6 to 8 digits. For tests only." placeholder:"CODE"`
	AllowRemote bool   `help:"Accept a listen address that other machines reach."`
	Config      string `help:"Read preamp.yaml too; flags win." placeholder:"FILE"`
}

// Help is shown by --help.
func (*devCmd) Help() string {
	return `Starts a server for this machine. The first start makes the data directory with a master key, a root access key and a local certificate authority. With a schema, the app, the environment and the API are made by the same operations and jobs that AWS clients use, and pushed again whenever the schema differs. A push that fails prints file, line and column, and the last version keeps serving.

The API gets the auth modes that the rules of the schema name; the default is API_KEY where it is used. AWS_IAM is there always: the root key of preamp env administers the API. Rules of users, owners and groups get a user pool of this server, which is made once by CreateBackendAuth (--sign-in), with an identity pool for rules of IAM; --user-pool names one on AWS instead. The messages that users are sent are kept: preamp inbox lists them. Models without @auth are open to the API key (sandbox mode). There is no rate limit and no default password. Ctrl-C stops the server; the data stays.

Examples:

    preamp dev --schema schema.graphql
    preamp dev --listen 127.0.0.1:0 --data try &
    preamp status --data try --wait 10

Next: eval "$(preamp env)" and use any AWS client with --endpoint-url "$AWS_ENDPOINT_URL" (older ones do not read the variable and would reach real AWS).`
}

// Run implements the command.
func (c *devCmd) Run(a *app) error {
	conf, err := config.Load(config.Options{File: c.Config, Environ: a.Environ})
	if err != nil {
		return err
	}
	a.notes(conf)
	if c.Listen != "" {
		conf.Listen = c.Listen
	}
	if c.Data != "" {
		conf.Data = c.Data
	}
	if c.FixedCode != "" {
		if err := config.CheckFixedCode(c.FixedCode); err != nil {
			return usagef("--fixed-code %s", err)
		}
	}
	return a.Dev(a.ctx, server.DevOptions{
		Listen: conf.Listen, Data: conf.Data, App: c.App, Env: c.Env, Schema: c.Schema,
		Watch: c.Watch, AllowRemote: c.AllowRemote, Config: conf,
		Providers: server.Providers{Issuer: c.OIDCIssuer, ClientID: c.OIDCClient, UserPool: c.UserPool},
		FixedCode: c.FixedCode, SignIn: c.SignIn,
		Out: a.Stdout, Logger: a.log, Version: a.Version,
		Describe: func(s server.Started) { fmt.Fprint(a.Stdout, Banner(s, store(conf))) },
	})
}

// store names the database and what an acknowledged write has survived.
func store(c *config.Config) string {
	switch {
	case c.Database.URL != "":
		return "keys and certificates; rows in PostgreSQL"
	case c.Durability == config.DurabilityRelaxed:
		return "SQLite, durability relaxed"
	}
	return "SQLite, durable"
}

type serveCmd struct {
	Config   string `help:"Configuration file." placeholder:"FILE"`
	Insecure bool   `help:"Serve without TLS: for a proxy in front that ends TLS, or a private network."`
}

// Help is shown by --help.
func (*serveCmd) Help() string {
	return `Starts a production server. It refuses to start without a master key, public_url and a certificate (the last unless --insecure) and then reports all that is missing at once. Every key of preamp.yaml can also be set by an environment variable: PREAMP_ and the key in upper case, with _ for the dot.

The smallest preamp.yaml:

    public_url: https://backend.example.com
    data: /var/lib/preamp
    master_key: {file: /etc/preamp/master.key}
    tls: {cert: /etc/preamp/fullchain.pem, key: /etc/preamp/privkey.pem}

Make the master key with openssl rand -base64 32 and keep a copy: without it the data cannot be read. Make the first access key with preamp keys create. Check the file with preamp config check.

SIGTERM lets requests in flight finish, 30 s at most; a second one ends the server at once. To back up a SQLite server, stop it and copy the data directory.`
}

// Run implements the command.
func (c *serveCmd) Run(a *app) error {
	conf, err := config.Load(config.Options{File: c.Config, Environ: a.Environ, Serve: true, Insecure: c.Insecure})
	if err != nil {
		return err
	}
	a.notes(conf)
	return a.Serve(a.ctx, server.ServeOptions{Config: conf, Insecure: c.Insecure, Logger: a.log, Version: a.Version})
}
