package userpool

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/google/uuid"

	"preamp/internal/db"
)

// Purposes of codes; those of attributes have the name of the attribute behind.
const (
	purposeSignUp    = "signup"
	purposeForgot    = "forgot"
	purposeAttribute = "attribute "
)

const (
	codeLife       = 24 * time.Hour
	forgotCodeLife = time.Hour

	codeDigits   = 6
	factorDigits = 8 // of codes that are the only proof
)

// sentCode is a row of user_code.
type sentCode struct {
	purpose string
	// attribute is what receiving the code proves; value is what it gets then.
	attribute, value string
	// life is how long the code works; of one that came back, for how much longer
	// it would have.
	life time.Duration
}

// drawCode makes a code of digits, or takes the fixed one of tests.
func (s *Service) drawCode(digits int) (string, error) {
	if s.fixedCode != "" {
		return s.fixedCode, nil
	}
	return drawCode(digits)
}

// drawCode makes a code of digits.
func drawCode(digits int) (string, error) {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	n, err := rand.Int(rand.Reader, limit)
	if err != nil {
		return "", fmt.Errorf("draw code: %w", err)
	}
	return fmt.Sprintf("%0*d", digits, n), nil
}

// codeHash is what is stored of a code. A code has too few digits for a hash
// without a key.
func (p *Pool) codeHash(subject, purpose, code string) []byte {
	mac := hmac.New(sha256.New, p.secret)
	fmt.Fprintf(mac, "code\x00%s\x00%s\x00%s", subject, purpose, code)
	return mac.Sum(nil)
}

// phantom is what stands for a name without a user where users are counted: who
// asks for a name that nobody has is limited like who asks for one that somebody
// has.
func (p *Pool) phantom(name string) string {
	mac := hmac.New(sha256.New, p.secret)
	fmt.Fprintf(mac, "phantom\x00%s", p.Settings.foldName(name))
	// As long as the id of a user, whose length shows in that of a sealed Session.
	return fmt.Sprintf("?%x", mac.Sum(nil))[:len(uuid.Nil.String())]
}

// storeCode stores a code in the place of an earlier one.
func storeCode(tx *db.Tx, p *Pool, subject string, s sentCode, code string, now time.Time) error {
	_, err := tx.Exec(`INSERT INTO env.user_code (subject, purpose, pool, hash, attribute, value, expires_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (subject, purpose) DO UPDATE
		SET hash = excluded.hash, attribute = excluded.attribute, value = excluded.value, expires_ms = excluded.expires_ms`,
		subject, s.purpose, p.ID, p.codeHash(subject, s.purpose, code), s.attribute, s.value, now.Add(s.life).UnixMilli())
	if err != nil {
		return fmt.Errorf("store code: %w", err)
	}
	return nil
}

// storeDecoy stores a code that nobody knows, for who is sent none: it costs the
// same, and what comes back finds the same.
func storeDecoy(tx *db.Tx, p *Pool, subject, purpose string, life time.Duration, now time.Time) error {
	return storeCode(tx, p, subject, sentCode{purpose: purpose, life: life}, draw(32, alnum), now)
}

// checkCode judges a code that came back. It stays, for dropCode. hide answers a
// wrong code always in one way: whether there is one at all, or was, would tell
// who exists.
func checkCode(tx *db.Tx, p *Pool, subject, purpose, code string, hide bool, now time.Time) (sent sentCode, refusal, err error) {
	var hash []byte
	var expires int64
	err = tx.Row(`SELECT hash, attribute, value, expires_ms FROM env.user_code WHERE subject = $1 AND purpose = $2`,
		subject, purpose).Scan(&hash, &sent.attribute, &sent.value, &expires)
	// Hashed in any case: the time does not tell whether there is a code.
	right := hmac.Equal(hash, p.codeHash(subject, purpose, code))
	switch {
	case err != nil && !errors.Is(err, db.ErrNoRows):
		return sentCode{}, nil, fmt.Errorf("read code: %w", err)
	case !right && hide:
		return sentCode{}, wrongCode(), nil
	case err != nil || now.UnixMilli() >= expires:
		return sentCode{}, expiredCode(), nil
	case !right:
		return sentCode{}, wrongCode(), nil
	}
	sent.life = time.UnixMilli(expires).Sub(now)
	return sent, nil, nil
}

func dropCode(tx *db.Tx, subject, purpose string) error {
	if _, err := tx.Exec(`DELETE FROM env.user_code WHERE subject = $1 AND purpose = $2`, subject, purpose); err != nil {
		return fmt.Errorf("delete code: %w", err)
	}
	return nil
}

// pendingValue is the value that an attribute gets by a code that was sent, if
// there is one.
func pendingValue(q *db.Query, subject, attribute string, now time.Time) (string, error) {
	var value string
	err := q.Row(`SELECT value FROM env.user_code WHERE subject = $1 AND purpose = $2 AND expires_ms > $3`,
		subject, purposeAttribute+attribute, now.UnixMilli()).Scan(&value)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return "", fmt.Errorf("read code: %w", err)
	}
	return value, nil
}
