package wire_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"preamp/test/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

const todo = `type Todo @model @auth(rules: [{allow: public}]) { id: ID! title: String }`

var uuid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// fixture is a dev server with app "wire" and its environment "dev".
func fixture(t *testing.T) (*harness.Server, *harness.Client) {
	t.Helper()
	s := harness.Dev(t)
	c := s.Client()
	c.Job(t, "CreateBackend", harness.M{"appId": "wire", "appName": "Wire", "backendEnvironmentName": "dev"})
	return s, c
}

// checkHeaders wants what every answer carries.
func checkHeaders(t *testing.T, a harness.Answer) {
	t.Helper()
	if id := a.Header.Get("X-Amzn-Requestid"); !uuid.MatchString(id) {
		t.Errorf("x-amzn-RequestId is %q, want a UUID: %v", id, a)
	}
	if date, err := http.ParseTime(a.Header.Get("Date")); err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("Date is %q: %v", a.Header.Get("Date"), err)
	}
	if ct := a.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") {
		t.Errorf("Content-Type is %q: %v", ct, a)
	}
}
