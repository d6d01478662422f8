package oidc

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// maxDepth is how deep the JSON of a token may nest.
const maxDepth = 16

var errJSON = errors.New("not a strict JSON object")

// strictObject reads one JSON object. A member that is there twice is refused at
// every level: readers differ in which of the two counts, and a signature covers
// both. Numbers are json.Number.
func strictObject(raw []byte) (map[string]any, error) {
	if !utf8.Valid(raw) || !json.Valid(raw) {
		return nil, errJSON
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := strictValue(d, 0)
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errJSON
	}
	return object, nil
}

// strictValue reads the next value of text that is known to be valid JSON.
func strictValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, errJSON
	}
	open, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if depth == maxDepth {
		return nil, errJSON
	}
	if open == '[' {
		list := []any{}
		for d.More() {
			v, err := strictValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	object := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, errJSON
		}
		name, ok := t.(string)
		if !ok {
			return nil, errJSON
		}
		if _, twice := object[name]; twice {
			return nil, errJSON
		}
		if object[name], err = strictValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err = d.Token()
	return object, err
}
