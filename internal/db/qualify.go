package db

import (
	"bytes"
	"io"
	"io/fs"
	"strings"
	"time"
)

// qualify replaces the qualifier of tables (ctl. or env.) by with, which is
// empty on SQLite and the quoted schema and a dot on PostgreSQL. It is a text
// replacement; only a qualifier that begins a word counts, so that a column such
// as "e.env.x" or "myenv.id" stays as it is.
func qualify(sql, qualifier, with string) string {
	if qualifier == "" || !strings.Contains(sql, qualifier) {
		return sql
	}
	var b strings.Builder
	b.Grow(len(sql) + 8*len(with))
	for rest := sql; ; {
		i := strings.Index(rest, qualifier)
		if i < 0 {
			b.WriteString(rest)
			return b.String()
		}
		b.WriteString(rest[:i])
		// What was consumed before rest ends with a qualifier, that is a dot.
		if i > 0 && wordByte(rest[i-1]) || i == 0 && len(rest) < len(sql) {
			b.WriteString(qualifier)
		} else {
			b.WriteString(with)
		}
		rest = rest[i+len(qualifier):]
	}
}

func wordByte(c byte) bool {
	return c == '_' || c == '.' || c == '$' || c == '"' ||
		'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= 0x80
}

// qualifiedFS shows the files of a migration line with their qualifier replaced.
type qualifiedFS struct {
	fs.FS
	qualifier, with string
}

// Open reads a file and replaces its qualifiers; folders pass through.
func (q qualifiedFS) Open(name string) (fs.File, error) {
	f, err := q.FS.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return f, err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	text = []byte(qualify(string(text), q.qualifier, q.with))
	return &memFile{Reader: bytes.NewReader(text), info: memInfo{info, int64(len(text))}}, nil
}

// memFile is a file whose content was changed in memory.
type memFile struct {
	*bytes.Reader
	info memInfo
}

func (f *memFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *memFile) Close() error               { return nil }

type memInfo struct {
	fs.FileInfo
	size int64
}

func (i memInfo) Size() int64        { return i.size }
func (i memInfo) ModTime() time.Time { return time.Time{} }

// placeholders is the highest N of the $N in a statement, outside of literals,
// quoted names and comments. The SQLite driver ignores arguments that are too
// many; PostgreSQL refuses them, so both do.
func placeholders(sql string) int {
	highest := 0
	for i := 0; i < len(sql); i++ {
		switch c := sql[i]; {
		case c == '\'' || c == '"':
			i = skipTo(sql, i+1, string(c)) // a doubled quote begins the next literal
		case strings.HasPrefix(sql[i:], "--"):
			i = skipTo(sql, i, "\n")
		case strings.HasPrefix(sql[i:], "/*"):
			i = skipTo(sql, i+2, "*/")
		case c == '$':
			n := 0
			for i+1 < len(sql) && '0' <= sql[i+1] && sql[i+1] <= '9' && n < 1e6 {
				i++
				n = n*10 + int(sql[i]-'0')
			}
			highest = max(highest, n)
		}
	}
	return highest
}

// skipTo is the last index of the next end at or after from.
func skipTo(sql string, from int, end string) int {
	i := strings.Index(sql[min(from, len(sql)):], end)
	if i < 0 {
		return len(sql)
	}
	return from + i + len(end) - 1
}
