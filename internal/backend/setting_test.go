package backend_test

import (
	"strings"
	"testing"

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
	if backend.DefaultSetting("unknown") != "" {
		t.Error("an unknown setting has a default")
	}
}
