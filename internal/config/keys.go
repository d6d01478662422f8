package config

import "slices"

// key is one line of preamp.yaml. A key without value is a mapping: its members
// are the keys below it, or, when free is set, any name.
type key struct {
	path string
	// form describes the accepted values in the reference.
	form string
	// def is the default in the form it is written in the file.
	def     string
	doc     string
	example string
	value   value
	// serve says what `preamp serve` demands of the key.
	serve string
	// later is set for keys that this version accepts but does not act on.
	later string
	// secret keeps the value out of `config print`.
	secret bool
}

// keys is every key of preamp.yaml in the order of the reference.
var keys = slices.Concat(serverKeys, rateKeys, messageKeys, poolKeys, restKeys)

var serverKeys = []key{
	{
		path: "version", form: "`1`", def: "1", example: "1",
		doc:   "Version of the form of this file. Absent means 1.",
		value: versionValue{},
	},
	{
		path: "listen", form: "`host:port`", def: "127.0.0.1:4500", example: "0.0.0.0:4500",
		doc:   "Address to listen on. HTTP and TLS share the port. Port 0 takes a free one; `preamp status` tells which.",
		value: stringValue{get: func(c *Config) *string { return &c.Listen }, check: checkListen},
	},
	{
		path: "public_url", form: "`https://host[:port]`", example: "https://backend.example.com",
		doc: "Address under which clients reach this server. Endpoints, client configuration files and AWS_ENDPOINT_URL " +
			"are built from it. It has no path: request signatures cover the path. `preamp dev` uses `http://<bound address>`.",
		serve: "required; https unless --insecure",
		value: stringValue{get: func(c *Config) *string { return &c.PublicURL }, check: checkPublicURL},
	},
	{
		path: "data", form: "directory", def: ".preamp", example: "/var/lib/preamp",
		doc: "Data directory, made with mode 0700. With SQLite it holds everything: stop the server and copy it for a " +
			"backup. A relative path starts at the working directory.",
		value: stringValue{get: func(c *Config) *string { return &c.Data }, check: checkNotEmpty},
	},
	{
		path: "database.url", form: "PostgreSQL URL", example: "postgres://preamp@db.internal/preamp?sslmode=verify-full",
		doc: "Store everything in this PostgreSQL database, in schemas whose names begin with `preamp_`. Absent: SQLite in " +
			"the data directory.",
		value:  stringValue{get: func(c *Config) *string { return &c.Database.URL }, check: checkDatabaseURL},
		secret: true,
	},
	{
		path: "master_key.file", form: "path", example: "/etc/preamp/master.key",
		doc: "File with the master key (32 bytes in base64, mode 0600; `openssl rand -base64 32` makes one). It wraps all " +
			"other keys: without it the data cannot be read. `preamp dev` makes one in the data directory.",
		serve: "this or `master_key.env` is required",
		value: stringValue{get: func(c *Config) *string { return &c.MasterKey.File }, check: checkNotEmpty},
	},
	{
		path: "master_key.env", form: "variable name", example: "PREAMP_MASTER_KEY",
		doc:   "Name of the environment variable that holds the master key.",
		serve: "this or `master_key.file` is required",
		value: stringValue{get: func(c *Config) *string { return &c.MasterKey.Env }, check: checkVariable},
	},
	{
		path: "tls.cert", form: "path", example: "/etc/preamp/tls/fullchain.pem",
		doc:   "Certificate chain in PEM. A changed file is taken over without a restart. `preamp dev` signs its own.",
		serve: "required unless --insecure",
		value: stringValue{get: func(c *Config) *string { return &c.TLS.Cert }, check: checkNotEmpty},
	},
	{
		path: "tls.key", form: "path", example: "/etc/preamp/tls/privkey.pem",
		doc:   "Private key of `tls.cert` in PEM.",
		serve: "required unless --insecure",
		value: stringValue{get: func(c *Config) *string { return &c.TLS.Key }, check: checkNotEmpty},
	},
	{
		path: "trusted_proxies", form: "list of addresses or CIDR ranges", example: "[10.0.0.0/8]",
		doc: "Reverse proxies in front of this server. Only they may name the client (`X-Forwarded-For`) and say that it " +
			"came over TLS (`X-Forwarded-Proto`). They must pass the Host header on unchanged, because it is signed.",
		value: prefixesValue{get: func(c *Config) *[]prefix { return &c.TrustedProxies }},
	},
	{
		path: "limits.body", form: "size", def: "1MiB",
		doc:   "Largest request body of the control plane and of GraphQL. Beyond it: status 413.",
		value: sizeValue{get: func(c *Config) *int64 { return &c.Limits.Body }, least: 1 << 10, most: 256 << 20},
	},
	{
		path: "limits.query_text", form: "size", def: "64KiB",
		doc:   "Largest text of a GraphQL query. Beyond a query limit: errorType `QueryLimit`.",
		value: sizeValue{get: func(c *Config) *int64 { return &c.Limits.QueryText }, least: 1 << 10, most: 16 << 20},
	},
	{
		path: "limits.query_tokens", form: "number", def: "15000",
		doc:   "Most tokens of a GraphQL query.",
		value: intValue{get: func(c *Config) *int { return &c.Limits.QueryTokens }, least: 100, most: 1_000_000},
	},
	{
		path: "limits.query_depth", form: "number", def: "75",
		doc:   "Greatest depth of a GraphQL query.",
		value: intValue{get: func(c *Config) *int { return &c.Limits.QueryDepth }, least: 1, most: 1000},
	},
	{
		path: "limits.query_depth_api_key", form: "number", def: "20",
		doc:   "Greatest depth of a GraphQL query with an API key.",
		value: intValue{get: func(c *Config) *int { return &c.Limits.QueryDepthAPIKey }, least: 1, most: 1000},
	},
	{
		path: "limits.query_aliases", form: "number", def: "100",
		doc:   "Most aliases, and most root fields, of a GraphQL query.",
		value: intValue{get: func(c *Config) *int { return &c.Limits.QueryAliases }, least: 1, most: 10_000},
	},
	{
		path: "limits.query_fields", form: "number", def: "10000",
		doc:   "Most fields that one GraphQL request may resolve.",
		value: intValue{get: func(c *Config) *int { return &c.Limits.QueryFields }, least: 1, most: 10_000_000},
	},
	{
		path: "limits.query_time", form: "duration", def: "30s",
		doc:   "Longest execution of a GraphQL request.",
		value: durationValue{get: func(c *Config) *duration { return &c.Limits.QueryTime }, least: "100ms", most: "60s"},
	},
	{
		path: "limits.page", form: "number", def: "100",
		doc:   "Items of a page of a list when the client does not give `limit`; at most `limits.page_max`, to which the default is lowered.",
		value: intValue{get: func(c *Config) *int { return &c.Limits.Page }, least: 1, most: 10_000},
	},
	{
		path: "limits.page_max", form: "number", def: "1000",
		doc:   "Most items of a page, whatever `limit` a client gives.",
		value: intValue{get: func(c *Config) *int { return &c.Limits.PageMax }, least: 1, most: 10_000},
	},
	{
		path: "limits.json_depth", form: "number", def: "64",
		doc:   "Greatest depth of the body of a GraphQL request, and of literals in a query.",
		value: intValue{get: func(c *Config) *int { return &c.Limits.JSONDepth }, least: 4, most: 1000},
	},
	{
		path: "limits.answer", form: "size", def: "5MiB",
		doc:   "Largest answer of a GraphQL request.",
		value: sizeValue{get: func(c *Config) *int64 { return &c.Limits.Answer }, least: 64 << 10, most: 15 << 20},
	},
	{
		path: "limits.requests_per_second", form: "number", def: "100",
		doc: "Control-plane requests per second and access key. Beyond it: 429 TooManyRequestsException, limitType " +
			"`RequestRate`. Off in `preamp dev`.",
		value: intValue{get: func(c *Config) *int { return &c.Limits.RequestsPerSecond }, least: 1, most: 1_000_000},
	},
	{
		path: "limits.request_burst", form: "number", def: "200",
		doc:   "Control-plane requests that an access key may send at once before the rate counts.",
		value: intValue{get: func(c *Config) *int { return &c.Limits.RequestBurst }, least: 1, most: 1_000_000},
	},
	{
		path: "limits.control_wait", form: "duration", def: "10s",
		doc:   "Longest wait for a control transaction to begin. Beyond it: 504 GatewayTimeoutException.",
		value: durationValue{get: func(c *Config) *duration { return &c.Limits.ControlWait }, least: "100ms", most: "60s"},
	},
	{
		path: "limits.open_environments", form: "number", def: "128",
		doc:   "SQLite databases of environments that are kept open; the least used one is closed first.",
		value: intValue{get: func(c *Config) *int { return &c.Limits.OpenEnvironments }, least: 1, most: 100_000},
	},
	{
		path: "limits.open_apis", form: "number", def: "256",
		doc:   "Compiled GraphQL APIs that are kept in memory; the least used one is dropped first.",
		value: intValue{get: func(c *Config) *int { return &c.Limits.OpenAPIs }, least: 1, most: 100_000},
	},
}

var restKeys = []key{
	{
		path: "sandbox", form: "`true` or `false`", def: "", example: "false",
		doc: "Sandbox mode: the API key reads and writes models that have no @auth rule. Absent: on in `preamp dev`, off " +
			"in `preamp serve`.",
		value: boolValue{get: func(c *Config) **bool { return &c.Sandbox }},
	},
	{
		path: "settings", form: "mapping of setting to value", example: "{transformerversion: 2}",
		doc: "Defaults of the backend settings of new environments, by the names of Amplify's feature flags: " + settingNames() +
			". The first value is the default. `preamp settings --help` says what they do and changes those of an environment.",
		value: settingsValue{},
	},
	{
		path: "functions", form: "mapping", example: "{}",
		doc:   "Targets of @function.",
		later: "the release that brings @function",
		value: laterValue{},
	},
	{
		path: "outgoing.allow", form: "list of addresses or CIDR ranges", example: "[192.168.7.0/24]",
		doc: "Addresses in loopback, private, link-local and other special ranges that calls to addresses of an API's " +
			"configuration may reach: OpenID Connect issuers and their keys. They are refused by default, in `preamp dev` too, " +
			"and so is everything but https; what is listed may be called in clear. Addresses in this file itself are trusted.",
		value: prefixesValue{get: func(c *Config) *[]prefix { return &c.Outgoing.Allow }},
	},
	{
		path: "durability", form: "`full` or `relaxed`", def: DurabilityFull, example: DurabilityFull,
		doc: "`full`: an acknowledged write survives a power cut (one fsync per group of commits). `relaxed`: it survives a " +
			"crash of the process, but a power cut may take the last moments. SQLite only.",
		value: enumValue{get: func(c *Config) *string { return &c.Durability }, words: []string{DurabilityFull, DurabilityRelaxed}},
	},
}
