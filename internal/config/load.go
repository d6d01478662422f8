package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds what is read; a configuration is a few hundred bytes.
const maxFile = 1 << 20

// envPrefix begins the environment variables that override keys.
const envPrefix = "PREAMP_"

// Options say where a configuration comes from and who will use it.
type Options struct {
	// File is the path of preamp.yaml; empty for none.
	File string
	// Environ are the variables, in the form of os.Environ.
	Environ []string
	// Serve checks also what `preamp serve` demands; Insecure is its flag.
	Serve, Insecure bool
}

// Load reads a configuration. The error is Problems, except when the file cannot
// be read at all.
func Load(o Options) (*Config, error) {
	var text []byte
	if o.File != "" {
		f, err := os.Open(o.File)
		if err != nil {
			return nil, fmt.Errorf("read the configuration: %w", err)
		}
		defer f.Close()
		if text, err = io.ReadAll(io.LimitReader(f, maxFile+1)); err != nil {
			return nil, fmt.Errorf("read the configuration: %w", err)
		}
	}
	r := &reader{c: Default(), source: o.File, at: map[string]place{}}
	r.file(text)
	r.environ(o.Environ)
	r.pages()
	r.messages()
	if o.Serve {
		r.serve(o.Environ, o.Insecure)
	}
	if len(r.problems) > 0 {
		r.problems.sort()
		return nil, r.problems
	}
	r.c.Notes = r.notes
	return r.c, nil
}

type place struct{ line, column int }

// reader collects everything that is wrong instead of stopping at the first.
type reader struct {
	c        *Config
	source   string
	at       map[string]place // where a key stands in the file
	problems Problems
	notes    []Problem
}

func (r *reader) fail(n *yaml.Node, path, format string, args ...any) {
	p := Problem{Source: r.source, Key: path, Message: fmt.Sprintf(format, args...)}
	if n != nil {
		p.Line, p.Column = n.Line, n.Column
	}
	r.problems = append(r.problems, p)
}

func (r *reader) file(text []byte) {
	if len(text) > maxFile {
		r.fail(nil, "", "the file is larger than %s", showSize(maxFile))
		return
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if !errors.Is(err, io.EOF) { // an empty file is a valid one
			r.syntax(err)
		}
		return
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		r.fail(nil, "", "the file holds more than one YAML document")
		return
	}
	if len(doc.Content) == 1 {
		if isNull(doc.Content[0]) {
			return
		}
		r.mapping(doc.Content[0], "")
	}
}

// syntax takes the line out of the library's message, which has no column.
func (r *reader) syntax(err error) {
	p := Problem{Source: r.source, Column: 1, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if _, e := fmt.Sscanf(p.Message, "line %d:", &p.Line); e == nil {
		_, p.Message, _ = strings.Cut(p.Message, ": ")
	} else {
		p.Column = 0
	}
	r.problems = append(r.problems, p)
}

// mapping walks the members of a mapping whose keys are below path.
func (r *reader) mapping(n *yaml.Node, path string) {
	for name, member := range r.members(n, path) {
		full := join(path, name.Value)
		k, isKey := find(full)
		switch {
		case strings.Contains(name.Value, ".") && (isKey || hasMembers(full)):
			head, _, _ := strings.Cut(name.Value, ".")
			r.fail(name, full, "must be written as a member of the mapping %s", join(path, head))
		case !isKey && hasMembers(full):
			if !isNull(member) {
				r.mapping(member, full)
			}
		case !isKey:
			r.fail(name, full, "%s", unknownError{name: name.Value, known: children(path)})
		default:
			r.at[full] = place{name.Line, name.Column}
			r.key(member, k)
		}
	}
}

// members yields the pairs of a mapping and reports what a strict file may not
// have: another type of node, aliases, duplicates, names that are not text.
func (r *reader) members(n *yaml.Node, path string) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(*yaml.Node, *yaml.Node) bool) {
		if !r.plain(n, path) {
			return
		}
		if n.Kind != yaml.MappingNode {
			where := "must be a mapping"
			if path == "" {
				where = "the file must be a mapping of keys"
			}
			r.fail(n, path, "%s, not %s", where, describe(n))
			return
		}
		first := map[string]int{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, member := n.Content[i], n.Content[i+1]
			switch line, seen := first[name.Value]; {
			case name.Kind != yaml.ScalarNode || name.Tag != "!!str":
				r.fail(name, path, "has a key that is not text")
				continue
			case seen:
				r.fail(name, join(path, name.Value), "stands twice; first in line %d", line)
				continue
			}
			first[name.Value] = name.Line
			if !yield(name, member) {
				return
			}
		}
	}
}

// plain refuses YAML features whose effect a reader of the file does not see.
func (r *reader) plain(n *yaml.Node, path string) bool {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		r.fail(n, path, "uses a YAML anchor or alias, which preamp.yaml may not have")
	case n.Style&yaml.TaggedStyle != 0:
		r.fail(n, path, "has the YAML tag %s, which preamp.yaml may not have", n.Tag)
	default:
		return true
	}
	return false
}

// key reads the value of k. A key without a value is as if it were not there.
func (r *reader) key(n *yaml.Node, k *key) {
	if isNull(n) {
		return
	}
	if k.later != "" {
		r.notes = append(r.notes, Problem{
			Source: r.source, Line: n.Line, Column: n.Column, Key: k.path,
			Message: "is accepted but has no effect before " + k.later,
		})
		return
	}
	if !r.plain(n, k.path) {
		return
	}
	before := len(r.problems)
	switch v := k.value.(type) {
	case listValue:
		r.list(n, k, v)
	case mapValue:
		v.reset(r.c)
		for name, member := range r.members(n, k.path) {
			full := join(k.path, name.Value)
			if !r.scalar(member, full, v.tags()) {
				continue
			}
			if err := v.parseMember(r.c, name.Value, member.Value); err != nil {
				at := member
				if _, unknown := errors.AsType[unknownError](err); unknown {
					at = name
				}
				r.fail(at, full, "%s", err)
			}
		}
	default:
		if r.scalar(n, k.path, v.tags()) {
			if err := v.parse(r.c, n.Value); err != nil {
				r.fail(n, k.path, "%s", err)
			}
		}
	}
	if len(r.problems) == before {
		r.c.sources[k.path] = fmt.Sprintf("%s:%d", r.source, n.Line)
	}
}

func (r *reader) list(n *yaml.Node, k *key, v listValue) {
	if n.Kind != yaml.SequenceNode {
		r.fail(n, k.path, "must be a list, not %s", describe(n))
		return
	}
	v.reset(r.c)
	for i, item := range n.Content {
		path := fmt.Sprintf("%s[%d]", k.path, i)
		if !r.scalar(item, path, textTags) {
			continue
		}
		if err := v.parseItem(r.c, item.Value); err != nil {
			r.fail(item, path, "%s", err)
		}
	}
}

// scalar reports whether n is a scalar of one of the given types.
func (r *reader) scalar(n *yaml.Node, path string, tags []string) bool {
	if !r.plain(n, path) {
		return false
	}
	if n.Kind != yaml.ScalarNode || !slices.Contains(tags, n.Tag) {
		r.fail(n, path, "must be %s, not %s", tagNames(tags), describe(n))
		return false
	}
	return true
}

// environ applies PREAMP_ variables. Unknown ones are no error, because other
// programs make such names too (Kubernetes does for a service called preamp);
// what looks like a slip is noted.
func (r *reader) environ(environ []string) {
	known := map[string]*key{}
	for i := range keys {
		if k := &keys[i]; k.later == "" && k.path != "version" {
			if _, isMap := k.value.(mapValue); !isMap {
				known[variable(k.path)] = k
			}
		}
	}
	names := slices.Sorted(maps.Keys(known))
	sorted := slices.Sorted(slices.Values(environ))
	for _, entry := range sorted {
		name, text, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		p := Problem{Source: "environment", Key: name}
		k, ok := known[name]
		if !ok {
			if n := nearEnv(name, names); n != "" && name != r.c.MasterKey.Env {
				p.Message = "is not known; did you mean " + n + "?"
				r.notes = append(r.notes, p)
			}
			continue
		}
		if err := k.value.parse(r.c, text); err != nil {
			p.Message = err.Error()
			r.problems = append(r.problems, p)
			continue
		}
		r.c.sources[k.path] = name
	}
}

func nearEnv(name string, known []string) string {
	for _, k := range known {
		if d := distance(name, k); d <= 2 {
			return k
		}
	}
	return ""
}

// variable is the environment variable that overrides a key.
func variable(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

func find(path string) (*key, bool) {
	for i := range keys {
		if keys[i].path == path {
			return &keys[i], true
		}
	}
	return nil, false
}

// hasMembers reports whether path is a mapping of keys.
func hasMembers(path string) bool { return len(children(path)) > 0 }

// children are the names directly below path.
func children(path string) []string {
	var out []string
	for _, k := range keys {
		rest := k.path
		if path != "" {
			var ok bool
			if rest, ok = strings.CutPrefix(k.path, path+"."); !ok {
				continue
			}
		}
		name, _, _ := strings.Cut(rest, ".")
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// describe names what stands in the file, without its content, which may be a
// secret in the wrong place.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	return tagNames([]string{n.Tag})
}

func tagNames(tags []string) string {
	names := map[string]string{
		"!!str": "text", "!!int": "a number", "!!float": "a fraction", "!!bool": "true or false",
		"!!null": "nothing", "!!timestamp": "a date",
	}
	out := make([]string, len(tags))
	for i, t := range tags {
		if out[i] = names[t]; out[i] == "" {
			out[i] = t
		}
	}
	return strings.Join(out, " or ")
}
