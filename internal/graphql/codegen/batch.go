package codegen

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"preamp/internal/authn"
	"preamp/internal/errs"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

// Request is one line of input of a batch compilation.
type Request struct {
	ID                 string `json:"id"`
	Schema             string `json:"schema"`
	Transformer        int    `json:"transformer"`
	ConflictResolution string `json:"conflictResolution"`
	DefaultAuth        string `json:"defaultAuth"`
}

// Answer is one line of output of a batch compilation.
type Answer struct {
	ID    string `json:"id"`
	OK    bool   `json:"ok"`
	SDL   string `json:"sdl,omitempty"`
	Error string `json:"error,omitempty"`
	// Introspection is the model introspection schema.
	Introspection json.RawMessage `json:"introspection,omitempty"`
}

// Options are those of the request, with all modes of its transformer version
// configured, so that every rule of a schema has a mode.
func (r Request) Options() transform.Options {
	o := transform.Options{
		Version:     r.Transformer,
		DefaultAuth: authn.Mode(r.DefaultAuth),
		AuthModes:   []authn.Mode{authn.APIKey, authn.UserPool, authn.IAM, authn.OIDC},
	}
	if r.Transformer != 1 {
		o.AuthModes = append(o.AuthModes, authn.Lambda)
	}
	if r.ConflictResolution != "NONE" {
		o.Conflict = transform.Conflict(r.ConflictResolution)
	}
	return o
}

// Answer compiles the schema of the request with all auth modes configured. The
// error is the message without the place, as the official tools write it. A
// schema that compiles but that clients cannot have models for is answered
// without introspection.
func (r Request) Answer() Answer {
	o := r.Options()
	if err := r.check(); err != nil {
		return r.refused(err)
	}
	doc, err := schema.ParseAs(r.Schema, r.Transformer)
	if err != nil {
		return r.refused(err)
	}
	api, err := transform.Expand(doc, o)
	if err != nil {
		return r.refused(err)
	}
	a := Answer{ID: r.ID, OK: true, SDL: api.SDL}
	if text, err := Introspection(doc, Options{Version: api.Version, DataStore: o.Conflict != ""}); err == nil {
		a.Introspection = json.RawMessage(text)
	}
	return a
}

// check refuses words that no compilation knows. Absent ones have defaults.
func (r Request) check() error {
	modes := []string{"", string(authn.APIKey), string(authn.UserPool), string(authn.IAM), string(authn.OIDC), string(authn.Lambda)}
	strategies := []string{"", "NONE", string(transform.AutoMerge), string(transform.Optimistic), string(transform.ByLambda)}
	switch {
	case r.Transformer < 0 || r.Transformer > 2:
		return invalid("transformer is %d: it is 1 or 2", r.Transformer)
	case !slices.Contains(strategies, r.ConflictResolution):
		return invalid("conflictResolution is %q: it is one of%s", r.ConflictResolution, strings.Join(strategies, " "))
	case !slices.Contains(modes, r.DefaultAuth):
		return invalid("defaultAuth is %q: it is one of%s", r.DefaultAuth, strings.Join(modes, " "))
	}
	return nil
}

func (r Request) refused(err error) Answer {
	text := errs.Public(err).Message
	if why, ok := errors.AsType[*schema.Refusal](err); ok {
		text = why.Text
	}
	return Answer{ID: r.ID, Error: text}
}
