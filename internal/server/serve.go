package server

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strconv"

	"preamp/internal/backend"
	"preamp/internal/config"
	"preamp/internal/graphql/endpoint"
	"preamp/internal/httpx"
	"preamp/internal/keys"
)

// ServeOptions are the flags of `preamp serve`. Config is one that
// config.Load checked for serve.
type ServeOptions struct {
	Config   *config.Config
	Insecure bool
	Logger   *slog.Logger
	Version  string
}

// Serve runs a production server until ctx ends.
func Serve(ctx context.Context, o ServeOptions) error {
	c := o.Config
	master, err := master(c.MasterKey)
	if err != nil {
		return err
	}
	opts := fromConfig(c)
	if opts.data, err = filepath.Abs(c.Data); err != nil {
		return err
	}
	if err := os.MkdirAll(opts.data, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	opts.master, opts.insecure, opts.version, opts.logger = master, o.Insecure, o.Version, o.Logger
	opts.settings = settings(c, false)
	if opts.messaging, err = messagingOf(c); err != nil {
		return err
	}
	opts.fixedCode = "" // for dev only, whatever the configuration says
	if c.TLS.Cert != "" {
		if opts.certificates, err = httpx.CertFiles(c.TLS.Cert, c.TLS.Key, o.Logger); err != nil {
			return fmt.Errorf("load the certificate: %w", err)
		}
	}
	s, err := open(ctx, opts)
	if err != nil {
		return err
	}
	return s.Run(ctx, func(context.Context) error {
		o.Logger.Info("ready", "version", o.Version, "url", s.baseURL(), "listen", s.listener.Addr().String(), "data", opts.data, "store", s.set.Dialect().String())
		return nil
	})
}

// master reads the key that seals all others.
func master(k config.MasterKey) (keys.Secret, error) {
	if k.File != "" {
		return keys.MasterFromFile(k.File)
	}
	return keys.MasterFromEnv(k.Env)
}

// fromConfig is what dev and serve take from a configuration file alike.
func fromConfig(c *config.Config) options {
	return options{
		listen: c.Listen, data: c.Data, databaseURL: c.Database.URL, publicURL: c.PublicURL, trusted: c.TrustedProxies,
		relaxed: c.Durability == config.DurabilityRelaxed, openEnvs: c.Limits.OpenEnvironments, openAPIs: c.Limits.OpenAPIs,
		perSecond: c.Limits.RequestsPerSecond, burst: c.Limits.RequestBurst, wait: c.Limits.ControlWait, body: c.Limits.Body,
		outgoing: c.Outgoing.Allow, awsNames: c.AWSNames != nil && *c.AWSNames, requirePKCE: c.RequirePKCE != nil && *c.RequirePKCE, social: c.Social, fixedCode: c.Test.FixedCode,
		rates: c.Limits.Cognito,
		limits: endpoint.Limits{
			Body: c.Limits.Body, QueryText: int(c.Limits.QueryText), Tokens: c.Limits.QueryTokens, Depth: c.Limits.QueryDepth,
			DepthAPIKey: c.Limits.QueryDepthAPIKey, Aliases: c.Limits.QueryAliases, Fields: c.Limits.QueryFields, Time: c.Limits.QueryTime,
			Page: c.Limits.Page, List: c.Limits.PageMax, JSONDepth: c.Limits.JSONDepth, Answer: c.Limits.Answer,
		},
	}
}

// settings are the backend settings of a new environment.
func settings(c *config.Config, sandbox bool) map[string]string {
	if c.Sandbox != nil {
		sandbox = *c.Sandbox
	}
	s := map[string]string{}
	maps.Copy(s, c.Settings)
	if _, ok := s[backend.SettingSandbox]; !ok {
		s[backend.SettingSandbox] = strconv.FormatBool(sandbox)
	}
	return s
}

// devOptions are the options of a development server: flags win over the file.
func devOptions(o DevOptions, data string, master keys.Secret) options {
	c := o.Config
	if c == nil {
		c = config.Default()
	}
	opts := fromConfig(c)
	opts.dev, opts.listen, opts.data, opts.master, opts.version, opts.logger = true, o.Listen, data, master, o.Version, o.Logger
	opts.settings = settings(c, true)
	if o.FixedCode != "" {
		opts.fixedCode = o.FixedCode
	}
	return opts
}
