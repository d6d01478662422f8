package scalar_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"preamp/internal/graphql/scalar"
)

func TestInput(t *testing.T) {
	t.Parallel()
	valid := map[string][]string{
		"Int":          {`0`, `-1`, `2147483647`, `-2147483648`, `5.0`, `1e3`},
		"Float":        {`0`, `-1.5`, `1e300`, `5`},
		"Boolean":      {`true`, `false`},
		"ID":           {`"a"`, `5`, `-5`, `12345678901234567890`, `""`},
		"String":       {`""`, `"é😀"`, `"\n"`},
		"AWSDate":      {`"2024-02-29"`, `"1970-01-01Z"`, `"1970-01-01-07:00"`, `"1970-01-01+05:30:10"`},
		"AWSTime":      {`"12:30"`, `"12:30Z"`, `"12:30:24"`, `"12:30:24.5"`, `"12:30:24.123456789-07:00"`, `"00:00+05:30"`},
		"AWSDateTime":  {`"1970-01-01T12:00Z"`, `"1970-01-01T12:30:24Z"`, `"1970-01-01T12:30:24.500+05:30"`, `"2024-02-29T23:59:59.123456789-07:00:30"`},
		"AWSTimestamp": {`0`, `-1`, `1700000000`, `9007199254740993`},
		"AWSEmail":     {`"a@b"`, `"a@b.c"`, `"jeff@amazon.com"`, `"x.y+z@ex-ample.org"`, `"\"a b\"@c.d"`},
		"AWSJSON":      {`"{\"a\":[1,null]}"`, `"5"`, `"\"x\""`, `"null"`, `" [ ] "`},
		"AWSURL":       {`"https://www.amazon.com/dp/B000NZW3KC/"`, `"mailto:example@example.com"`, `"http://localhost:8080?a=//b"`, `"ftp://h/p#f"`, `"https://[::1]/"`},
		"AWSPhone":     {`"+44 1234 567890"`, `"555-123-4567"`, `"5551234567"`},
		"AWSIPAddress": {`"127.0.0.1"`, `"127.0.0.1/8"`, `"::1"`, `"2001:db8::/32"`},
	}
	invalid := map[string][]string{
		"Int":          {`2147483648`, `-2147483649`, `5.5`, `"5"`, `true`, `1e400`, `[1]`, `{}`},
		"Float":        {`1e999`, `"1"`, `true`},
		"Boolean":      {`1`, `"true"`},
		"ID":           {`1.5`, `true`, `"a\u0000"`},
		"String":       {`5`, `true`, `"\u0000"`, `{}`},
		"AWSDate":      {`"2023-02-29"`, `"2024-13-01"`, `"2024-1-1"`, `"24-01-01"`, `"2024-01-01T00:00Z"`, `"2024-01-01+24:00"`, `"2024-01-01 "`, `5`},
		"AWSTime":      {`"24:00"`, `"12:60"`, `"12"`, `"12:30:"`, `"12:30:24."`, `"12:30:24.1234567890"`, `"12:30z"`},
		"AWSDateTime":  {`"1970-01-01T12:00"`, `"1970-01-01 12:00Z"`, `"1970-01-01"`, `"1970-02-30T00:00Z"`, `"2019"`},
		"AWSTimestamp": {`1.5`, `"1"`, `1e30`, `99999999999999999999`},
		"AWSEmail":     {`"a"`, `"@b"`, `"a@"`, `"a b@c"`, `"a..b@c"`, `"a@-b.c"`, `"a@b..c"`},
		"AWSJSON":      {`"{"`, `""`, `"a"`, `{}`, `5`},
		"AWSURL":       {`"www.amazon.com"`, `"https:"`, `"https://"`, `"https://a/b//c"`, `"https://a b"`, `"1http://a"`},
		"AWSPhone":     {`"no"`, `""`, `"12"`, `"1--2345"`, `"-12345"`, `"12345-"`, `"1234567890123456"`, `"+1 (555)"`},
		"AWSIPAddress": {`"256.0.0.1"`, `"1.2.3"`, `"::1%eth0"`, `"127.0.0.1/33"`, `"a"`},
	}
	for _, set := range []struct {
		cases map[string][]string
		ok    bool
	}{{valid, true}, {invalid, false}} {
		for name, texts := range set.cases {
			if !scalar.Known(name) {
				t.Errorf("%s is not known", name)
			}
			for _, text := range texts {
				v, err := scalar.Decode(text, 4)
				if err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				if _, reason := scalar.Input(name, &v, false); (reason == "") != set.ok {
					t.Errorf("%s %s: reason %q", name, text, reason)
				}
			}
		}
	}
}

func TestLiteralsAreStricter(t *testing.T) {
	t.Parallel()
	v := scalar.Value{Kind: scalar.Number, Str: "5.0"}
	if _, reason := scalar.Input("Int", &v, true); reason == "" {
		t.Error("5.0 in a query text is no Int")
	}
}

func TestLongTextsAreCutInMessages(t *testing.T) {
	t.Parallel()
	v := scalar.Text(strings.Repeat("é", 5000))
	_, reason := scalar.Input("AWSDate", &v, false)
	if len(reason) > 300 || !strings.HasSuffix(reason, "as a valid date.") {
		t.Errorf("reason of %d bytes: %s", len(reason), reason)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, ` `, `{`, `}`, `[1,]`, `{"a":1,}`, `{"a"}`, `{a:1}`, `01`, `1.`, `.5`, `+1`, `1e`, `nul`, `truee`, `"a`, `"\x"`, `"\u12"`, `"\ud800\u12"`,
		"\"\n\"", "\"\xff\"", "\"\\n\xff\"", `1 2`, `[1 2]`, `{"a":1 "b":2}`, `{"a":1,"a":2}`, `'a'`, `NaN`, `--1`, "\ufeff1",
	} {
		if v, err := scalar.Decode(text, 8); err == nil {
			t.Errorf("%q: accepted as %s", text, v.AppendJSON(nil))
		}
	}
	var large strings.Builder
	large.WriteString(`{`)
	for i := range 40 {
		large.WriteString(`"k` + strings.Repeat("x", i) + `":1,`)
	}
	if _, err := scalar.Decode(large.String()+`"k":2}`, 8); err == nil {
		t.Error("a name twice in a large object was accepted")
	}
	if _, err := scalar.Decode(large.String()+`"z":2}`, 8); err != nil {
		t.Errorf("large object: %v", err)
	}
	if _, err := scalar.Decode(strings.Repeat("[", 9)+strings.Repeat("]", 9), 8); err != scalar.ErrDepth {
		t.Errorf("depth: %v", err)
	}
	if _, err := scalar.Decode(`[[[]],[[]]]`, 3); err != nil {
		t.Errorf("depth of siblings: %v", err)
	}
	if _, err := scalar.Decode("["+strings.Repeat("1,", scalar.MaxValues)+"1]", 8); err != scalar.ErrSize {
		t.Errorf("size: %v", err)
	}
}

func TestHalfSurrogates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"\ud83d\ude00"`: "😀", `"\ud83d"`: "\ufffd", `"\ude00x"`: "\ufffdx", `"\ud83d\u0041"`: "\ufffdA", `"\ud83d\ud83d\ude00"`: "\ufffd😀",
	} {
		if v, err := scalar.Decode(text, 1); err != nil || v.Str != want {
			t.Errorf("%s: %q, %v", text, v.Str, err)
		}
	}
}

// FuzzDecode compares with encoding/json, which accepts two things more: names
// that appear twice, and invalid UTF-8.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,true,null,"x\u00e9\n"]}`, `"\ud83d"`, `[[],{}]`, `{"a":1,"a":2}`, "\"\x80\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := scalar.Decode(text, 1000)
		if err != nil {
			return
		}
		want, err := numbers(text)
		if err != nil {
			t.Fatalf("%q was accepted, encoding/json says %v", text, err)
		}
		again := string(v.AppendJSON(nil))
		got, err := numbers(again)
		if err != nil {
			t.Fatalf("%q became %q: %v", text, again, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q became %q", text, again)
		}
	})
}

// numbers decodes JSON with its numbers as they were written.
func numbers(text string) (v any, err error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

func TestFloatsReadBack(t *testing.T) {
	t.Parallel()
	for _, f := range []float64{0, 0.1, -1e21, 1e-7, math.MaxFloat64, math.SmallestNonzeroFloat64, 123456789.123456789} {
		v := scalar.Value{Kind: scalar.Float, Num: f}
		var got float64
		if err := json.Unmarshal(v.AppendJSON(nil), &got); err != nil || got != f {
			t.Errorf("%v became %s", f, v.AppendJSON(nil))
		}
	}
}
