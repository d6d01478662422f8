package scalar

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Known reports whether name is a scalar type of AppSync.
func Known(name string) bool {
	_, ok := kinds[name]
	return ok
}

// kinds says what a coerced value of a scalar type is.
var kinds = map[string]Kind{
	"ID": String, "String": String, "Int": Int, "Float": Float, "Boolean": Bool,
	"AWSDate": String, "AWSTime": String, "AWSDateTime": String, "AWSTimestamp": Int,
	"AWSEmail": String, "AWSJSON": String, "AWSURL": String, "AWSPhone": String, "AWSIPAddress": String,
}

// forms are the AppSync types that are text of a certain form: the check, and
// the words that end "Unable to parse `…` as a valid …".
var forms = map[string]struct {
	valid func(string) bool
	words string
}{
	"AWSDate":      {validDate, "date"},
	"AWSTime":      {validTime, "time"},
	"AWSDateTime":  {validDateTime, "DateTime Object"},
	"AWSEmail":     {validEmail, "email address"},
	"AWSJSON":      {validJSON, "JSON"},
	"AWSURL":       {validURL, "URL"},
	"AWSPhone":     {validPhone, "phone number"},
	"AWSIPAddress": {validIP, "IP address"},
}

// Input coerces a value that is not null to a scalar type. When it cannot, the
// reason is a sentence for the client. A literal is a value written in the query
// text, where a number with a fraction is never an Int.
func Input(name string, v *Value, literal bool) (out Value, reason string) {
	switch name {
	case "Int":
		n, ok := integer(v, literal)
		if !ok {
			return Value{}, mismatch(name, v)
		}
		if n < math.MinInt32 || n > math.MaxInt32 {
			return Value{}, "Expected value to be in the Integer range but it was '" + v.Str + "'"
		}
		return Integer(n), ""
	case "AWSTimestamp":
		n, ok := integer(v, literal)
		if !ok {
			return Value{}, mismatch(name, v)
		}
		return Integer(n), ""
	case "Float":
		if v.Kind != Number {
			return Value{}, mismatch(name, v)
		}
		f, err := strconv.ParseFloat(v.Str, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return Value{}, "Expected a finite number but it was '" + short(v.Str) + "'"
		}
		return Value{Kind: Float, Num: f}, ""
	case "Boolean":
		if v.Kind != Bool {
			return Value{}, mismatch(name, v)
		}
		return *v, ""
	case "ID":
		if n, ok := integer(v, true); ok {
			return Text(strconv.FormatInt(n, 10)), ""
		}
		if v.Kind == Number && isInteger(v.Str) { // beyond 64 bits
			return Text(v.Str), ""
		}
	}
	if v.Kind != String {
		return Value{}, mismatch(name, v)
	}
	if strings.IndexByte(v.Str, 0) >= 0 {
		return Value{}, "A text must not contain the character U+0000."
	}
	if form, ok := forms[name]; ok && !form.valid(v.Str) {
		return Value{}, "Unable to parse `" + short(v.Str) + "` as a valid " + form.words + "."
	}
	return *v, ""
}

func mismatch(name string, v *Value) string {
	return "Expected type '" + name + "' but was '" + v.typeName() + "'."
}

// typeName is the name of a value's type as the service, written in Java, says it.
func (v *Value) typeName() string {
	switch v.Kind {
	case Number:
		if isInteger(v.Str) {
			return "Integer"
		}
		return "Double"
	case List:
		return "ArrayList"
	case Object:
		return "LinkedHashMap"
	}
	return v.Kind.String()
}

// short bounds a text that goes into a message.
func short(s string) string {
	const limit = 200
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "..."
}

func isInteger(s string) bool { return !strings.ContainsAny(s, ".eE") }

// integer reads a number that has no fraction and fits into 64 bits.
func integer(v *Value, literal bool) (int64, bool) {
	if v.Kind != Number {
		return 0, false
	}
	if n, err := strconv.ParseInt(v.Str, 10, 64); err == nil {
		return n, true
	}
	if literal || isInteger(v.Str) || len(v.Str) > 40 {
		return 0, false
	}
	// "1e3" and "5.0" are whole numbers. A float is exact only up to 2^53, and
	// an exponent must not make a huge number.
	f, _, err := big.ParseFloat(v.Str, 10, 128, big.ToNearestEven)
	if err != nil || !f.IsInt() || f.MantExp(nil) > 63 {
		return 0, false
	}
	n, exact := f.Int64()
	return n, exact == big.Exact
}

func validJSON(s string) bool { return json.Valid([]byte(s)) }
