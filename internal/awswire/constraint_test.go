package awswire_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/awswire"
	"preamp/internal/errs"
)

// pool stands for a generated input.
type pool struct {
	ID       string              `json:"Id"`
	Password string              `json:"Password,omitzero"`
	Flows    []string            `json:"Flows,omitzero"`
	Tags     map[string]string   `json:"Tags,omitzero"`
	Users    []poolUser          `json:"Users,omitzero"`
	Roles    map[string]poolUser `json:"Roles,omitzero"`
	Days     *int32              `json:"Days,omitzero"`
	Count    *int64              `json:"Count,omitzero"`
	Image    []byte              `json:"Image,omitzero"`
	Document json.RawMessage     `json:"Document,omitzero"`
	Created  awswire.Timestamp   `json:"Created,omitzero"`
}

type poolUser struct {
	Name string `json:"Name"`
}

var (
	textID       = awswire.Text{Min: 1, Max: 12, Pattern: awswire.NewPattern(`[\w-]+_[0-9a-zA-Z]+`)}
	textPassword = awswire.Text{Max: 16, Pattern: awswire.NewPattern(`\S+`), Sensitive: true}
	textFlow     = awswire.Text{Enum: []string{"SRP", "CUSTOM"}}
	textTag      = awswire.Text{Min: 1, Max: 3}
)

func decodeUser(d *awswire.Decoder) (v poolUser, err error) {
	err = d.Object([]awswire.Member{{Name: "Name", Required: true}}, func(string) (err error) {
		v.Name, err = textTag.Decode(d)
		return err
	})
	return v, err
}

func decodePool(d *awswire.Decoder) (v pool, err error) {
	members := []awswire.Member{{Name: "Id", Required: true}}
	for _, name := range []string{"Password", "Flows", "Tags", "Users", "Roles", "Days", "Count", "Image", "Document"} {
		members = append(members, awswire.Member{Name: name})
	}
	err = d.Object(members, func(name string) (err error) {
		switch name {
		case "Id":
			v.ID, err = textID.Decode(d)
		case "Password":
			v.Password, err = textPassword.Decode(d)
		case "Flows":
			v.Flows, err = awswire.ListOf(d, awswire.Size{Min: 1, Max: 2}, textFlow.Decode)
		case "Tags":
			v.Tags, err = awswire.MapOf(d, awswire.Size{Max: 2}, &textTag, textTag.Decode)
		case "Users":
			v.Users, err = awswire.ListOf(d, awswire.Size{}, decodeUser)
		case "Roles":
			v.Roles, err = awswire.MapOf(d, awswire.Size{}, &textTag, decodeUser)
		case "Days":
			v.Days, err = awswire.Ptr(d.Int(awswire.Range{Min: 1, Max: 365}))
		case "Count":
			v.Count, err = awswire.Ptr(d.Long(awswire.Range{Min: 0, Max: 1 << 40}))
		case "Image":
			v.Image, err = d.Blob()
		case "Document":
			v.Document, err = d.Document()
		}
		return err
	})
	return v, err
}

func TestDecodeInput(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"Id":"eu_1"}`: `{"Id":"eu_1"}`,
		`{"Id":"eu_1","Flows":["SRP"],"Tags":{},"Users":[],"Roles":{"a":{"Name":"b"}},"Days":365,"Count":1099511627776,"Image":"AAH/"}`: `{"Id":"eu_1","Flows":["SRP"],"Tags":{},"Users":[],"Roles":{"a":{"Name":"b"}},"Days":365,"Count":1099511627776,"Image":"AAH/"}`,
		`{"Id":"eu_1","Document": { "a" : [ 1.0, null, "<" ] } }`:                                                                       `{"Id":"eu_1","Document":{"a":[1.0,null,"<"]}}`,
		`{"Id":"eu_1","Document":1e5}`:              `{"Id":"eu_1","Document":1e5}`,
		`{"Id":"eu_1","Document":null,"Tags":null}`: `{"Id":"eu_1"}`,
		// The entry counts as absent, as a member would.
		`{"Id":"eu_1","Tags":{"a":null,"b":"c"}}`: `{"Id":"eu_1","Tags":{"b":"c"}}`,
		// Lengths are counted in characters.
		`{"Id":"eu_1","Tags":{"ééé":"😀😀😀"}}`: `{"Id":"eu_1","Tags":{"ééé":"😀😀😀"}}`,
	} {
		v, err := awswire.DecodeInput([]byte(body), decodePool)
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if got, err := awswire.Marshal(v); err != nil || string(got) != want {
			t.Errorf("%s was read as %s, want %s (%v)", body, got, want, err)
		}
	}
}

func TestDecodeInputRefused(t *testing.T) {
	t.Parallel()
	const invalid, malformed = "InvalidParameterException", "SerializationException"
	one := func(s string) string { return "1 validation error detected: " + s }
	tests := []struct{ name, body, code, want string }{
		{"absent", ``, invalid, one("Value null at 'id' failed to satisfy constraint: Member must not be null")},
		{"null", `{"Id":null}`, invalid, one("Value null at 'id' failed to satisfy constraint: Member must not be null")},
		{
			"two constraints of one member", `{"Id":""}`, invalid,
			`2 validation errors detected: Value '' at 'id' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+; ` +
				"Value '' at 'id' failed to satisfy constraint: Member must have length greater than or equal to 1",
		},
		{"pattern of a part", `{"Id":"eu_1 "}`, invalid, one(`Value 'eu_1 ' at 'id' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`)},
		{"line break at the end", `{"Id":"eu_1\n"}`, invalid, one("Value 'eu_1\n' at 'id' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+")},
		{"too long is not matched", `{"Id":"!!!!!!!!!!!!!"}`, invalid, one("Value '!!!!!!!!!!!!!' at 'id' failed to satisfy constraint: Member must have length less than or equal to 12")},
		{"sensitive", `{"Id":"eu_1","Password":"hunter 2"}`, invalid, one(`Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: \S+`)},
		{"element", `{"Id":"eu_1","Flows":["SRP","x"]}`, invalid, one("Value '[x]' at 'flows' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [SRP, CUSTOM]]")},
		{"too few elements", `{"Id":"eu_1","Flows":[]}`, invalid, one("Value at 'flows' failed to satisfy constraint: Member must have length greater than or equal to 1")},
		{"too many elements", `{"Id":"eu_1","Flows":["SRP","SRP","SRP"]}`, invalid, one("Value at 'flows' failed to satisfy constraint: Member must have length less than or equal to 2")},
		{"too many entries", `{"Id":"eu_1","Tags":{"a":"1","b":"1","c":"1"}}`, invalid, one("Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 2")},
		{"value of an entry", `{"Id":"eu_1","Tags":{"a":"1234"}}`, invalid, one("Value at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 3]")},
		{"key of an entry", `{"Id":"eu_1","Tags":{"abcd":"1"}}`, invalid, one("Value at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 3]")},
		// An empty key is not an index.
		{"empty key", `{"Id":"eu_1","Tags":{"":"1"}}`, invalid, one("Value at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length greater than or equal to 1]")},
		{"structure in a list", `{"Id":"eu_1","Users":[{"Name":"a"},{}]}`, invalid, one("Value null at 'users.2.member.name' failed to satisfy constraint: Member must not be null")},
		{"structure in a map", `{"Id":"eu_1","Roles":{"x":{"Name":""}}}`, invalid, one("Value '' at 'roles.x.member.name' failed to satisfy constraint: Member must have length greater than or equal to 1")},
		{"too great", `{"Id":"eu_1","Days":366}`, invalid, one("Value '366' at 'days' failed to satisfy constraint: Member must have value less than or equal to 365")},
		{"too small", `{"Id":"eu_1","Days":-5}`, invalid, one("Value '-5' at 'days' failed to satisfy constraint: Member must have value greater than or equal to 1")},
		{"more than 32 bits", `{"Id":"eu_1","Days":2147483648}`, malformed, "Value '2147483648' at 'Days' is out of range"},
		{"more than 64 bits", `{"Id":"eu_1","Count":9223372036854775808}`, malformed, "Value '9223372036854775808' at 'Count' is out of range"},
		{"fraction", `{"Id":"eu_1","Days":1.0}`, malformed, "Value '1.0' at 'Days' must be a whole number"},
		{"text for number", `{"Id":"eu_1","Days":"1"}`, malformed, "Value at 'Days' must be a whole number, not a string"},
		{"no base64", `{"Id":"eu_1","Image":"a"}`, malformed, "Value at 'Image' is not base64 text"},
		{"number in a map", `{"Id":"eu_1","Tags":{"a":1}}`, malformed, "Value at 'Tags['a']' must be a string, not a number"},
		{"null in a list", `{"Id":"eu_1","Flows":[null]}`, malformed, "Value at 'Flows[0]' must be a string, not null"},
		{"list for map", `{"Id":"eu_1","Tags":[]}`, malformed, "Value at 'Tags' must be an object, not an array"},
		{"entry twice", `{"Id":"eu_1","Tags":{"a":"1","a":"1"}}`, malformed, "Key 'Tags.a' is given twice"},
		{"entry twice, null first", `{"Id":"eu_1","Tags":{"a":null,"a":"1"}}`, malformed, "Key 'Tags.a' is given twice"},
		{"twice in a document", `{"Id":"eu_1","Document":{"a":1,"a":1}}`, malformed, "Key 'Document.a' is given twice"},
		{"lone surrogate in a document", `{"Id":"eu_1","Document":"\ud800"}`, malformed, "The request body is not valid JSON: lone surrogate before at byte 31"},
		{"syntax after a constraint", `{"Id":"","Days":}`, malformed, "The request body is not valid JSON: unexpected character at byte 16"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v, err := awswire.DecodeInput([]byte(tt.body), decodePool)
			if err == nil {
				t.Fatalf("accepted as %+v", v)
			}
			if public := errs.Public(err); public.Kind != errs.Invalid || public.Code != tt.code || public.Message != tt.want {
				t.Errorf("%s: %s\nwant %s: %s", public.Code, public.Message, tt.code, tt.want)
			}
		})
	}
}

// TestManyViolations: a request cannot choose how long its answer is.
func TestManyViolations(t *testing.T) {
	t.Parallel()
	body := `{"Id":"eu_1","Users":[` + strings.TrimSuffix(strings.Repeat(`{},`, 10000), ",") + `],"Tags":{"` + strings.Repeat("k", 10000) + `":""}}`
	_, err := awswire.DecodeInput([]byte(body), decodePool)
	message := errs.Public(err).Message
	if !strings.HasPrefix(message, "20 validation errors detected: ") || len(message) > 4000 {
		t.Errorf("%d bytes: %.100s", len(message), message)
	}
	for _, body := range []string{`{"Id":"` + strings.Repeat("x", 1e6) + `"}`, `{"Id":"eu_1","Roles":{"` + strings.Repeat("k", 1e6) + `":{"Name":""}}}`} {
		if _, err := awswire.DecodeInput([]byte(body), decodePool); err == nil || len(errs.Public(err).Message) > 1000 {
			t.Errorf("message of %d bytes", len(errs.Public(err).Message))
		}
	}
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	for ms, want := range map[int64]string{
		1799999999000: "1799999999", 1700000000123: "1700000000.123", 1700000000120: "1700000000.12", 1: "0.001", 0: "0", -1500: "-1.5",
	} {
		v := awswire.Timestamp{Time: time.UnixMilli(ms).UTC()}
		got, err := awswire.Marshal(v)
		if err != nil || string(got) != want {
			t.Errorf("%d is %s, want %s (%v)", ms, got, want, err)
		}
		var again awswire.Timestamp
		if err := json.Unmarshal(got, &again); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(v.Time, again.Time); d != "" {
			t.Errorf("%s (-want +got):\n%s", got, d)
		}
	}
	if got, err := awswire.Marshal(pool{ID: "x"}); err != nil || string(got) != `{"Id":"x"}` {
		t.Errorf("zero time is written: %s (%v)", got, err)
	}
	for _, text := range []string{`"x"`, "1e300", "null1"} {
		if err := json.Unmarshal([]byte(text), new(awswire.Timestamp)); err == nil {
			t.Errorf("%s is read", text)
		}
	}
}
