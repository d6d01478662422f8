package endpoint_test

import (
	"testing"

	"preamp/internal/graphql/endpoint"
)

func TestParseClient(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		expression, id string
		want           bool
	}{
		{"web", "web", true},
		{"web", "webevil", false},
		{"web|admin", "admin", true},
		{"web|admin", "evilweb", false},
		{"app-[0-9]+", "app-12", true},
	} {
		re, err := endpoint.ParseClient(tt.expression)
		if err != nil {
			t.Fatal(err)
		}
		if got := re.MatchString(tt.id); got != tt.want {
			t.Errorf("%s on %s: %v", tt.expression, tt.id, got)
		}
	}
	for _, bad := range []string{"web)|(admin", "(", "[a"} {
		if _, err := endpoint.ParseClient(bad); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}
