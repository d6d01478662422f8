package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"preamp/internal/notify"
)

type inboxCmd struct {
	dataFlag
	App  string `help:"App, by id or name. Default: all." placeholder:"APP"`
	Env  string `help:"Environment. Default: all." placeholder:"ENV"`
	To   string `help:"Only messages to this e-mail address or telephone number." placeholder:"ADDRESS"`
	Wait bool   `help:"Wait for a message, 10 s at most, when there is none."`
	JSON bool   `name:"json" help:"Print a JSON array."`
}

// inboxWait is how long --wait waits.
const inboxWait = 10 * time.Second

// Help is shown by --help.
func (*inboxCmd) Help() string {
	return `preamp dev sends no e-mail and no text message: it keeps them, the last 500 of each environment, and this command lists them, oldest first. Without --app and --env it lists those of all environments, and of the user pools that were made by CreateUserPool.

With --json the output is an array of {id, at, channel, to, subject, text, html, code}; no message is []. channel is email or sms, code is the code or temporary password in the message.

Examples:

    preamp inbox
    preamp inbox --json --wait --to ann@example.com | jq -r '.[-1].code'`
}

// Run implements the command.
func (c *inboxCmd) Run(a *app) error {
	l, err := find(c.Data)
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.To != "" {
		query.Set("to", c.To)
	}
	if c.Wait {
		query.Set("wait", strconv.FormatInt(inboxWait.Milliseconds(), 10))
	}
	if c.App != "" || c.Env != "" {
		st, _, err := l.status(a.ctx)
		if err != nil {
			return err
		}
		app, env, err := choose(st, c.App, c.Env)
		if err != nil {
			return err
		}
		query.Set("app", app.ID)
		query.Set("env", env.Name)
	}
	raw, err := l.call(a.ctx, http.MethodGet, "/_preamp/inbox", query)
	if err != nil {
		return err
	}
	var list []notify.Stored
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("read the answer of the server: %w", err)
	}
	if c.JSON {
		return a.json(list)
	}
	return a.printf("%s", inboxText(list))
}

// inboxText is the list for people: a line per message, and what it says.
func inboxText(list []notify.Stored) string {
	if len(list) == 0 {
		return "no messages\n"
	}
	var b strings.Builder
	for _, m := range list {
		fmt.Fprintf(&b, "%s  %-5s  %s", m.At.Local().Format(time.DateTime), m.Channel, printable(m.To))
		if m.Subject != "" {
			fmt.Fprintf(&b, "  %s", printable(m.Subject))
		}
		b.WriteByte('\n')
		for line := range strings.Lines(m.Text) {
			fmt.Fprintf(&b, "    %s\n", printable(strings.TrimRight(line, "\r\n")))
		}
	}
	return b.String()
}

// printable keeps what strangers wrote from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
}
