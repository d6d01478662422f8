package amplifybackend_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"preamp/internal/amplifybackend"
	"preamp/internal/errs"
)

// FuzzDecode feeds any body to any operation. What is accepted must be JSON,
// must not depend on the order of decoding, and must be read again as the same.
func FuzzDecode(f *testing.F) {
	facts := readFacts(f)
	ops := amplifybackend.Operations(amplifybackend.Unavailable{})
	for i, op := range ops {
		for _, all := range []bool{false, true} {
			f.Add(uint8(i), text(f, facts[op.Name].Input.value(all)))
		}
	}
	for _, s := range []string{"", "null", "{", `{"a":1,"a":2}`, `{"resourceName":"\ud800"}`, `{"maxResults":1e999}`, "{\"a\":\"\xff\"}", `{"resourceConfig":null}`} {
		f.Add(uint8(2), []byte(s))
	}
	f.Fuzz(func(t *testing.T, i uint8, body []byte) {
		op := ops[int(i)%len(ops)]
		l := labels(op.URI)
		in, err := op.Decode(l, body)
		if err != nil {
			if errs.KindOf(err) != errs.Invalid || errs.Public(err).Message == "" {
				t.Fatalf("error %v of kind %s", err, errs.KindOf(err))
			}
			return
		}
		if len(bytes.Trim(body, " \t\r\n")) > 0 && !json.Valid(body) {
			t.Fatalf("%q is not JSON but was accepted", body)
		}
		first := text(t, in)
		again, err := op.Decode(l, first)
		if err != nil {
			t.Fatalf("%s was read, but not what was written of it, %s: %v", body, first, err)
		}
		if second := text(t, again); !bytes.Equal(first, second) {
			t.Fatalf("wrote %s, then %s", first, second)
		}
	})
}
