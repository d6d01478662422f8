package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"preamp/internal/backend"
)

type settingsCmd struct {
	Get settingsGetCmd `cmd:"" help:"Print the backend settings of an environment."`
	Set settingsSetCmd `cmd:"" help:"Change backend settings of an environment."`
}

// Help is shown by --help.
func (*settingsCmd) Help() string {
	var b strings.Builder
	b.WriteString("What a schema becomes depends on these settings, which no operation of AWS carries. " +
		"A change counts from the next push.\n\n")
	for _, s := range backend.KnownSettings() {
		fmt.Fprintf(&b, "  - %s: %s. %s\n", s.Name, strings.Join(s.Values, " or "), s.Doc)
	}
	for _, s := range backend.FreeSettings() {
		fmt.Fprintf(&b, "  - %s: a name. %s\n", s.Name, s.Doc)
	}
	for _, s := range backend.ModelSettings() {
		fmt.Fprintf(&b, "  - %s: %s. %s\n", s.Name, strings.Join(s.Values, " or "), s.Doc)
	}
	b.WriteString("\nThe first value is the default; sandbox is on in preamp dev. New environments get what preamp.yaml says under " +
		"settings, or, in preamp dev, what amplify/cli.json says. GetBackend shows them as feature flags.\n\n" +
		"Examples:\n\n    preamp settings get\n    preamp settings set --env dev transformerversion=1")
	return b.String()
}

// envFlag says which environment.
type envFlag struct {
	dataFlag
	App string `help:"App, by id or name. Default: the only one." placeholder:"APP"`
	Env string `help:"Environment. Default: the only one." placeholder:"ENV"`
}

// settings calls the endpoint of the environment's settings.
func (f envFlag) settings(a *app, method string, change url.Values) (map[string]string, error) {
	l, err := find(f.Data)
	if err != nil {
		return nil, err
	}
	st, _, err := l.status(a.ctx)
	if err != nil {
		return nil, err
	}
	app, env, err := choose(st, f.App, f.Env)
	if err != nil {
		return nil, err
	}
	query := url.Values{"app": {app.ID}, "env": {env.Name}}
	maps.Copy(query, change)
	raw, err := l.call(a.ctx, method, "/_preamp/settings", query)
	if err != nil {
		return nil, err
	}
	var all map[string]string
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("read the answer of the server: %w", err)
	}
	return all, nil
}

type settingsGetCmd struct {
	envFlag
	Name string `arg:"" optional:"" help:"Print the value of this one only."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Run implements the command.
func (c *settingsGetCmd) Run(a *app) error {
	var name string
	if c.Name != "" {
		s, ok := backend.FindSetting(c.Name)
		if !ok {
			return usagef("there is no backend setting %s; preamp settings --help lists them", c.Name)
		}
		name = s.Name
	}
	all, err := c.settings(a, http.MethodGet, nil)
	switch {
	case err != nil:
		return err
	case c.JSON && name != "":
		return a.json(map[string]string{name: all[name]})
	case c.JSON:
		return a.json(all)
	case name != "":
		return a.printf("%s\n", all[name])
	}
	for _, s := range backend.KnownSettings() {
		if err := a.printf("%s=%s\n", s.Name, all[s.Name]); err != nil {
			return err
		}
		delete(all, s.Name)
	}
	// Those that most environments do not have: of models, and names.
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] == "" {
			continue
		}
		if err := a.printf("%s=%s\n", name, all[name]); err != nil {
			return err
		}
	}
	return nil
}

type settingsSetCmd struct {
	envFlag
	Set []string `arg:"" name:"key=value" help:"Settings and their new values."`
}

// Help is shown by --help.
func (*settingsSetCmd) Help() string {
	return `Stores all the settings, or none when one is wrong. They count from the next push: preamp push makes a running API follow.

Example:

    preamp settings set --app shop --env dev transformerversion=1 improvepluralization=true`
}

// Run implements the command.
func (c *settingsSetCmd) Run(a *app) error {
	var change []string
	for _, s := range c.Set {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return usagef("%s is not KEY=VALUE", s)
		}
		name, err := backend.ParseSetting(name, value)
		if err != nil {
			return usagef("%s", err)
		}
		change = append(change, name+"="+value)
	}
	_, err := c.settings(a, http.MethodPost, url.Values{"set": change})
	return err
}
