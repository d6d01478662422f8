package keys

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is bytes that must not appear in logs, errors or answers. Everything
// that prints it prints [redacted]; only Reveal and Bytes give it away.
type Secret struct{ b []byte }

// NewSecret makes a secret of a copy of b.
func NewSecret(b []byte) Secret { return Secret{append([]byte(nil), b...)} }

// Reveal is the secret as text.
func (s Secret) Reveal() string { return string(s.b) }

// Bytes is a copy of the secret.
func (s Secret) Bytes() []byte { return append([]byte(nil), s.b...) }

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return len(s.b) == 0 }

// Equal compares in constant time.
func (s Secret) Equal(other Secret) bool { return subtle.ConstantTimeCompare(s.b, other.b) == 1 }

// String is [redacted].
func (s Secret) String() string { return redacted }

// Format prints [redacted] for every verb, also %#v and %x.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is [redacted].
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON is "[redacted]".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText is [redacted], for YAML and map keys.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
