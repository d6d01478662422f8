package awswire

import (
	"bytes"
	"encoding/json"
)

// Marshal is the JSON text of v, compact and without HTML escapes: clients of
// AWS search answers as text.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
