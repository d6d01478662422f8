package cli

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// Commands are all commands with their parents, in the order of the help.
func Commands() []string {
	var cmd root
	parser, err := (&Program{}).parser(&cmd)
	if err != nil {
		panic(fmt.Sprintf("cli: the command line is inconsistent: %v", err))
	}
	var out []string
	var walk func(parent string, nodes []*kong.Node)
	walk = func(parent string, nodes []*kong.Node) {
		for _, n := range nodes {
			path := strings.TrimSpace(parent + " " + n.Name)
			out = append(out, path)
			walk(path, n.Children)
		}
	}
	walk("", parser.Model.Children)
	return out
}

// Reference is docs/reference/cli.md: the help of every command.
func Reference() (string, error) {
	var b strings.Builder
	b.WriteString("# The preamp command\n\n<!-- Generated from the help texts by \"make generate\". Do not edit. -->\n\n" + `Results go to standard output, logs and errors to standard error.

| exit code | meaning |
|--:|---|
| 0 | success; for ` + "`status`" + `: a server runs and is ready |
| 1 | failure; for ` + "`status`" + `: a server runs but is not ready; for ` + "`push --wait`" + `: the schema was refused |
| 2 | wrong usage |
| 3 | no server is running for the data directory |

Commands that speak to a server find it through the file ` + "`server.json`" + ` in its data directory (` + "`--data`" + `, or the variable
` + "`PREAMP_DATA`" + `), which only the owner can read.

`)
	for _, command := range append([]string{""}, Commands()...) {
		var out bytes.Buffer
		p := Program{Args: append(strings.Fields(command), "--help"), Stdout: &out, Stderr: &out}
		if code := p.Run(context.Background()); code != ExitOK {
			return "", fmt.Errorf("preamp %s --help: exit code %d: %s", command, code, out.String())
		}
		var clean []string
		for line := range strings.Lines(out.String()) {
			clean = append(clean, strings.TrimRight(line, " \n"))
		}
		fmt.Fprintf(&b, "## %s\n\n```text\n%s\n```\n\n", strings.TrimSpace("preamp "+command), strings.TrimSpace(strings.Join(clean, "\n")))
	}
	return strings.TrimRight(b.String(), "\n") + "\n", nil
}
