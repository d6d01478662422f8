package targettest

import (
	"bytes"
	"encoding/json"
	"testing"

	"preamp/internal/awswire"
	"preamp/internal/errs"
)

// Fuzz feeds any body to any operation. What is accepted must be JSON, and must
// be written as a text that is read again as the same.
func Fuzz(f *testing.F, facts *Facts, actions []awswire.Action) {
	for i, a := range actions {
		for _, all := range []bool{false, true} {
			f.Add(uint8(i), marshal(f, facts.Operations[a.Name].Body(f, all)))
		}
	}
	for _, s := range []string{"", "null", "{", `{"A":1,"A":2}`, `{"UserPoolId":"\ud800"}`, `{"Limit":1e999}`, "{\"A\":\"\xff\"}", `{"Tags":{"":null}}`, `{"IdentityPoolId":"a:\u0000"}`} {
		f.Add(uint8(2), []byte(s))
	}
	f.Fuzz(func(t *testing.T, i uint8, body []byte) {
		a := actions[int(i)%len(actions)]
		in, err := a.Decode(body)
		if err != nil {
			public := errs.Public(err)
			if public.Kind != errs.Invalid || public.Code != malformed && public.Code != invalid || public.Message == "" {
				t.Fatalf("error %v of kind %s and code %q", err, public.Kind, public.Code)
			}
			if len(public.Message) > 32<<10 {
				t.Fatalf("a message of %d bytes", len(public.Message))
			}
			return
		}
		if len(bytes.Trim(body, " \t\r\n")) > 0 && !json.Valid(body) {
			t.Fatalf("%q is not JSON but was accepted", body)
		}
		first := marshal(t, in)
		again, err := a.Decode(first)
		if err != nil {
			t.Fatalf("%s was read, but not what was written of it, %s: %v", body, first, err)
		}
		if second := marshal(t, again); !bytes.Equal(first, second) {
			t.Fatalf("wrote %s, then %s", first, second)
		}
	})
}
