package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"preamp/internal/server"
)

// seconds is a flag value: a number of seconds, or a duration such as 1m30s.
type seconds time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *seconds) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		f, ferr := strconv.ParseFloat(string(text), 64)
		if ferr != nil || f > 1e6 {
			return fmt.Errorf("must be a number of seconds, not %q", text)
		}
		d = time.Duration(f * float64(time.Second))
	}
	if d < 0 {
		return errors.New("must not be negative")
	}
	*s = seconds(d)
	return nil
}

type statusCmd struct {
	dataFlag
	JSON bool    `name:"json" help:"Print JSON."`
	Wait seconds `help:"Wait this long for a server to become ready." placeholder:"SECONDS"`
}

// Help is shown by --help.
func (*statusCmd) Help() string {
	return `Exit code 0: a server runs and is ready. 1: it runs but is not ready. 3: nothing runs for the data directory, or what its record names is gone; with --json the output is then {"ready":false}.

JSON members: version, ready, pid, url, tls_url, ca_file, data, apps (app_id, name, environments (name, apis (id, name, endpoint, realtime_endpoint, api_key, modes (mode, default, closed, user_pool_id, issuer)), auth (user_pool_id, clients (name, client_id), sign_in, issuer, hosted_url, identity_pool_id))), jobs_running. api_key is there with preamp dev only. A mode that is closed lets nobody in: user pools without a pool.

Examples:

    preamp status --wait 10
    preamp status --json | jq -r '.apps[0].environments[0].apis[0].endpoint'`
}

// Run implements the command.
func (c *statusCmd) Run(a *app) error {
	ctx, cancel := context.WithTimeout(a.ctx, time.Duration(c.Wait)+time.Minute)
	defer cancel()
	until := time.Now().Add(time.Duration(c.Wait))
	for {
		st, raw, err := probe(ctx, c.Data)
		if err == nil && st.Ready || !time.Now().Before(until) || a.ctx.Err() != nil {
			return c.report(a, st, raw, err)
		}
		if code, _ := exitCode(err); err != nil && code != ExitNotRunning {
			return err
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

func probe(ctx context.Context, data string) (server.Status, []byte, error) {
	l, err := find(data)
	if err != nil {
		return server.Status{}, nil, err
	}
	return l.status(ctx)
}

func (c *statusCmd) report(a *app, st server.Status, raw []byte, err error) error {
	if err != nil {
		if code, _ := exitCode(err); c.JSON && code == ExitNotRunning {
			if err := a.printf("{\"ready\":false}\n"); err != nil {
				return err
			}
		}
		return err
	}
	if c.JSON {
		err = a.printf("%s\n", raw)
	} else {
		err = printStatus(a.Stdout, st)
	}
	if err == nil && !st.Ready {
		return silent(ExitFailure)
	}
	return err
}

func printStatus(w io.Writer, st server.Status) error {
	var b strings.Builder
	ready := "ready"
	if !st.Ready {
		ready = "not ready"
	}
	fmt.Fprintf(&b, "preamp %s   %s   pid %d   %d %s running\n", st.Version, ready, st.PID, st.JobsRunning, plural(st.JobsRunning, "job"))
	fmt.Fprintf(&b, "  URL     %s   %s\n", st.URL, st.TLSURL)
	if st.CAFile != "" {
		fmt.Fprintf(&b, "  CA      %s\n", st.CAFile)
	}
	fmt.Fprintf(&b, "  Data    %s\n", st.Data)
	for _, app := range st.Apps {
		fmt.Fprintf(&b, "app %s (%s)\n", app.Name, app.ID)
		for _, env := range app.Environments {
			fmt.Fprintf(&b, "  env %s\n", env.Name)
			for _, api := range env.APIs {
				fmt.Fprintf(&b, "    api %s   %s", api.Name, api.Endpoint)
				if api.APIKey != "" {
					fmt.Fprintf(&b, "   %s", api.APIKey)
				}
				fmt.Fprintf(&b, "\n      auth %s\n", api.Modes)
			}
			printAuth(&b, env.Auth)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printAuth prints the pools of an environment.
func printAuth(b *strings.Builder, a *server.StatusAuth) {
	if a == nil {
		return
	}
	fmt.Fprintf(b, "    user pool %s   sign-in by %s\n", a.UserPool, a.SignIn)
	if a.Issuer != "" {
		fmt.Fprintf(b, "      issuer %s\n", a.Issuer)
	}
	for _, c := range a.Clients {
		fmt.Fprintf(b, "      client %s   %s\n", c.ID, c.Name)
	}
	if a.HostedURL != "" {
		fmt.Fprintf(b, "      hosted sign-in %s\n", a.HostedURL)
	}
	if a.IdentityPool != "" {
		fmt.Fprintf(b, "      identity pool %s\n", a.IdentityPool)
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

type stopCmd struct {
	dataFlag
	Wait seconds `help:"Wait this long for the server to end." default:"35" placeholder:"35"`
}

// Help is shown by --help.
func (*stopCmd) Help() string {
	return `Asks the server to finish what is in flight (30 s at most) and to end, and waits until it has. Exit code 3: nothing was running.`
}

// Run implements the command.
func (c *stopCmd) Run(a *app) error {
	l, err := find(c.Data)
	if err != nil {
		return err
	}
	if _, err := l.call(a.ctx, http.MethodPost, "/_preamp/stop", nil); err != nil {
		return err
	}
	until := time.Now().Add(time.Duration(c.Wait))
	for alive(l.record.PID) {
		// Its record goes last, and its process may be held by a parent that does
		// not collect it: gone record, gone server.
		if again, err := find(c.Data); err != nil || again.record.Token != l.record.Token {
			break
		}
		if time.Now().After(until) {
			return fmt.Errorf("the server (pid %d) has not ended in %s", l.record.PID, time.Duration(c.Wait))
		}
		if err := sleep(a.ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return a.printf("stopped\n")
}
