package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Source is where the value of a key comes from: "file:line", a variable, or
// empty for the default.
func (c *Config) Source(path string) string { return c.sources[path] }

// Print writes the configuration in effect as a preamp.yaml, with the origin of
// each value that is not a default. Passwords are masked.
func (c *Config) Print(w io.Writer) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	for i := range keys {
		k := &keys[i]
		v := c.shown(k)
		if v == nil {
			continue
		}
		var n yaml.Node
		if err := n.Encode(v); err != nil {
			return fmt.Errorf("print %s: %w", k.path, err)
		}
		if n.Kind != yaml.ScalarNode {
			n.Style = yaml.FlowStyle
		}
		name := &yaml.Node{}
		parent := root
		parts := strings.Split(k.path, ".")
		for _, part := range parts[:len(parts)-1] {
			parent = member(parent, part)
		}
		name.SetString(parts[len(parts)-1])
		if s := c.Source(k.path); s != "" {
			n.LineComment = "from " + s
		}
		parent.Content = append(parent.Content, name, &n)
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return fmt.Errorf("print the configuration: %w", err)
	}
	_, err := w.Write(out.Bytes())
	return err
}

// MarshalJSON is the configuration in effect with the names of preamp.yaml and
// masked passwords.
func (c *Config) MarshalJSON() ([]byte, error) {
	root := map[string]any{}
	for i := range keys {
		k := &keys[i]
		v := c.shown(k)
		if v == nil {
			continue
		}
		parent := root
		parts := strings.Split(k.path, ".")
		for _, part := range parts[:len(parts)-1] {
			if parent[part] == nil {
				parent[part] = map[string]any{}
			}
			parent = parent[part].(map[string]any)
		}
		parent[parts[len(parts)-1]] = v
	}
	return json.Marshal(root)
}

func (c *Config) shown(k *key) any {
	v := k.value.show(c)
	if s, ok := v.(string); ok && k.secret {
		return mask(s)
	}
	return v
}

// mask hides the password of a URL, also one in its query.
func mask(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "[redacted]"
	}
	q := u.Query()
	for name := range q {
		if strings.Contains(strings.ToLower(name), "password") {
			q.Set(name, "xxxxx")
		}
	}
	if len(q) > 0 {
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}

// member is the mapping of that name in n, made when missing.
func member(n *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	k, v := &yaml.Node{}, &yaml.Node{Kind: yaml.MappingNode}
	k.SetString(name)
	n.Content = append(n.Content, k, v)
	return v
}
