package userimport_test

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/userpool"
	"preamp/internal/userpool/userimport"
)

func settings() *userpool.Settings {
	return &userpool.Settings{Attributes: []userpool.Attribute{{Name: "custom:team", Type: "String", Mutable: true}}}
}

// lines reads a file and writes each row on a line.
func lines(r userimport.Reader) (out []string) {
	for {
		row, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return out
		case err != nil:
			return append(out, "end: "+err.Error())
		case row.Problem != nil:
			out = append(out, row.Problem.String())
		default:
			out = append(out, show(row))
		}
	}
}

func show(row userimport.Row) string {
	var b strings.Builder
	u := row.User
	b.WriteString(string(rune('0'+row.Line)) + " " + u.Username)
	for _, name := range []string{"name", "email", "email_verified", "custom:team", "a"} {
		if v, ok := u.Attributes[name]; ok {
			b.WriteString(" " + name + "=" + v)
		}
	}
	if u.SMS {
		b.WriteString(" sms")
	}
	if u.Disabled {
		b.WriteString(" disabled")
	}
	for _, g := range u.Groups {
		b.WriteString(" group=" + g)
	}
	if u.Status != "" {
		b.WriteString(" " + u.Status)
	}
	if !u.Hash.Empty() {
		b.WriteString(" hash=" + u.Hash.Reveal())
	}
	return b.String()
}

func TestHeader(t *testing.T) {
	t.Parallel()
	want := "name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email,email_verified,gender," +
		"birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,updated_at,custom:team,cognito:mfa_enabled,cognito:username"
	if got := strings.Join(userimport.Header(settings()), ","); got != want {
		t.Error(cmp.Diff(want, got))
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	const head = "cognito:username,name,email,email_verified,cognito:mfa_enabled,custom:team\n"
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"rows", head + "alice,Alice,a@b.c,true,false,red\nbob,,,,,\n", []string{"2 alice name=Alice email=a@b.c email_verified=true custom:team=red", "3 bob"}},
		{"no end of line", head + "bob,,,,,", []string{"2 bob"}},
		{"Windows and a mark", "\xef\xbb\xbf" + strings.ReplaceAll(head+"bob,B,,TRUE,True,\n", "\n", "\r\n"), []string{"2 bob name=B email_verified=true sms"}},
		{"commas", head + `bob,B\, C,,,,"x,""y"""` + "\n", []string{`2 bob name=B, C custom:team=x,"y"`}},
		{"backslashes", head + `bob,a\\b\c,,,,` + "\n", []string{`2 bob name=a\b\c`}},
		{"a line end in quotes", head + "bob,\"a\nb\",,,,\ncarol,,,,,\n", []string{"2 bob name=a\nb", "4 carol"}},
		{"quotes inside", head + `bob,a"b,,,,` + "\n", []string{`2 bob name=a"b`}},
		{"empty lines", head + "\n\r\nbob,,,,,\n\n", []string{"4 bob"}},
		{"too few", head + "bob,B\ncarol,,,,,\n", []string{"line 2: 2 values, but 6 columns", "3 carol"}},
		{"too many", head + "bob,,,,,,\n", []string{"line 2: 7 values, but 6 columns"}},
		{"no name", head + ",B,,,,\n", []string{"line 2: cognito:username: there is no value"}},
		{"not a truth value", head + "bob,,,yes,,\ncarol,,,,1,\n", []string{
			`line 2: email_verified: "yes" is neither true nor false`, `line 3: cognito:mfa_enabled: "1" is neither true nor false`,
		}},
		{"open quotes", head + "carol,,,,,\nbob,\"B,,,,\n", []string{"2 carol", "end: line 3: the quotes of a value do not end"}},
		{"a long row", head + "bob," + strings.Repeat("x", 1<<17), []string{"end: line 2: longer than 65536 bytes"}},
		{"empty", "", []string{"end: line 1: the file is empty: the first line names the columns"}},
		{"no column of names", "name\nbob\n", []string{"end: line 1: there is no column cognito:username"}},
		{"a column twice", "name,cognito:username,name\n", []string{"end: line 1: the column name is there twice"}},
		{"only the header", head, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(c.want, lines(userimport.NewCSV(strings.NewReader(c.file), settings()))); d != "" {
				t.Error(d)
			}
		})
	}
	got := lines(userimport.NewCSV(strings.NewReader("cognito:username,sub\nbob,1\n"), settings()))
	if len(got) != 1 || !strings.HasPrefix(got[0], `end: line 1: "sub" is no attribute of the pool; the columns are name,given_name`) {
		t.Errorf("%q", got)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file string
		want       []string
	}{
		{"lines", "{\"username\":\"alice\"}\n{\"username\":\"bob\",\"enabled\":false}\n", []string{"1 alice", "2 bob disabled"}},
		{"array", "[\n {\"username\":\"alice\"},\n {\"username\": \"bob\"}\n]\n", []string{"2 alice", "3 bob"}},
		{
			"all members", `{"username":"alice","attributes":{"email":"a@b.c","email_verified":true,"a":12345678901234567890,"name":null},` +
				`"groups":["x","y"],"enabled":true,"status":"CONFIRMED","password_hash":"$2b$"}`,
			[]string{"1 alice email=a@b.c email_verified=true a=12345678901234567890 group=x group=y CONFIRMED hash=$2b$"},
		},
		{"nothing given", `{"username":"alice","attributes":null,"groups":null,"status":null,"password_hash":null,"enabled":null}`, []string{"1 alice"}},
		{"a mark", "\xef\xbb\xbf[]", nil},
		{"empty", "", nil},
		{"empty array", " [ ] \n", nil},
		{"objects over lines", "{\n\"username\":\n\"}{\\\"\"}\n{\"username\":\"bob\"}", []string{`1 }{"`, "4 bob"}},
		{"no name", "{}\n{\"username\":\"bob\"}", []string{"line 1: username: there is no value", "2 bob"}},
		{
			"another member", `{"username":"a","Username":"b"}`,
			[]string{"line 1: Username: there is no such member; there are username, attributes, groups, enabled, status, password_hash"},
		},
		{
			"an array on one line", `[{"username":"a"},{"username":""},{"username":"b"},{"foo":1}]`,
			[]string{
				"1 a", "line 1, user 2: username: there is no value", "1 b",
				"line 1, user 4: foo: there is no such member; there are username, attributes, groups, enabled, status, password_hash",
			},
		},
		{"twice", `{"username":"a","username":"b"}`, []string{"line 1: username: is there twice"}},
		{"an attribute twice", `{"username":"a","attributes":{"a":"1","a":"2"}}`, []string{"line 1: a: is there twice"}},
		{"types", `{"username":1}` + "\n" + `{"username":"a","attributes":[]}` + "\n" + `{"username":"a","groups":"x"}` + "\n" +
			`{"username":"a","enabled":"true"}` + "\n" + `{"username":"a","attributes":{"a":{}}}`, []string{
			"line 1: username: must be a text", "line 2: attributes: must be an object", "line 3: groups: must be an array of texts",
			"line 4: enabled: must be true or false", "line 5: a: must be a text, a number, true or false",
		}},
		{"broken inside", "{\"username\":tru}\n{\"username\":\"bob\"}", []string{"line 1: not JSON: invalid character '}' in literal true (expecting 'e')", "2 bob"}},
		{"not UTF-8", "{\"username\":\"\xff\"}", []string{"line 1: not UTF-8"}},
		{"a text does not end", "{\"username\":\"a\n}\n", []string{"end: line 1: a text does not end"}},
		{"an object does not end", `{"username":{`, []string{"end: line 1: the object does not end"}},
		{"the array does not end", `[{"username":"a"}`, []string{"1 a", "end: line 1: the array does not end"}},
		{"the array does not end after a comma", `[{"username":"a"},`, []string{"1 a", "end: line 1: the array does not end"}},
		{"no comma", `[{"username":"a"}{"username":"b"}]`, []string{"1 a", `end: line 1: "{" where a comma or the end of the array should be`}},
		{"more after the array", "[]\n[]", []string{"end: line 2: there is more after the end of the array"}},
		{"not an object", "[1]", []string{`end: line 1: "1" where an object begins`}},
		{"words", "alice", []string{`end: line 1: "a" where an object begins`}},
		{"long", `{"username":"` + strings.Repeat("x", 1<<17), []string{"end: line 1: longer than 65536 bytes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(c.want, lines(userimport.NewJSON(strings.NewReader(c.file)))); d != "" {
				t.Error(d)
			}
		})
	}
}

// drain reads until the end, which has to come.
func drain(t *testing.T, r userimport.Reader, size int) {
	last := 0
	for range size + 2 {
		row, err := r.Next()
		if err != nil {
			return
		}
		if row.Line < last || row.Problem == nil && row.User.Username == "" {
			t.Errorf("%+v after line %d", row, last)
		}
		last = row.Line
	}
	t.Errorf("more rows than bytes")
}

// What has no backslash is read as encoding/csv reads it.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n", "\"a,\"\"\nb\",c\r\nd,e", "a\\,b,c\n", "\xef\xbb\xbfx", "\"", ",,\n\n,\n", "a\"b,c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		const head = "cognito:username,name\n"
		drain(t, userimport.NewCSV(strings.NewReader(body), settings()), len(body))
		drain(t, userimport.NewCSV(strings.NewReader(head+body), settings()), len(body))
		want, err := csv.NewReader(strings.NewReader(head + body)).ReadAll()
		if err != nil || strings.ContainsAny(body, "\\\r") || len(body) > 1<<10 {
			return
		}
		r := userimport.NewCSV(strings.NewReader(head+body), settings())
		for _, record := range want[1:] {
			row, err := r.Next()
			if err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			if name := strings.TrimSpace(record[0]); name != "" && row.User.Username != name {
				t.Errorf("%q: %q; want %q", body, row.User.Username, name)
			}
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`[{"username":"a"}]`, `{"username":"a","attributes":{"b":true}}` + "\n{}", "[", "{\"a\\\"\":[{}]}", "[{},{}", "\xef\xbb\xbf",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		drain(t, userimport.NewJSON(strings.NewReader(body)), len(body))
	})
}
