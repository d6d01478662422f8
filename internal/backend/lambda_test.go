package backend_test

import (
	"strings"
	"testing"

	"preamp/internal/backend"
	"preamp/internal/errs"
)

func TestLambdaAuthorizer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, setting, value string
		err                  string
	}{
		{"a function", "lambdaauthorizer", "authorize-2_x", ""},
		{"camel case", "lambdaAuthorizer", "authorize", ""},
		{"none", "lambdaauthorizer", "", ""},
		{"a path", "lambdaauthorizer", "../x", `must be the name of a function or empty, not "../x"`},
		{"a control character", "lambdaauthorizer", "a\x00", "must be the name of a function or empty"},
		{"too long", "lambdaauthorizer", strings.Repeat("a", 141), "must be the name of a function or empty"},
	} {
		got, err := backend.ParseSetting(tt.setting, tt.value)
		switch {
		case tt.err == "" && (err != nil || got != backend.SettingLambdaAuthorizer):
			t.Errorf("%s: %q, %v", tt.name, got, err)
		case tt.err != "" && (errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if _, err := backend.ParseSetting("other", "x"); err == nil || !strings.Contains(err.Error(), "lambdaauthorizer") {
		t.Errorf("the list of settings: %v", err)
	}
	if backend.DefaultSetting(backend.SettingLambdaAuthorizer) != "" {
		t.Error("there is an authorizer by default")
	}
}
