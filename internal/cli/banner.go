package cli

import (
	"fmt"
	"strings"
	"time"

	"preamp/internal/server"
)

// Banner is what `preamp dev` prints when it is ready: at most ten lines, each
// of them something to use. It holds no password; the API key is meant for
// clients of this machine. store says where the data is kept.
func Banner(s server.Started, store string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "preamp %s   app %s (%s)   env %s   ready in %s\n", s.Version, s.App.Name, s.App.ID, s.Env, rounded(s.ReadyIn))
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-10s", name)
		fmt.Fprintf(&b, format+"\n", args...)
	}
	data := ""
	if s.Data != defaultData {
		data = " --data " + shellQuote(s.Data)
	}
	if s.Endpoint != "" {
		row("GraphQL", "%s   (https on the same port)", s.Endpoint)
		if s.APIKey != "" {
			row("API key", "%s", s.APIKey)
		}
		hint := ""
		if s.Modes.Closed() {
			hint = "   (--user-pool ID names one)"
		}
		row("Auth", "%s%s", s.Modes, hint)
		if s.Auth != nil {
			row("Users", "%s", users(*s.Auth, data))
		}
	} else {
		row("Endpoint", "%s   (https on the same port)", s.Base)
		if s.Schema == "" {
			row("Push", "preamp push%s schema.graphql --wait", data)
		}
	}
	row("Data", "%s   (%s)", s.Data, store)
	if s.CAFile != "" {
		row("CA", "%s   (trust it: preamp ca --help)", s.CAFile)
	}
	row("AWS CLI", `eval "$(preamp env%s)" && aws --endpoint-url "$AWS_ENDPOINT_URL" amplifybackend get-backend --app-id %s`, data, s.App.ID)
	if s.Push.Problem != "" {
		problem, _, more := strings.Cut(strings.TrimSpace(s.Push.Problem), "\n")
		if more {
			problem += " ..."
		}
		fmt.Fprintf(&b, "push failed: %s\n", problem)
		if s.Push.Live {
			b.WriteString("the last version keeps serving\n")
		}
	}
	if s.Schema != "" {
		fmt.Fprintf(&b, "watching %s: save to push%s\n", s.Schema, lastPush(s.Push))
	}
	return b.String()
}

// users tells how to sign up at a user pool.
func users(a server.StatusAuth, data string) string {
	text := a.UserPool + ", sign-in by " + a.SignIn
	if len(a.Clients) > 0 {
		text += ", client " + a.Clients[0].ID
	}
	return text + "   (codes of sign-ups: preamp inbox" + data + ")"
}

const defaultData = ".preamp"

func lastPush(p server.Push) string {
	switch {
	case p.Problem != "":
		return ""
	case p.Skipped:
		return fmt.Sprintf(" (unchanged, %s)", models(p.Models))
	}
	return fmt.Sprintf(" (last push %s, %s)", rounded(p.Took), models(p.Models))
}

func models(n int) string {
	if n == 1 {
		return "1 model"
	}
	return fmt.Sprintf("%d models", n)
}

// rounded is a duration with as many digits as people read.
func rounded(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// shellQuote quotes a word for sh when it needs it.
func shellQuote(s string) string {
	safe := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:=@%+,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
