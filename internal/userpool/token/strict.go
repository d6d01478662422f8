package token

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds the nesting of claims; ours have two levels.
const maxDepth = 8

var (
	errJSON      = errors.New("not a JSON object")
	errTwice     = errors.New("a member stands twice")
	errDepth     = errors.New("nested too deep")
	errNotBase64 = errors.New("not base64url")
)

// segment reads base64url of which there is one text for each value: no padding,
// no loose bits, no line ends.
func segment(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errNotBase64
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errNotBase64
	}
	return b, nil
}

// object reads a JSON object in which no member stands twice, at any level. Of
// two members, readers take different ones.
func object(raw []byte) (map[string]any, error) {
	if !utf8.Valid(raw) {
		return nil, errJSON
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := value(d, 0)
	if err != nil {
		return nil, err
	}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, errJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON
	}
	return o, nil
}

func value(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	t, err := d.Token()
	if err != nil {
		return nil, errJSON
	}
	switch t {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := value(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, closing(d)
	case json.Delim('{'):
		o := map[string]any{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, errJSON
			}
			text, ok := name.(string)
			if !ok {
				return nil, errJSON
			}
			if _, twice := o[text]; twice {
				return nil, errTwice
			}
			if o[text], err = value(d, depth+1); err != nil {
				return nil, err
			}
		}
		return o, closing(d)
	}
	return t, nil
}

// closing reads the end of an array or object.
func closing(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errJSON
	}
	return nil
}
