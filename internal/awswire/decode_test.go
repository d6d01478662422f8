package awswire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"preamp/internal/awswire"
	"preamp/internal/errs"
)

// inner and outer stand for generated types.
type inner struct {
	Mode *string `json:"mode,omitzero"`
}

type outer struct {
	Name    string   `json:"name"`
	Flag    *bool    `json:"flag,omitzero"`
	Size    *float64 `json:"size,omitzero"`
	Count   *int32   `json:"count,omitzero"`
	Inner   *inner   `json:"inner,omitzero"`
	List    []inner  `json:"list,omitzero"`
	Strings []string `json:"strings,omitzero"`
	label   string
}

var innerMembers = []awswire.Member{{Name: "mode", Kind: awswire.KindString, Required: true}}

func decodeInner(d *awswire.Decoder) (v inner, err error) {
	err = d.Object(innerMembers, func(string) (err error) {
		v.Mode, err = awswire.Ptr(d.Enum([]string{"ON", "OFF"}))
		return err
	})
	return v, err
}

var outerMembers = []awswire.Member{
	{Name: "count", Kind: awswire.KindInteger},
	{Name: "flag", Kind: awswire.KindBoolean},
	{Name: "inner", Kind: awswire.KindStructure},
	{Name: "list", Kind: awswire.KindList},
	{Name: "name", Kind: awswire.KindString, Required: true},
	{Name: "size", Kind: awswire.KindDouble},
	{Name: "strings", Kind: awswire.KindList},
}

func decodeOuter(d *awswire.Decoder, labels []string) (v outer, err error) {
	if len(labels) > 0 {
		v.label = labels[0]
	}
	err = d.Object(outerMembers, func(name string) (err error) {
		switch name {
		case "count":
			v.Count, err = awswire.Ptr(d.Integer(1, 25))
		case "flag":
			v.Flag, err = awswire.Ptr(d.Boolean())
		case "inner":
			v.Inner, err = awswire.Ptr(decodeInner(d))
		case "list":
			v.List, err = awswire.List(d, decodeInner)
		case "name":
			v.Name, err = d.String()
		case "size":
			v.Size, err = awswire.Ptr(d.Double())
		case "strings":
			v.Strings, err = awswire.List(d, (*awswire.Decoder).String)
		}
		return err
	})
	return v, err
}

func decode(body string) (outer, error) {
	return awswire.Decode([]byte(body), func(d *awswire.Decoder) (outer, error) { return decodeOuter(d, nil) })
}

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body, want string
	}{
		{"required only", `{"name":"x"}`, `{"name":"x"}`},
		{"blanks everywhere", " \t\r\n{ \"name\" \n:\t\"x\" ,\"flag\": true } ", `{"name":"x","flag":true}`},
		{
			"all", `{"strings":["a","b"],"size":-1.5e2,"name":"x","list":[{"mode":"ON"},{"mode":"OFF"}],"inner":{"mode":"ON"},"flag":false,"count":25}`,
			`{"name":"x","flag":false,"size":-150,"count":25,"inner":{"mode":"ON"},"list":[{"mode":"ON"},{"mode":"OFF"}],"strings":["a","b"]}`,
		},
		{"null is absent", `{"name":"x","flag":null,"inner":null,"list":null}`, `{"name":"x"}`},
		{"empty list is not absent", `{"name":"x","list":[],"strings":[ ]}`, `{"name":"x","list":[],"strings":[]}`},
		{"unknown members", `{"a":{"b":[1,true,null,"s",{}]},"name":"x","":0}`, `{"name":"x"}`},
		{"empty text is not absent", `{"name":""}`, `{"name":""}`},
		{"escapes", `{"name":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}`, `{"name":"\"\\/\b\f\n\r\té😀"}`},
		{"escaped name", `{"n\u0061me":"x"}`, `{"name":"x"}`},
		{"no html escapes", `{"name":"<&>\u003c"}`, `{"name":"<&><"}`},
		{"zero", `{"name":"x","size":-0}`, `{"name":"x","size":-0}`},
		{"many side by side are not deep", `{"name":"x","a":[` + strings.Repeat(`[],{},[1],{"b":1},`, 100) + `0]}`, `{"name":"x"}`},
		{"depth at the limit", `{"name":"x","deep":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`, `{"name":"x"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, err := decode(tt.body)
			if err != nil {
				t.Fatal(err)
			}
			got, err := awswire.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestDecodeRefused(t *testing.T) {
	t.Parallel()
	const syntax = "The request body is not valid JSON: "
	tests := []struct {
		name, body, want string
	}{
		{"empty", "", "Missing required key 'name'"},
		{"null", "null", "Missing required key 'name'"},
		{"required null", `{"name":null}`, "Missing required key 'name'"},
		{"required below", `{"name":"x","inner":{}}`, "Missing required key 'inner.mode'"},
		{"required in a list", `{"name":"x","list":[{"mode":"ON"},{}]}`, "Missing required key 'list[1].mode'"},
		{"array", "[]", "The request body must be an object, not an array"},
		{"text", `"x"`, "The request body must be an object, not a string"},
		{"other type", `{"name":1}`, "Value at 'name' must be a string, not a number"},
		{"object for text", `{"name":{}}`, "Value at 'name' must be a string, not an object"},
		{"other type below", `{"inner":{"mode":true}}`, "Value at 'inner.mode' must be a string, not a boolean"},
		{"other type in a list", `{"strings":["a",2]}`, "Value at 'strings[1]' must be a string, not a number"},
		{"null in a list", `{"strings":[null]}`, "Value at 'strings[0]' must be a string, not null"},
		{"object for list", `{"list":{}}`, "Value at 'list' must be an array, not an object"},
		{"text for number", `{"size":"NaN"}`, "Value at 'size' must be a number, not a string"},
		{"number out of range", `{"size":1e999}`, "Value '1e999' at 'size' is out of range"},
		{"text for boolean", `{"flag":"true"}`, "Value at 'flag' must be a boolean, not a string"},
		{"enumeration", `{"inner":{"mode":"on"}}`, "Value 'on' at 'inner.mode' failed to satisfy constraint: Member must satisfy enum value set: [ON, OFF]"},
		{"too great", `{"count":26}`, "Value '26' at 'count' failed to satisfy constraint: Member must have value less than or equal to 25"},
		{"too small", `{"count":0}`, "Value '0' at 'count' failed to satisfy constraint: Member must have value greater than or equal to 1"},
		{"fraction", `{"count":1.0}`, "Value '1.0' at 'count' must be a whole number"},
		{"other case", `{"Name":"x"}`, "Unknown key 'Name': it must be written 'name'"},
		{"other case below", `{"inner":{"MODE":"ON"}}`, "Unknown key 'inner.MODE': it must be written 'mode'"},
		// encoding/json matches names under Unicode case folding: ſ is s there.
		{"folded case", `{"\u017ftrings":[]}`, "Unknown key 'ſtrings': it must be written 'strings'"},
		{"twice", `{"name":"x","name":"y"}`, "Key 'name' is given twice"},
		{"twice, null first", `{"name":null,"name":"y"}`, "Key 'name' is given twice"},
		{"unknown twice", `{"a":1,"a":2}`, "Key 'a' is given twice"},
		{"twice in an unknown member", `{"a":{"b":[{"c":1,"c":1}]}}`, "Key 'c' is given twice"},
		{"too deep", `{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, "nested more than 64 levels deep"},
		{"deep and open", strings.Repeat(`{"a":`, 1000), "nested more than 64 levels deep"},
		{"text after", `{"name":"x"} x`, syntax + "unexpected text after the end at byte 13"},
		{"second value", `{"name":"x"}{}`, syntax + "unexpected text after the end at byte 12"},
		{"open object", `{"name":"x"`, syntax + "unexpected end at byte 11"},
		{"open list", `{"strings":["x"`, syntax + "unexpected end at byte 15"},
		{"open text", `{"name":"x`, syntax + "unexpected end at byte 10"},
		{"open escape", `{"name":"\`, syntax + "unexpected end at byte 10"},
		{"no value", `{"name":}`, syntax + "unexpected character at byte 8"},
		{"no colon", `{"name" "x"}`, syntax + "unexpected character at byte 8"},
		{"no comma", `{"name":"x" "flag":true}`, syntax + "unexpected character at byte 12"},
		{"comma at the end", `{"name":"x",}`, syntax + "unexpected character at byte 12"},
		{"comma at the end of a list", `{"strings":["x",]}`, syntax + "unexpected character"},
		{"name without quotes", `{name:"x"}`, syntax + "unexpected character at byte 1"},
		{"single quotes", `{'name':'x'}`, syntax + "unexpected character at byte 1"},
		{"comment", `{/**/"name":"x"}`, syntax + "unexpected character at byte 1"},
		{"byte order mark", "\ufeff{}", syntax + "unexpected character at byte 0"},
		{"nul after", "{\"name\":\"x\"}\x00", syntax + "unexpected text after the end"},
		{"nul in place of a value", "{\"name\":\x00}", syntax + "unexpected character"},
		{"leading zero", `{"size":01}`, syntax + "unexpected character at byte 9"},
		{"plus", `{"size":+1}`, syntax + "unexpected character"},
		{"lone minus", `{"size":-}`, syntax + "unexpected character"},
		{"no fraction", `{"size":1.}`, syntax + "unexpected character"},
		{"no exponent", `{"size":1e+}`, syntax + "unexpected character"},
		{"misspelt literal", `{"flag":tru}`, syntax + "unexpected character"},
		{"long literal", `{"flag":truex}`, syntax + "unexpected character"},
		{"misspelt null", `{"name":nul}`, syntax + "unexpected character"},
		{"line end in a text", "{\"name\":\"a\nb\"}", syntax + "control character in a string at byte 10"},
		{"unknown escape", `{"name":"\x"}`, syntax + "invalid escape at byte 9"},
		{"short escape", `{"name":"\u12"}`, syntax + "invalid escape at byte 9"},
		{"no hex", `{"name":"\u12g4"}`, syntax + "invalid escape at byte 9"},
		{"signed hex", `{"name":"\u+123"}`, syntax + "invalid escape at byte 9"},
		{"lone high surrogate", `{"name":"\ud800"}`, syntax + "lone surrogate"},
		{"lone low surrogate", `{"name":"\udc00"}`, syntax + "lone surrogate"},
		{"two high surrogates", `{"name":"\ud800\ud800"}`, syntax + "lone surrogate"},
		{"surrogate before a letter", `{"name":"\ud800\u0041"}`, syntax + "lone surrogate"},
		{"escaped nul", `{"name":"\u0000"}`, syntax + "the character U+0000"},
		{"invalid utf-8", "{\"name\":\"\xff\"}", "The request body is not valid UTF-8"},
		{"invalid utf-8 in an unknown member", "{\"a\":\"\xc3\x28\",\"name\":\"x\"}", "The request body is not valid UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, err := decode(tt.body)
			if err == nil {
				t.Fatalf("accepted as %+v", v)
			}
			if errs.KindOf(err) != errs.Invalid {
				t.Errorf("kind %s", errs.KindOf(err))
			}
			if got := errs.Public(err).Message; !strings.Contains(got, tt.want) {
				t.Errorf("message %q, want %q", got, tt.want)
			}
		})
	}
}

// TestEcho bounds what a message repeats: an answer must not be as long as the
// request makes it.
func TestEcho(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 10_000)
	for _, body := range []string{
		`{"inner":{"mode":"` + long + `"}}`, `{"` + long + `":1,"` + long + `":2}`, `{"count":1` + strings.Repeat("0", 10_000) + `}`,
	} {
		_, err := decode(body)
		if err == nil || len(err.Error()) > 512 {
			t.Errorf("message of %d bytes: %.80v", len(err.Error()), err)
		}
	}
}

// FuzzDecode compares with encoding/json: what the decoder accepts is JSON, and
// what it refuses as JSON is not, or is something that encoding/json repairs.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"name":"x","list":[{"mode":"ON"}],"size":-0.5e+3}`, `{"a":[1,{"b":null}],"name":"\ud83d\ude00"}`, "", "null", "{", `{"name":"\u0000"}`, `[[[`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		_, err := awswire.Decode(body, func(d *awswire.Decoder) (struct{}, error) { return struct{}{}, d.Skip() })
		valid := json.Valid(body)
		if err == nil {
			if len(strings.Trim(string(body), " \t\r\n")) > 0 && !valid {
				t.Fatalf("%q is accepted and is not JSON", body)
			}
			return
		}
		if errs.KindOf(err) != errs.Invalid {
			t.Fatalf("%q: kind %s", body, errs.KindOf(err))
		}
		repaired := []string{"given twice", "levels deep", "surrogate", "U+0000", "UTF-8"}
		for _, s := range repaired {
			if strings.Contains(err.Error(), s) {
				return
			}
		}
		if valid {
			t.Fatalf("%q is JSON and is refused: %v", body, err)
		}
	})
}
