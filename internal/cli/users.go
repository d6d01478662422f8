package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"preamp/internal/userpool/userimport"
)

type usersCmd struct {
	Import usersImportCmd `cmd:"" help:"Import users from a CSV or JSON file."`
}

type usersImportCmd struct {
	dataFlag
	Pool   string `help:"User pool." required:"" placeholder:"ID"`
	Format string `help:"csv or json. Default: what the file looks like." enum:"csv,json,auto" default:"auto" placeholder:"FORMAT"`
	DryRun bool   `help:"Judge the file and store nothing."`
	JSON   bool   `name:"json" help:"Print the result as JSON."`
	File   string `arg:"" help:"The file; - is standard input."`
}

// Help is shown by --help.
func (*usersImportCmd) Help() string {
	return `The file is the CSV of Cognito's import jobs (GetCSVHeader shows its first line), or JSON: an array of objects, or one object a line:

    {"username": "alice", "attributes": {"email": "alice@example.com", "email_verified": "true"}, "groups": ["staff"], "enabled": true, "status": "CONFIRMED", "password_hash": "$2b$10$..."}

Only username is required. A password_hash is bcrypt ($2a$, $2b$, $2y$; cost at most 14) or Argon2id or Argon2i in PHC form (m at most 131072, t at most 10, p at most 16, m*t at most 524288). It is verified when the user first signs in with the password itself: by USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH or the hosted pages. SRP, which Amplify uses by default, works from then on; until then it answers as to a wrong password. Users without a hash get the status RESET_REQUIRED and set a password by "forgot password", so that they need a verified email or phone_number.

Groups must be there. Users that exist are skipped, so that an import that was broken off is finished by running it again. Nothing is stored of a row that is wrong; it is reported by line and field, and the exit code is then 1.

Examples:

    preamp users import --pool us-east-1_AbCdEfGhI users.csv --dry-run
    preamp users import --pool us-east-1_AbCdEfGhI users.jsonl`
}

// Run implements the command.
func (c *usersImportCmd) Run(a *app) error {
	file := io.NopCloser(a.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		file = f
	}
	defer file.Close()
	l, err := find(c.Data)
	if err != nil {
		return err
	}
	query := url.Values{"pool": {c.Pool}, "dry": {strconv.FormatBool(c.DryRun)}}
	if c.Format != "auto" {
		query.Set("format", c.Format)
	}
	answer, err := l.upload(a.ctx, "/_preamp/users", query, file)
	if err != nil {
		return err
	}
	defer answer.Close()
	last, err := c.follow(a, answer)
	if err != nil {
		return err
	}
	if c.JSON {
		err = a.json(last.Done)
	} else {
		err = a.printf("%s\n", c.sentence(*last.Done))
	}
	switch {
	case err != nil:
		return err
	case last.Error != "":
		text := printable(last.Error)
		if last.Done.Imported > 0 && !c.DryRun {
			text += "\nWhat is told above is done; run it again to go on."
		}
		return errors.New(text)
	case last.Done.Failed > 0:
		return silent(ExitFailure)
	}
	return nil
}

// follow reads the events and tells them, up to the last one.
func (c *usersImportCmd) follow(a *app, answer io.Reader) (userimport.Event, error) {
	lines := bufio.NewScanner(answer)
	for lines.Scan() {
		var e userimport.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return e, fmt.Errorf("read the answer of the server: %w", err)
		}
		switch {
		case e.Problem != nil:
			fmt.Fprintf(a.Stderr, "%s\n", printable(e.Problem.String()))
		case e.Progress != nil:
			fmt.Fprintf(a.Stderr, "%s\n", c.sentence(*e.Progress))
		case e.Done != nil:
			return e, nil
		}
	}
	if err := a.ctx.Err(); err != nil {
		return userimport.Event{}, err
	}
	return userimport.Event{}, errors.Join(errors.New("the server has ended the import: run it again to go on"), lines.Err())
}

func (c *usersImportCmd) sentence(t userimport.Totals) string {
	verb := "imported"
	if c.DryRun {
		verb = "could be imported"
	}
	users := "users"
	if t.Imported == 1 {
		users = "user"
	}
	return fmt.Sprintf("%d %s %s, %d skipped because they exist, %d failed; %.0f users/s", t.Imported, users, verb, t.Skipped, t.Failed, t.PerSecond())
}

// upload sends a file to an endpoint for local commands and answers what comes
// back, which may come while the file is being sent.
func (l *local) upload(ctx context.Context, path string, query url.Values, file io.Reader) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.record.URL+path+"?"+query.Encode(), file)
	if err != nil {
		return nil, notRunning(l.data, "its record is damaged")
	}
	r.Header.Set("Authorization", "Bearer "+l.record.Token)
	r.Header.Set("Expect", "100-continue") // a refusal comes before the file is sent
	// The first answer may take as long as the first batch of rows.
	client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: 10 * time.Second}}
	answer, err := client.Do(r)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, notRunning(l.data, "nothing answers at "+l.record.URL)
	case answer.StatusCode == http.StatusOK:
		return answer.Body, nil
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // the status says enough
	if answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden {
		return nil, notRunning(l.data, "another server answers at "+l.record.URL)
	}
	return nil, errors.New(message(body, answer.Status))
}
