package backend_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/backend"
	"preamp/internal/errs"
)

func TestParseSetting(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, setting, value string
		want                 string // stored name
		err                  string
	}{
		{"as the Amplify CLI writes it", "transformerversion", "1", "transformerversion", ""},
		{"camel case", "subscriptionsInheritPrimaryAuth", "true", "subscriptionsinheritprimaryauth", ""},
		{"value", "transformerVersion", "3", "", `The backend setting transformerversion must be 1 or 2, not "3".`},
		{"values compare exactly", "sandbox", "True", "", `The backend setting sandbox must be false or true, not "True".`},
		{"empty", "sandbox", "", "", `The backend setting sandbox must be false or true, not "".`},
		{"not text", "sandbox", "\x00\xff", "", "The backend setting sandbox must be false or true, not \"\ufffd\ufffd\"."},
		{"of a model", "conflict.Todo", "AUTOMERGE", "conflict.Todo", ""},
		{"models compare exactly", "Conflict.Card_2", "LAMBDA", "conflict.Card_2", ""},
		{"no strategy", "conflict.Todo", "NONE", "conflict.Todo", ""},
		{"strategy", "conflict.Todo", "automerge", "", `The backend setting conflict.Todo must be AUTOMERGE or LAMBDA or NONE or OPTIMISTIC_CONCURRENCY, not "automerge".`},
		{"no model", "conflict.", "AUTOMERGE", "", "There is no backend setting conflict.; "},
		{"no name", "conflict.2do", "AUTOMERGE", "", "There is no backend setting conflict.2do; "},
		{"not a name", "conflict.a-b", "AUTOMERGE", "", "There is no backend setting conflict.a-b; "},
		{"placeholder", "conflict.<Model>", "AUTOMERGE", "", "There is no backend setting conflict.<Model>; "},
		{"long name", "conflict." + strings.Repeat("a", 129), "AUTOMERGE", "", "There is no backend setting conflict.aaa"},
		{"unknown", "sandbux", "true", "", "There is no backend setting sandbux; there are: transformerversion, sandbox, "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := backend.ParseSetting(tt.setting, tt.value)
			if got != tt.want || (err != nil) != (tt.err != "") {
				t.Fatalf("%q, %v", got, err)
			}
			if err != nil && (errs.KindOf(err) != errs.Invalid || !strings.HasPrefix(errs.Public(err).Message, tt.err)) {
				t.Errorf("error %v, want %s", err, tt.err)
			}
		})
	}
}

func TestKnownSettings(t *testing.T) {
	t.Parallel()
	for _, s := range backend.KnownSettings() {
		if s.Name != strings.ToLower(s.Name) || len(s.Values) != 2 || s.Doc == "" {
			t.Errorf("%+v", s)
		}
		if backend.DefaultSetting(s.Name) != s.Values[0] {
			t.Errorf("default of %s is %s", s.Name, backend.DefaultSetting(s.Name))
		}
	}
	names := []string{}
	for _, s := range backend.KnownSettings()[2:] {
		names = append(names, s.Name)
	}
	if !slices.IsSorted(names) {
		t.Errorf("behind the first two, the settings are not in the order of their names: %s", names)
	}
	if backend.DefaultSetting("unknown") != "" {
		t.Error("an unknown setting has a default")
	}
}

func TestConflict(t *testing.T) {
	t.Parallel()
	settings := map[string]string{"conflict.Todo": "AUTOMERGE", "conflict.Note": "NONE", "sandbox": "true"}
	for _, tt := range []struct{ name, model, api, want string }{
		{"own", "Todo", "", "AUTOMERGE"},
		{"own beside the API's", "Todo", "LAMBDA", "AUTOMERGE"},
		{"none beside the API's", "Note", "LAMBDA", "NONE"},
		{"the API's", "Other", "LAMBDA", "LAMBDA"},
		{"names compare exactly", "todo", "NONE", "NONE"},
		{"none", "Other", "", "NONE"},
	} {
		if got := backend.Conflict(settings, tt.model, tt.api); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if diff := cmp.Diff(map[string]string{"Todo": "AUTOMERGE", "Note": "NONE"}, backend.Conflicts(settings)); diff != "" {
		t.Errorf("of the models (-want +got):\n%s", diff)
	}
	for _, s := range backend.ModelSettings() {
		if s.Doc == "" || len(s.Values) < 2 || !strings.HasSuffix(s.Name, ".<Model>") {
			t.Errorf("%+v", s)
		}
	}
}
