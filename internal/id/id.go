// Package id makes and checks every identifier that clients see. The forms are
// those that AWS clients and scripts rely on; see docs/compat/amplifybackend.md.
package id

import (
	"crypto/rand"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

const (
	lowerAlnum = "abcdefghijklmnopqrstuvwxyz0123456789"
	base32Set  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
)

// text draws n characters of set without bias.
func text(n int, set string) string {
	limit := byte(256 - 256%len(set))
	out := make([]byte, 0, n)
	buf := make([]byte, 2*n)
	for {
		// crypto/rand.Read never fails: it ends the process when the system has
		// no randomness.
		_, _ = rand.Read(buf)
		for _, b := range buf {
			if limit != 0 && b >= limit {
				continue
			}
			out = append(out, set[int(b)%len(set)])
			if len(out) == n {
				return string(out)
			}
		}
	}
}

// NewApp makes an Amplify app id: "d" and 13 of [a-z0-9].
func NewApp() string { return "d" + text(13, lowerAlnum) }

// NewAPI makes an AppSync API id: 26 of [a-z0-9].
func NewAPI() string { return text(26, lowerAlnum) }

// NewAPIKey makes an AppSync API key: "da2-" and 26 of [a-z0-9].
func NewAPIKey() string { return "da2-" + text(26, lowerAlnum) }

// NewJob makes a job id, a random UUID.
func NewJob() string { return uuid.NewString() }

// NewEnv makes preamp's own key of an environment: 16 lower-case base32
// characters, never reused.
func NewEnv() string { return strings.ToLower(text(16, base32Set)) }

// NewAccessKey makes a long-lived access key id: "AKIA" and 16 of base32.
func NewAccessKey() string { return "AKIA" + text(16, base32Set) }

// NewSessionKey makes the id of a temporary access key: "ASIA" and 16 of base32.
func NewSessionKey() string { return "ASIA" + text(16, base32Set) }

// NewSecretKey makes a secret access key of 40 characters.
func NewSecretKey() string {
	return text(40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}

// NewChallengeCode makes the code of a challenge token: 8 of base32.
func NewChallengeCode() string { return text(8, base32Set) }

// NewUUID makes a random UUID (version 4), the form AppSync gives to new rows.
func NewUUID() string { return uuid.NewString() }

var (
	appForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)
	envForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	apiForm = regexp.MustCompile(`^[a-z0-9]{26}$`)
)

// AppForm and EnvForm are the accepted forms, for error messages.
const (
	AppForm = "[A-Za-z0-9][A-Za-z0-9-]{0,63}"
	EnvForm = "[a-z][a-z0-9-]{0,39}"
)

// ValidApp reports whether s has the form of an app id.
func ValidApp(s string) bool { return appForm.MatchString(s) }

// ValidEnv reports whether s has the form of an environment name.
func ValidEnv(s string) bool { return envForm.MatchString(s) }

// ValidAPI reports whether s has the form of an API id.
func ValidAPI(s string) bool { return apiForm.MatchString(s) }
