package userimport

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"preamp/internal/keys"
	"preamp/internal/userpool"
)

type jsonReader struct {
	r     *bufio.Reader
	line  int
	entry int
	array bool
	state int
}

const (
	jsonBegin = iota
	jsonFirst // an object, or the end of an empty array
	jsonNext  // a comma or the end of the array
	jsonDone
)

// NewJSON reads JSON: an array of objects, or objects one after the other, as in
// JSON lines.
func NewJSON(r io.Reader) Reader {
	return &jsonReader{r: bufio.NewReaderSize(r, 64<<10), line: 1}
}

// Next implements Reader.
func (j *jsonReader) Next() (Row, error) {
	ch, err := j.separator()
	if err != nil {
		return Row{}, err
	}
	if ch != '{' {
		return Row{}, &SyntaxError{j.line, quote(string(rune(ch))) + " where an object begins"}
	}
	j.entry++
	row := Row{Line: j.line, Entry: j.entry}
	raw, err := j.object()
	if err != nil {
		return Row{}, err
	}
	if row.User, err = decodeUser(raw); err != nil {
		p, ok := errors.AsType[*fieldError](err)
		if !ok {
			p = &fieldError{message: "not JSON: " + err.Error()}
		}
		row.User, row.Problem = userpool.ImportUser{}, &Problem{row.Line, row.Entry, p.field, p.message}
	}
	return row, nil
}

// separator answers the byte with which the next object should begin.
func (j *jsonReader) separator() (byte, error) {
	if j.state == jsonBegin {
		if mark, err := j.r.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
			_, _ = j.r.Discard(3) // they are there
		}
		ch, err := j.token()
		if err != nil || ch != '[' {
			j.state = jsonNext
			return ch, err
		}
		j.array, j.state = true, jsonFirst
	}
	ch, err := j.token()
	switch {
	case errors.Is(err, io.EOF) && j.array && j.state != jsonDone:
		return 0, &SyntaxError{j.line, "the array does not end"}
	case err != nil || !j.array:
		return ch, err
	case j.state == jsonDone:
		return 0, &SyntaxError{j.line, "there is more after the end of the array"}
	case ch == ']':
		j.state = jsonDone
		return j.separator()
	case j.state == jsonFirst:
		j.state = jsonNext
		return ch, nil
	case ch != ',':
		return 0, &SyntaxError{j.line, quote(string(rune(ch))) + " where a comma or the end of the array should be"}
	}
	ch, err = j.token()
	if errors.Is(err, io.EOF) {
		err = &SyntaxError{j.line, "the array does not end"}
	}
	return ch, err
}

// token is the next byte that is no white space.
func (j *jsonReader) token() (byte, error) {
	for {
		ch, err := j.r.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case ch == '\n':
			j.line++
		case ch != ' ' && ch != '\t' && ch != '\r':
			return ch, nil
		}
	}
}

// object reads to the brace that closes the one that was read.
func (j *jsonReader) object() ([]byte, error) {
	raw := []byte{'{'}
	begin, depth, text := j.line, 1, false
	for depth > 0 {
		ch, err := j.r.ReadByte()
		if errors.Is(err, io.EOF) {
			return nil, &SyntaxError{begin, "the object does not end"}
		}
		if err != nil {
			return nil, err
		}
		if raw = append(raw, ch); len(raw) > maxRow {
			return nil, &SyntaxError{begin, "longer than " + plural(maxRow, "byte")}
		}
		switch {
		case ch == '\n' && text:
			return nil, &SyntaxError{begin, "a text does not end"}
		case ch == '\n':
			j.line++
		case ch == '\\' && text:
			next, err := j.r.ReadByte()
			if err != nil {
				return nil, &SyntaxError{begin, "the object does not end"}
			}
			raw = append(raw, next)
		case ch == '"':
			text = !text
		case text:
		case ch == '{' || ch == '[':
			depth++
		case ch == '}' || ch == ']':
			depth--
		}
	}
	return raw, nil
}

// fieldError is what is wrong with a member.
type fieldError struct{ field, message string }

func (e *fieldError) Error() string { return e.field + ": " + e.message }

// decodeUser reads the object of a user. Names differ by case, and none may be
// there twice: which of two counts is not for a decoder to decide.
func decodeUser(raw []byte) (u userpool.ImportUser, err error) {
	if !utf8.Valid(raw) {
		return u, &fieldError{message: "not UTF-8"}
	}
	err = members(raw, "", func(name string, raw json.RawMessage) error {
		switch name {
		case "username":
			return text(raw, name, &u.Username)
		case "status":
			return text(raw, name, &u.Status)
		case "password_hash":
			var hash string
			err := text(raw, name, &hash)
			u.Hash = keys.NewSecret([]byte(hash))
			return err
		case "enabled":
			enabled := true
			err := decode(raw, name, "true or false", &enabled)
			u.Disabled = !enabled
			return err
		case "groups":
			return decode(raw, name, "an array of texts", &u.Groups)
		case "attributes":
			u.Attributes, err = attributes(raw)
			return err
		}
		return &fieldError{name, "there is no such member; there are username, attributes, groups, enabled, status, password_hash"}
	})
	if err == nil && u.Username == "" {
		err = &fieldError{"username", "there is no value"}
	}
	return u, err
}

func attributes(raw []byte) (map[string]string, error) {
	out := map[string]string{}
	err := members(raw, "attributes", func(name string, raw json.RawMessage) error {
		var v any
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			return &fieldError{name, "not a value"}
		}
		switch v := v.(type) {
		case nil:
		case string:
			out[name] = v
		case bool, json.Number: // as they are written
			out[name] = fmt.Sprint(v)
		default:
			return &fieldError{name, "must be a text, a number, true or false"}
		}
		return nil
	})
	return out, err
}

// members calls fn for every member of an object. null is an object without any.
func members(raw []byte, field string, fn func(name string, raw json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	t, err := d.Token()
	if err != nil {
		return err
	}
	if t == nil {
		return nil
	}
	if t != json.Delim('{') {
		return &fieldError{field, "must be an object"}
	}
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		name := t.(string) // of an object
		if seen[name] {
			return &fieldError{name, "is there twice"}
		}
		seen[name] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := fn(name, value); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return err
}

func text(raw []byte, name string, to *string) error { return decode(raw, name, "a text", to) }

func decode(raw []byte, name, what string, to any) error {
	if err := json.Unmarshal(raw, to); err != nil {
		return &fieldError{name, "must be " + what}
	}
	return nil
}

// quote shows a bit of a file.
func quote(text string) string {
	const most = 40
	text = strings.ToValidUTF8(text, "?")
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "..."
	}
	return fmt.Sprintf("%q", text)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
