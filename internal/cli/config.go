package cli

import (
	"errors"
	"io/fs"
	"os"

	"preamp/internal/config"
)

type configCmd struct {
	Check configCheckCmd `cmd:"" help:"Report every problem of a configuration."`
	Print configPrintCmd `cmd:"" help:"Print the configuration in effect and where each value comes from."`
}

type configCheckCmd struct {
	Config   string `help:"Configuration file." default:"preamp.yaml" placeholder:"preamp.yaml"`
	For      string `help:"Command that will use it: serve or dev." enum:"serve,dev" default:"serve" placeholder:"serve"`
	Insecure bool   `help:"Allow what serve --insecure allows."`
}

// Help is shown by --help.
func (*configCheckCmd) Help() string {
	return `Reads the file and the PREAMP_ variables as the server would, and reports all problems at once as file:line:column: key problem. Exit code 1 when there is one. The keys are listed in docs/reference/configuration.md.`
}

// Run implements the command.
func (c *configCheckCmd) Run(a *app) error {
	conf, err := config.Load(config.Options{File: c.Config, Environ: a.Environ, Serve: c.For == "serve", Insecure: c.Insecure})
	if err != nil {
		return err
	}
	for _, n := range conf.Notes {
		if err := a.printf("note: %s\n", n); err != nil {
			return err
		}
	}
	return a.printf("%s: ok\n", c.Config)
}

type configPrintCmd struct {
	Config string `help:"Configuration file. Default: preamp.yaml, if it exists." placeholder:"FILE"`
	JSON   bool   `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (*configPrintCmd) Help() string {
	return `Prints a complete preamp.yaml with all defaults. Passwords are masked.`
}

// Run implements the command.
func (c *configPrintCmd) Run(a *app) error {
	file := c.Config
	if file == "" {
		if _, err := os.Stat("preamp.yaml"); err == nil {
			file = "preamp.yaml"
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	conf, err := config.Load(config.Options{File: file, Environ: a.Environ})
	if err != nil {
		return err
	}
	if c.JSON {
		return a.json(conf)
	}
	return conf.Print(a.Stdout)
}
