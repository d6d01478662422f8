package config

import (
	"net/netip"
	"time"
)

// Config is a checked configuration. Its zero value is not useful: use Load or
// Default.
type Config struct {
	Listen    string
	PublicURL string
	Data      string
	Database  Database
	MasterKey MasterKey
	TLS       TLS
	// TrustedProxies may say who the client is (X-Forwarded-For) and that it came
	// over TLS (X-Forwarded-Proto).
	TrustedProxies []netip.Prefix
	Limits         Limits
	// Sandbox opens models without @auth to the API key. Nil leaves it to the
	// command: on in dev, off in serve.
	Sandbox *bool
	// Settings are the defaults of backend settings of new environments.
	Settings   map[string]string
	Outgoing   Outgoing
	Durability string // DurabilityFull or DurabilityRelaxed

	Mail Mail
	SMS  SMS
	// Social are addresses of identity providers by the name of the provider.
	Social map[string]*Endpoints
	// RequirePKCE refuses authorization codes to public clients without a challenge.
	RequirePKCE *bool
	// AWSNames answers at the host names of AWS.
	AWSNames *bool
	Test     Test

	// Notes are remarks that do not keep the server from starting, such as a key
	// that only a later version acts on.
	Notes []Problem

	sources map[string]string // key path -> where its value comes from
}

// Values of Durability.
const (
	DurabilityFull    = "full"
	DurabilityRelaxed = "relaxed"
)

// Database is the store; without a URL it is SQLite in the data directory.
type Database struct{ URL string }

// MasterKey says where the master key is, in a file or an environment variable.
type MasterKey struct{ File, Env string }

// TLS names the PEM files of a certificate and its key.
type TLS struct{ Cert, Key string }

// Outgoing limits what the server itself may call.
type Outgoing struct{ Allow []netip.Prefix }

// Mail says how e-mails are sent; without a host they are not.
type Mail struct{ SMTP SMTP }

// SMTP is a mail server.
type SMTP struct {
	Host     string
	Port     int // 0 is that of TLS
	Username string
	Password SecretAt
	From     string
	TLS      string // TLSStart, TLSAlways or TLSNever
}

// Values of SMTP.TLS.
const (
	TLSStart  = "starttls"
	TLSAlways = "tls"
	TLSNever  = "none"
)

// SMS says how text messages are sent; without a URL they are not.
type SMS struct {
	URL    string
	Secret SecretAt
}

// SecretAt says where a secret is, in a file or an environment variable.
type SecretAt struct{ File, Env string }

// Endpoints are the addresses of an identity provider; empty ones are the real
// ones.
type Endpoints struct{ Authorize, Token, UserInfo, Keys, Issuer string }

// Test is for tests only.
type Test struct {
	// FixedCode is the code of all messages.
	FixedCode string
}

// Limits bound what one client can take. See docs/reference/configuration.md.
type Limits struct {
	Body              int64         // bytes of a request body
	QueryText         int64         // bytes of a GraphQL query text
	QueryTokens       int           // tokens of a query
	QueryDepth        int           // depth of a query
	QueryDepthAPIKey  int           // the same for callers with an API key
	QueryAliases      int           // aliases or root fields
	QueryFields       int           // resolved fields
	QueryTime         time.Duration // execution of a GraphQL request
	Page              int           // items of a page of which the client does not say the size
	PageMax           int           // items of the largest page
	JSONDepth         int           // levels of a GraphQL request body
	Answer            int64         // bytes of an answer
	RequestsPerSecond int           // control plane, per access key
	RequestBurst      int           //
	ControlWait       time.Duration // wait for the control transaction
	OpenEnvironments  int           // environment databases kept open (SQLite)
	OpenAPIs          int           // compiled GraphQL APIs kept in memory
	Cognito           CognitoRates
}

// Default is the configuration of an empty file.
func Default() *Config {
	c := &Config{Settings: map[string]string{}, Social: map[string]*Endpoints{}, sources: map[string]string{}}
	for _, name := range SocialProviders() {
		c.Social[name] = &Endpoints{}
	}
	for i := range keys {
		k := &keys[i]
		if k.value == nil || k.def == "" {
			continue
		}
		if err := k.value.parse(c, k.def); err != nil {
			panic("config: default of " + k.path + ": " + err.Error())
		}
	}
	return c
}
