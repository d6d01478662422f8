package codegen

import (
	"encoding/json"
	"errors"

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

func (r Request) options() transform.Options {
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
	o := r.options()
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

func (r Request) refused(err error) Answer {
	text := errs.Public(err).Message
	if why, ok := errors.AsType[*schema.Refusal](err); ok {
		text = why.Text
	}
	return Answer{ID: r.ID, Error: text}
}
