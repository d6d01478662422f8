package server

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/bcrypt"

	"preamp/internal/userpool/userimport"
)

// importFile sends a file as `preamp users import` does.
func (r *running) importFile(token, query string, file io.Reader) (int, []userimport.Event) {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.baseURL()+"/_preamp/users?"+query, file)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	var events []userimport.Event
	lines := bufio.NewScanner(resp.Body)
	for resp.StatusCode == http.StatusOK && lines.Scan() {
		var e userimport.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			r.t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		events = append(events, e)
	}
	return resp.StatusCode, events
}

func TestImportUsers(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *running) {
		key, err := r.creds.Root(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		pool, client := r.newPool(&key)
		hash, err := bcrypt.GenerateFromPassword([]byte("Passw0rd!x"), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		good := `{"username":"ann@example.com","password_hash":"` + string(hash) + `"}` + "\n"
		for _, c := range []struct{ name, token, query string }{
			{"no token", "", "pool=" + pool},
			{"wrong token", "x", "pool=" + pool},
		} {
			if status, _ := r.importFile(c.token, c.query, strings.NewReader(good)); status != http.StatusForbidden {
				t.Errorf("%s: %d", c.name, status)
			}
		}
		if status, _ := r.importFile(r.token, "pool=us-east-1_Nothing00", strings.NewReader(good)); status != http.StatusNotFound {
			t.Errorf("no pool: %d", status)
		}

		// A problem is told while the file is still being sent.
		from, to := io.Pipe()
		go func() {
			_, _ = io.WriteString(to, "[{}\n,"+good+"]")
			_ = to.Close()
		}()
		status, events := r.importFile(r.token, "pool="+pool, from)
		if status != http.StatusOK || len(events) != 2 {
			t.Fatalf("%d %+v", status, events)
		}
		if d := cmp.Diff(&userimport.Problem{Line: 1, Entry: 1, Field: "username", Message: "there is no value"}, events[0].Problem); d != "" {
			t.Error(d)
		}
		if done := events[1].Done; done == nil || done.Imported != 1 || done.Failed != 1 || events[1].Error != "" {
			t.Errorf("%+v", events[1])
		}
		if out := r.signIn(client, "ann@example.com", "Passw0rd!x"); at(out, "AuthenticationResult.AccessToken") == "" {
			t.Errorf("%v", out)
		}

		_, events = r.importFile(r.token, "pool="+pool+"&dry=true", strings.NewReader("cognito:username,email_verified\nann@example.com,true\nbob@example.com,true\n"))
		if len(events) != 1 || events[0].Done == nil || events[0].Done.Skipped != 1 || events[0].Done.Imported != 1 {
			t.Errorf("dry: %+v", events)
		}
		_, events = r.importFile(r.token, "pool="+pool, strings.NewReader("name\n"))
		if len(events) != 1 || events[0].Error != "line 1: there is no column cognito:username" {
			t.Errorf("not a file of users: %+v", events)
		}
	})
}
