package provision

import (
	"bytes"
	"encoding/json"
)

// object is a JSON object whose members keep their order: scripts take the first
// key, and people read these files.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := encode(m.name)
		if err != nil {
			return nil, err
		}
		value, err := encode(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// set adds a member unless its value is empty.
func (o *object) set(name string, value any) {
	switch v := value.(type) {
	case string:
		if v == "" {
			return
		}
	case json.RawMessage:
		if len(v) == 0 {
			return
		}
	}
	*o = append(*o, member{name, value})
}

// Encode is v as compact JSON, without the escapes for HTML that encoding/json
// adds: scripts compare URLs in it.
func Encode(v any) (string, error) {
	b, err := encode(v)
	return string(b), err
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
