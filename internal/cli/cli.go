package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"preamp/internal/config"
	"preamp/internal/httpx"
	"preamp/internal/server"
)

// Program is one run of the command. Tests replace its parts.
type Program struct {
	// Version is the version of the binary.
	Version        string
	Args           []string
	Environ        []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Dev and Serve run a server.
	Dev   func(context.Context, server.DevOptions) error
	Serve func(context.Context, server.ServeOptions) error
}

// Main runs the command of this process and returns its exit code. The first
// SIGINT or SIGTERM asks it to finish, the second ends it at once.
func Main(version string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(ExitFailure)
	}()
	p := Program{
		Version: version, Args: os.Args[1:], Environ: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Dev: server.Dev, Serve: server.Serve,
	}
	return p.Run(ctx)
}

// root is the command line.
type root struct {
	LogFormat string           `help:"Form of the log on standard error: text or json." enum:"text,json" default:"text" placeholder:"text"`
	LogLevel  string           `help:"Least important log line: debug, info, warn or error." enum:"debug,info,warn,error" default:"info" placeholder:"info"`
	Version   kong.VersionFlag `help:"Print the version and exit."`

	Dev   devCmd   `cmd:"" group:"server" help:"Start a development server, with a live GraphQL API from a schema file."`
	Serve serveCmd `cmd:"" group:"server" help:"Start a production server from preamp.yaml."`

	Status       statusCmd       `cmd:"" group:"local" help:"Show what the running server serves; wait until it is ready."`
	Env          envCmd          `cmd:"" group:"local" help:"Print AWS_ENDPOINT_URL and credentials for AWS clients."`
	Push         pushCmd         `cmd:"" group:"local" help:"Make an environment serve a schema (UpdateBackendAPI)."`
	Jobs         jobsCmd         `cmd:"" group:"local" help:"List, follow and cancel jobs."`
	Settings     settingsCmd     `cmd:"" group:"local" help:"Show and change what decides how schemas are compiled."`
	ClientConfig clientConfigCmd `cmd:"" group:"local" help:"Write the configuration file of an Amplify client."`
	Inbox        inboxCmd        `cmd:"" group:"local" help:"List the messages that users were sent (preamp dev)."`
	Users        usersCmd        `cmd:"" group:"local" help:"Import users into a user pool."`
	Pool         poolCmd         `cmd:"" group:"local" help:"Signing keys and issuer of a user pool."`
	Stop         stopCmd         `cmd:"" group:"local" help:"Stop the running server."`

	Schema schemaCmd `cmd:"" group:"admin" help:"Compile a schema without a server."`
	Keys   keysCmd   `cmd:"" group:"admin" help:"Create, list and revoke access keys, also without a running server."`
	CA     caCmd     `cmd:"" name:"ca" group:"admin" help:"Print the certificate of the local authority; how to trust it."`
	Config configCmd `cmd:"" group:"admin" help:"Check and print preamp.yaml."`

	PrintVersion versionCmd `cmd:"" name:"version" group:"admin" help:"Print the version."`
}

const description = `preamp is a self-hosted, real implementation of the AWS Amplify Backend service. ` +
	`AWS SDKs and the AWS CLI drive it unmodified; an annotated GraphQL schema becomes a live API.

Start here: preamp dev --schema schema.graphql

Exit codes: 0 success, 1 failure, 2 wrong usage, 3 no server is running.`

var groups = []kong.Group{
	{Key: "server", Title: "Run a server:"},
	{Key: "local", Title: "Speak to the server of this machine:"},
	{Key: "admin", Title: "Administration:"},
}

// exited carries the code of --help and --version out of the parser, which
// cannot be told to stop in another way.
type exited int

// Run executes the command line and returns the exit code.
func (p *Program) Run(ctx context.Context) (code int) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case exited:
			code = int(v)
		default:
			panic(v)
		}
	}()
	var cmd root
	parser, err := p.parser(&cmd)
	if err != nil {
		panic(fmt.Sprintf("cli: the command line is inconsistent: %v", err))
	}
	if len(p.Args) == 0 {
		return p.overview(parser)
	}
	parsed, err := parser.Parse(p.Args)
	if err != nil {
		return p.usage(parsed, err)
	}
	log, flush := newLogger(p.Stderr, cmd.LogFormat, cmd.LogLevel)
	a := &app{Program: p, ctx: ctx, log: log}
	err = parsed.Run(a)
	flush()
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return ExitFailure // interrupted; the user knows
	}
	code, report := exitCode(err)
	if report {
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(p.Stderr, "preamp: %s\n", strings.TrimSuffix(line, "\n"))
		}
	}
	return code
}

func (p *Program) parser(cmd *root) (*kong.Kong, error) {
	return kong.New(cmd,
		kong.Name("preamp"),
		kong.Description(description),
		kong.Writers(p.Stdout, p.Stderr),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.ExplicitGroups(groups),
		kong.Vars{"version": versionLine(p.Version), "data": cmp.Or(p.getenv("PREAMP_DATA"), defaultData)},
	)
}

// overview answers a bare `preamp`: the help, but not as a success, because
// nothing was done.
func (p *Program) overview(parser *kong.Kong) int {
	parser.Stdout = p.Stderr
	if parsed, err := kong.Trace(parser, nil); err == nil {
		_ = parsed.PrintUsage(false)
	}
	return ExitUsage
}

// usage reports a command line that makes no sense.
func (p *Program) usage(parsed *kong.Context, err error) int {
	command := "preamp"
	if e, ok := errors.AsType[*kong.ParseError](err); ok {
		parsed = e.Context
	}
	if parsed != nil {
		if n := parsed.Selected(); n != nil {
			command += " " + n.Path()
		}
	}
	fmt.Fprintf(p.Stderr, "preamp: %v\nTry: %s --help\n", err, command)
	return ExitUsage
}

// app is what commands get.
type app struct {
	*Program
	ctx context.Context //nolint:containedctx // one command, one context: kong calls Run(app)
	log *slog.Logger
}

func (a *app) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(a.Stdout, format, args...)
	return err
}

// json prints v as one indented document.
func (a *app) json(v any) error {
	enc := json.NewEncoder(a.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// notes logs the remarks of a configuration.
func (a *app) notes(c *config.Config) {
	for _, n := range c.Notes {
		a.log.Warn("configuration", slog.String("note", n.String()))
	}
}

// newLogger makes a logger; flush writes what it still keeps.
func newLogger(out io.Writer, format, level string) (log *slog.Logger, flush func()) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		panic("cli: log level " + level) // the parser allows levels only
	}
	w := &logWriter{out: out}
	o := &slog.HandlerOptions{Level: l}
	var h slog.Handler = slog.NewTextHandler(w, o)
	if format == "json" {
		h = slog.NewJSONHandler(w, o)
	}
	return slog.New(httpx.LogHandler(prompt{h, w})), w.Flush
}

type versionCmd struct {
	JSON bool `name:"json" help:"Print JSON: {\"version\",\"go\",\"os\",\"arch\"}."`
}

// Run implements the command.
func (c *versionCmd) Run(a *app) error {
	if !c.JSON {
		return a.printf("%s\n", versionLine(a.Version))
	}
	return a.json(struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		OS      string `json:"os"`
		Arch    string `json:"arch"`
	}{a.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH})
}

func versionLine(v string) string {
	return fmt.Sprintf("preamp %s (%s, %s/%s)", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// sleep waits, or ends with ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
