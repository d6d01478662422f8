package userimport

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"

	"preamp/internal/userpool"
)

// The columns that are no attributes.
const (
	columnUsername = "cognito:username"
	columnMFA      = "cognito:mfa_enabled"
)

// Header is the first line of a CSV for a pool: GetCSVHeader.
func Header(s *userpool.Settings) []string {
	out := []string{
		"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
		"email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number", "phone_number_verified", "address",
		"updated_at",
	}
	for _, a := range s.Attributes {
		if strings.HasPrefix(a.Name, "custom:") {
			out = append(out, a.Name)
		}
	}
	return append(out, columnMFA, columnUsername)
}

type csvReader struct {
	r      *bufio.Reader
	line   int // the one that is being read
	header []string
	known  []string
}

// NewCSV reads the CSV of Cognito: the first line names the columns, in any order
// and not necessarily all; a comma in a value is written \, or inside quotes.
func NewCSV(r io.Reader, s *userpool.Settings) Reader {
	return &csvReader{r: bufio.NewReaderSize(r, 64<<10), line: 1, known: Header(s)}
}

// Next implements Reader.
func (c *csvReader) Next() (Row, error) {
	if c.header == nil {
		if err := c.readHeader(); err != nil {
			return Row{}, err
		}
	}
	for {
		line := c.line
		fields, err := c.record()
		if err != nil {
			return Row{}, err
		}
		if len(fields) == 1 && fields[0] == "" { // an empty line
			continue
		}
		row := Row{Line: line}
		row.User, row.Problem = c.user(line, fields)
		return row, nil
	}
}

func (c *csvReader) readHeader() error {
	if mark, err := c.r.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		_, _ = c.r.Discard(3) // they are there
	}
	header, err := c.record()
	if errors.Is(err, io.EOF) {
		return &SyntaxError{1, "the file is empty: the first line names the columns"}
	}
	if err != nil {
		return err
	}
	for i, name := range header {
		header[i] = strings.TrimSpace(name)
		switch {
		case !slices.Contains(c.known, header[i]):
			return &SyntaxError{1, quote(header[i]) + " is no attribute of the pool; the columns are " + strings.Join(c.known, ",")}
		case slices.Contains(header[:i], header[i]):
			return &SyntaxError{1, "the column " + header[i] + " is there twice"}
		}
	}
	if !slices.Contains(header, columnUsername) {
		return &SyntaxError{1, "there is no column " + columnUsername}
	}
	c.header = header
	return nil
}

func (c *csvReader) user(line int, fields []string) (userpool.ImportUser, *Problem) {
	if len(fields) != len(c.header) {
		return userpool.ImportUser{}, &Problem{Line: line, Message: plural(len(fields), "value") + ", but " + plural(len(c.header), "column")}
	}
	u := userpool.ImportUser{Attributes: map[string]string{}}
	for i, name := range c.header {
		v := strings.TrimSpace(fields[i])
		switch {
		case name == columnUsername:
			u.Username = v
		case v == "":
		case name == columnMFA || strings.HasSuffix(name, "_verified"):
			word := strings.ToLower(v) // spreadsheets write TRUE
			if word != "true" && word != "false" {
				return userpool.ImportUser{}, &Problem{line, 0, name, quote(v) + " is neither true nor false"}
			}
			if name == columnMFA {
				u.SMS = word == "true"
			} else {
				u.Attributes[name] = word
			}
		default:
			u.Attributes[name] = v
		}
	}
	if u.Username == "" {
		return userpool.ImportUser{}, &Problem{line, 0, columnUsername, "there is no value"}
	}
	return u, nil
}

// record reads the values of a line, which has more than one line where a value
// in quotes does.
func (c *csvReader) record() ([]string, error) {
	var fields []string
	var field strings.Builder
	begin, size, quoted, fresh := c.line, 0, false, true
	for {
		ch, err := c.r.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && quoted:
			return nil, &SyntaxError{begin, "the quotes of a value do not end"}
		case errors.Is(err, io.EOF) && size == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return append(fields, field.String()), nil
		case err != nil:
			return nil, err
		}
		if size++; size > maxRow {
			return nil, &SyntaxError{begin, "longer than " + plural(maxRow, "byte")}
		}
		switch {
		case ch == '"' && quoted:
			if next, err := c.r.Peek(1); err == nil && next[0] == '"' {
				_, _ = c.r.Discard(1) // it is there
				field.WriteByte('"')
				continue
			}
			quoted = false
		case ch == '"' && fresh:
			quoted, fresh = true, false
		case ch == '\n':
			c.line++
			if quoted {
				field.WriteByte(ch)
				continue
			}
			return append(fields, strings.TrimSuffix(field.String(), "\r")), nil
		case quoted:
			field.WriteByte(ch)
		case ch == ',':
			fields = append(fields, field.String())
			field.Reset()
			fresh = true
		case ch == '\\':
			if next, err := c.r.Peek(1); err == nil && (next[0] == ',' || next[0] == '\\') {
				_, _ = c.r.Discard(1) // it is there
				ch = next[0]
			}
			field.WriteByte(ch)
			fresh = false
		default:
			field.WriteByte(ch)
			fresh = false
		}
	}
}
