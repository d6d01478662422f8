package config

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Reference writes docs/reference/configuration.md.
func Reference(w io.Writer) error {
	var b strings.Builder
	b.WriteString(`# Configuration: preamp.yaml

<!-- Generated from internal/config/keys.go by "make generate". Do not edit. -->

` + "`preamp serve --config preamp.yaml` and `preamp dev --config preamp.yaml` read the same file. `preamp config check`" + `
reports every problem of it at once, ` + "`preamp config print`" + ` shows the configuration in effect and where each value
comes from.

- The file is strict: an unknown key, a value of the wrong type, a key that stands twice, YAML anchors, aliases and
  tags are problems, each reported with line and column. A key without a value is as if it were not there.
- Each key but a mapping can be set by an environment variable, which wins over the file: the name is ` + "`PREAMP_`" + ` and
  the key in upper case with ` + "`_`" + ` for the dot. Lists are separated by commas.
- Sizes are bytes or carry a unit (` + "`64KiB`, `1MiB`, `1GiB`" + `), durations are like ` + "`500ms`, `30s`, `1m`" + `.
- Access keys are not configuration: ` + "`preamp keys create|list|revoke`" + `.

## Example

` + "```yaml\n")
	b.WriteString(Example)
	b.WriteString("```\n\n## Keys\n\n")
	for i := range keys {
		writeKey(&b, &keys[i])
	}
	b.WriteString("## Overview\n\n| key | default | environment variable |\n|---|---|---|\n")
	for i := range keys {
		k := &keys[i]
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.path, code(k.def), code(envOf(k)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Example is a complete file for a production server.
const Example = `version: 1
listen: 0.0.0.0:443
public_url: https://backend.example.com
data: /var/lib/preamp
master_key:
  file: /etc/preamp/master.key
tls:
  cert: /etc/preamp/tls/fullchain.pem
  key: /etc/preamp/tls/privkey.pem
`

func writeKey(b *strings.Builder, k *key) {
	fmt.Fprintf(b, "### `%s`\n\n%s\n\n- Value: %s", k.path, k.doc, k.form)
	if limits := bounds(k); limits != "" {
		b.WriteString(", " + limits)
	}
	b.WriteString(".\n")
	if k.def != "" {
		fmt.Fprintf(b, "- Default: `%s`\n", k.def)
	}
	if k.example != "" && k.example != k.def {
		fmt.Fprintf(b, "- Example: `%s: %s`\n", k.path[strings.LastIndexByte(k.path, '.')+1:], k.example)
	}
	if k.serve != "" {
		fmt.Fprintf(b, "- `preamp serve`: %s\n", k.serve)
	}
	if e := envOf(k); e != "" {
		fmt.Fprintf(b, "- Environment: `%s`\n", e)
	}
	if k.later != "" {
		fmt.Fprintf(b, "- Accepted in this version, without effect before %s.\n", k.later)
	}
	b.WriteByte('\n')
}

func bounds(k *key) string {
	switch v := k.value.(type) {
	case intValue:
		return fmt.Sprintf("%d to %d", v.least, v.most)
	case sizeValue:
		return showSize(v.least) + " to " + showSize(v.most)
	case durationValue:
		return v.least + " to " + v.most
	}
	return ""
}

func envOf(k *key) string {
	if _, isMap := k.value.(mapValue); isMap || k.later != "" || k.path == "version" {
		return ""
	}
	return variable(k.path)
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// Keys are the paths of all keys, for completeness checks elsewhere.
func Keys() []string {
	out := make([]string, len(keys))
	for i := range keys {
		out[i] = keys[i].path
	}
	slices.Sort(out)
	return out
}
