// Package schemafile reads a GraphQL schema from a file, or from all *.graphql
// files below a folder as Amplify projects may have it, and turns positions in
// the joined text back into positions in the files.
package schemafile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MaxSize bounds the joined text; a larger schema could not be pushed anyway.
const MaxSize = 1 << 20

// Text is a schema and where each part of it came from.
type Text struct {
	Content string
	parts   []part
}

type part struct {
	name      string
	firstLine int // of this file within Content, from 1
}

// Read reads the file or folder name. Names in messages begin with name as it
// was given, so that an editor finds them from the user's folder.
func Read(name string) (Text, error) {
	info, err := os.Stat(name)
	if err != nil {
		return Text{}, err
	}
	files := []string{name}
	if info.IsDir() {
		if files, err = below(name); err != nil {
			return Text{}, err
		}
	}
	var t Text
	var b strings.Builder
	line := 1
	for _, f := range files {
		text, err := read(f, MaxSize-b.Len())
		if err != nil {
			return Text{}, err
		}
		if len(text) > 0 && text[len(text)-1] != '\n' && len(files) > 1 {
			text += "\n"
		}
		t.parts = append(t.parts, part{name: f, firstLine: line})
		line += strings.Count(text, "\n")
		b.WriteString(text)
	}
	if t.Content = b.String(); strings.TrimSpace(t.Content) == "" {
		return Text{}, errors.New(name + " is empty")
	}
	return t, nil
}

// below lists the *.graphql files of a folder in the order of their names.
func below(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(path, ".graphql") {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s holds no *.graphql file", dir)
	}
	slices.Sort(files)
	return files, err
}

func read(name string, most int) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err != nil {
		return "", err
	}
	if len(raw) > most {
		return "", fmt.Errorf("%s: the schema is larger than %d bytes", name, MaxSize)
	}
	return string(raw), nil
}

// Files are the names of what was read.
func (t Text) Files() []string {
	names := make([]string, len(t.parts))
	for i, p := range t.parts {
		names[i] = p.name
	}
	return names
}

var position = regexp.MustCompile(`(?m)^(\d{1,7}):(\d{1,7}): `)

// Locate turns each line of message that begins with `line:column: `, a position
// in Content, into `file:line:column: `.
func (t Text) Locate(message string) string {
	if len(t.parts) == 0 {
		return message
	}
	return position.ReplaceAllStringFunc(message, func(found string) string {
		number, rest, _ := strings.Cut(found, ":")
		line, err := strconv.Atoi(number)
		if err != nil {
			return found
		}
		i, _ := slices.BinarySearchFunc(t.parts, line+1, func(p part, line int) int { return p.firstLine - line })
		p := t.parts[max(i-1, 0)]
		return fmt.Sprintf("%s:%d:%s", p.name, line-p.firstLine+1, rest)
	})
}
