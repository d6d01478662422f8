package id_test

import (
	"regexp"
	"testing"

	"preamp/internal/id"
)

func TestForms(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		make func() string
		form string
	}{
		{"app", id.NewApp, `^d[a-z0-9]{13}$`},
		{"api", id.NewAPI, `^[a-z0-9]{26}$`},
		{"api key", id.NewAPIKey, `^da2-[a-z0-9]{26}$`},
		{"job", id.NewJob, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`},
		{"environment", id.NewEnv, `^[a-z2-7]{16}$`},
		{"access key", id.NewAccessKey, `^AKIA[A-Z2-7]{16}$`},
		{"session key", id.NewSessionKey, `^ASIA[A-Z2-7]{16}$`},
		{"secret key", id.NewSecretKey, `^[A-Za-z0-9+/]{40}$`},
		{"challenge code", id.NewChallengeCode, `^[A-Z2-7]{8}$`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			form := regexp.MustCompile(tc.form)
			seen := map[string]bool{}
			for range 1000 {
				s := tc.make()
				if !form.MatchString(s) {
					t.Fatalf("%q does not match %s", s, tc.form)
				}
				if seen[s] {
					t.Fatalf("%q was made twice", s)
				}
				seen[s] = true
			}
		})
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		valid func(string) bool
		in    string
		want  bool
	}{
		{"app from a caller", id.ValidApp, "MyApp-1", true},
		{"app of one letter", id.ValidApp, "d", true},
		{"app of 64", id.ValidApp, "a123456789012345678901234567890123456789012345678901234567890123", true},
		{"app of 65", id.ValidApp, "a1234567890123456789012345678901234567890123456789012345678901234", false},
		{"app that begins with a dash", id.ValidApp, "-a", false},
		{"app with a slash", id.ValidApp, "a/b", false},
		{"app with a line break", id.ValidApp, "a\n", false},
		{"empty app", id.ValidApp, "", false},
		{"environment", id.ValidEnv, "dev-2", true},
		{"environment named like a path part", id.ValidEnv, "remove", true},
		{"environment in upper case", id.ValidEnv, "Dev", false},
		{"environment that begins with a digit", id.ValidEnv, "1dev", false},
		{"api", id.ValidAPI, "abcdefghijklmnopqrstuvwxyz", true},
		{"short api", id.ValidAPI, "abc", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.valid(tc.in); got != tc.want {
				t.Errorf("valid(%q) = %v, want %v", tc.in, got, tc.want)
			}
		})
	}
}
