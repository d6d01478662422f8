package social_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"preamp/internal/userpool/social"
)

// What comes by way of the browser is a name at most.
func FuzzAppleUser(f *testing.F) {
	for _, seed := range []string{
		`{"name":{"firstName":"Ada","lastName":"Lovelace"},"email":"a@b.c"}`, `{"name":null}`, `[]`, ``, `{"name":{"firstName":1}}`,
		`{"name":{"firstName":"\u0000\ud800"}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for name, v := range social.AppleUser(raw) {
			if name != "firstName" && name != "lastName" && name != "name" || v == "" || len([]rune(v)) > 401 || strings.ContainsAny(v, "\x00\r\n") {
				t.Errorf("%q: %s = %q", raw, name, v)
			}
		}
	})
}

// No answer of a provider makes a profile of nobody.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"sub":"x","a":[1,{"b":null}]}`, `{}{}`, `null`, `{"a":1e999}`, "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		claims, err := social.Decode(raw)
		if (err == nil) != (claims != nil) {
			t.Errorf("%q: %v, %v", raw, claims, err)
		}
		for name, v := range claims {
			if text, ok := social.ClaimText(v); ok && !utf8.ValidString(text) {
				t.Errorf("%q: %s = %q", raw, name, text)
			}
		}
	})
}
