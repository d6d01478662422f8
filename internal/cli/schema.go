package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"preamp/internal/errs"
	"preamp/internal/graphql/codegen"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
	"preamp/internal/schemafile"
)

type schemaCmd struct {
	Compile schemaCompileCmd `cmd:"" help:"Print what a schema becomes: GraphQL, client models, tables, rules."`
}

type schemaCompileCmd struct {
	File        string `arg:"" optional:"" help:"Schema file, or folder of *.graphql files."`
	Transformer string `help:"Transformer version: 1, 2, or auto: the one that the schema asks for, else 2." enum:"auto,1,2" default:"auto" placeholder:"auto"`
	Conflict    string `help:"Conflict resolution: NONE, AUTOMERGE, OPTIMISTIC_CONCURRENCY or LAMBDA." enum:"NONE,AUTOMERGE,OPTIMISTIC_CONCURRENCY,LAMBDA" default:"NONE" placeholder:"NONE"`
	DefaultAuth string `help:"Default mode: API_KEY, AMAZON_COGNITO_USER_POOLS, AWS_IAM, OPENID_CONNECT or AWS_LAMBDA." enum:"API_KEY,AMAZON_COGNITO_USER_POOLS,AWS_IAM,OPENID_CONNECT,AWS_LAMBDA" default:"API_KEY" placeholder:"API_KEY"`
	Print       string `help:"What to print: sdl, introspection, schemajs, tables or rules." enum:"sdl,introspection,schemajs,tables,rules" default:"sdl" placeholder:"sdl"`
	Batch       bool   `help:"Answer JSON requests, one per line of standard input."`
}

// Help is shown by --help.
func (*schemaCompileCmd) Help() string {
	return `Compiles an annotated schema as the Amplify CLI does, without a server, and prints one of:

  - sdl: the GraphQL schema that clients see.
  - introspection: model-introspection.json.
  - schemajs: schema.js of DataStore.
  - tables: the tables, columns and indexes, as JSON.
  - rules: who may do what with each model and field, as JSON.

All modes beside --default-auth are configured too, AWS_LAMBDA for transformer 2 only. A schema that is wrong ends with exit code 1 and file:line:column: message. Some schemas compile that push refuses, because this version cannot serve them yet.

With --batch, a request is {"id","schema","transformer","conflictResolution","defaultAuth"} and its answer {"id","ok","sdl","introspection"} or {"id","ok","error"}; so is that of a line that is no request. The other flags have no effect.

Example:

    preamp schema compile --print tables schema.graphql`
}

// Run implements the command.
func (c *schemaCompileCmd) Run(a *app) error {
	switch {
	case c.Batch && c.File != "":
		return usagef("--batch reads standard input: leave out %s", c.File)
	case c.Batch:
		return answerBatch(a.Stdin, a.Stdout)
	case c.File == "":
		return usagef("name a schema file, or use --batch")
	}
	text, err := schemafile.Read(c.File)
	if err != nil {
		return err
	}
	out, err := c.compile(text.Content)
	if err != nil {
		message := errs.Public(err).Message
		if located := text.Locate(message); located != message {
			message = located
		} else {
			message = c.File + ": " + message // as a whole
		}
		fmt.Fprintln(a.Stderr, message)
		return silent(ExitFailure)
	}
	return a.printf("%s\n", strings.TrimRight(out, "\n"))
}

// compile is what is printed of a schema.
func (c *schemaCompileCmd) compile(source string) (string, error) {
	version := map[string]int{"1": 1, "2": 2}[c.Transformer] // auto is 0
	doc, err := schema.ParseAs(source, version)
	if err != nil {
		return "", err
	}
	request := codegen.Request{
		Transformer: doc.Effective(version), ConflictResolution: c.Conflict, DefaultAuth: c.DefaultAuth,
	}
	o := request.Options()
	api, err := transform.Expand(doc, o)
	if err != nil {
		return "", err
	}
	generate := codegen.Options{Version: api.Version, DataStore: o.Conflict != transform.NoConflict}
	switch c.Print {
	case "introspection":
		return codegen.Introspection(doc, generate)
	case "schemajs":
		generate.DataStore = true // nothing else reads schema.js
		return codegen.SchemaJS(doc, generate)
	case "tables":
		return indented(api.Layout.Tables)
	case "rules":
		return indented(rulesOf(api))
	}
	return api.SDL, nil
}

// modelRules is who may do what with a model. Open says that it needs no rule.
type modelRules struct {
	Model  string       `json:"model"`
	Open   bool         `json:"open"`
	Rules  []rule       `json:"rules"`
	Fields []fieldRules `json:"fields,omitempty"`
}

// fieldRules replace the rules of the model for one field.
type fieldRules struct {
	Field string `json:"field"`
	Rules []rule `json:"rules"`
}

type rule struct {
	Allow         string   `json:"allow"`
	Provider      string   `json:"provider"`
	OwnerField    string   `json:"ownerField,omitempty"`
	IdentityClaim string   `json:"identityClaim,omitempty"`
	GroupClaim    string   `json:"groupClaim,omitempty"`
	GroupsField   string   `json:"groupsField,omitempty"`
	Groups        []string `json:"groups,omitempty"`
	Operations    []string `json:"operations"`
}

// rulesOf lists the models in the order of their names.
func rulesOf(api *transform.API) []modelRules {
	out := []modelRules{}
	for _, name := range slices.Sorted(maps.Keys(api.Models)) {
		m := api.Models[name]
		r := modelRules{Model: m.Name, Open: m.Open, Rules: rules(m.Rules)}
		for _, f := range m.Fields {
			if len(f.Rules) > 0 {
				r.Fields = append(r.Fields, fieldRules{Field: f.Name, Rules: rules(f.Rules)})
			}
		}
		out = append(out, r)
	}
	return out
}

func rules(list []transform.Rule) []rule {
	out := make([]rule, len(list))
	for i, r := range list {
		out[i] = rule(r)
	}
	return out
}

func indented(v any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.String(), err
}

// maxRequest bounds one line of a batch: JSON may write a byte of the schema as
// six.
const maxRequest = 8 * schemafile.MaxSize

// answerBatch answers each line as soon as it is read, so that whoever drives it
// knows which schema takes long.
func answerBatch(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), maxRequest)
	answers := json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	n := 0
	for lines.Scan() {
		n++
		if len(strings.TrimSpace(lines.Text())) == 0 {
			continue
		}
		var r codegen.Request
		var answer codegen.Answer
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			answer = codegen.Answer{ID: r.ID, Error: fmt.Sprintf("line %d: not a request: %s", n, err)}
		} else {
			answer = r.Answer()
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("standard input, line %d: longer than %d bytes", n+1, maxRequest)
	} else if err != nil {
		return err
	}
	return nil
}
