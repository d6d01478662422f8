package userpool

import (
	"errors"
	"fmt"
	"time"

	"preamp/internal/db"
)

// The lockout (cognito developer guide, "Lockout behavior for failed sign-in
// attempts"): from the fifth failure on, n failures lock for 2^(n-5) seconds, at
// most 15 minutes; 15 minutes without an attempt forget them.
const (
	freeFailures = 5
	maxLock      = 15 * time.Minute
	forgetAfter  = 15 * time.Minute
)

// Kinds of attempts.
const (
	lockPassword = "password"
	lockFactor   = "mfa"
	// lockFirstCode is for codes that are the only proof: anybody can ask for one and
	// fail, and must not keep a user's second factor locked by it.
	lockFirstCode = "otp"

	callConfirmSignUp  = "ConfirmSignUp"
	callResend         = "ResendConfirmationCode"
	callForgot         = "ForgotPassword"
	callConfirmForgot  = "ConfirmForgotPassword"
	callChangePassword = "ChangePassword"
	callAttributeCode  = "GetUserAttributeVerificationCode"
	callVerify         = "VerifyUserAttribute"
	// callFactor is no operation: it counts the codes that are sent at sign-in.
	callFactor = "sign-in code"
)

// hourly is how many calls of an operation a user has per hour.
func hourly(kind string) int64 {
	switch kind {
	case callConfirmSignUp, callVerify:
		return 15
	case callConfirmForgot:
		return 10 // of 5 to 20
	case callForgot:
		return 20
	case callFactor:
		return 30
	}
	return 5
}

// lockFor is how long n failures lock.
func lockFor(n int64) time.Duration {
	if n < freeFailures {
		return 0
	}
	if n-freeFailures >= 10 { // 2^10 s are over the most
		return maxLock
	}
	return min(maxLock, time.Second<<(n-freeFailures))
}

// attempt is a row of user_attempt.
type attempt struct{ count, since, last int64 }

const attemptQuery = `SELECT count, since_ms, last_ms FROM env.user_attempt WHERE subject = $1 AND kind = $2`

func scanAttempt(r db.Row) (attempt, error) {
	var a attempt
	err := r.Scan(&a.count, &a.since, &a.last)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return attempt{}, fmt.Errorf("read attempts: %w", err)
	}
	return a, nil
}

func readAttempt(q *db.Query, subject, kind string) (attempt, error) {
	return scanAttempt(q.Row(attemptQuery, subject, kind))
}

// failures are those that count at a time, and whether they lock.
func (a attempt) failures(now time.Time) (n int64, locked bool) {
	if now.UnixMilli()-a.last >= forgetAfter.Milliseconds() {
		return 0, false
	}
	return a.count, now.UnixMilli() < a.since+lockFor(a.count).Milliseconds()
}

// holdAttempt makes others wait that count for the same subject, until the
// transaction is over, and answers what they left.
func holdAttempt(tx *db.Tx, pool, subject, kind string, now time.Time) (attempt, error) {
	_, err := tx.Exec(`INSERT INTO env.user_attempt (subject, kind, pool, count, since_ms, last_ms, expires_ms)
		VALUES ($1, $2, $3, 0, 0, 0, $4) ON CONFLICT (subject, kind) DO UPDATE SET count = user_attempt.count`,
		subject, kind, pool, now.UnixMilli())
	if err != nil {
		return attempt{}, fmt.Errorf("hold attempts: %w", err)
	}
	return readAttempt(tx.Query(), subject, kind)
}

func writeAttempt(tx *db.Tx, subject, kind string, a attempt, keep time.Duration) error {
	_, err := tx.Exec(`UPDATE env.user_attempt SET count = $3, since_ms = $4, last_ms = $5, expires_ms = $6
		WHERE subject = $1 AND kind = $2`, subject, kind, a.count, a.since, a.last, a.last+keep.Milliseconds())
	if err != nil {
		return fmt.Errorf("count attempts: %w", err)
	}
	return nil
}

// countProof counts the outcome of a proof that was judged outside of the
// transaction. It reports whether the attempt is refused unjudged: others may have
// failed since, and then even a right proof is refused, so that parallel attempts
// learn no more than the same ones in a row.
func countProof(tx *db.Tx, pool, subject, kind string, right bool, now time.Time) (refused bool, err error) {
	if right {
		// The common case writes nothing when nothing has failed.
		a, err := readAttempt(tx.Query(), subject, kind)
		if err != nil || a.count == 0 {
			return false, err
		}
	}
	a, err := holdAttempt(tx, pool, subject, kind, now)
	if err != nil {
		return false, err
	}
	n, isLocked := a.failures(now)
	a.last = now.UnixMilli()
	switch {
	case isLocked: // not counted, and the lock is not longer; but it is an attempt
	case right:
		n = 0
	default:
		n++
		a.since = now.UnixMilli()
	}
	a.count = n
	return isLocked, writeAttempt(tx, subject, kind, a, forgetAfter)
}

// countCall counts a call of an operation that has a number of them per hour, and
// refuses those beyond, which are not counted.
func countCall(tx *db.Tx, pool, subject, kind string, now time.Time) (refusal, err error) {
	a, err := holdAttempt(tx, pool, subject, kind, now)
	if err != nil {
		return nil, err
	}
	if a.since == 0 || now.UnixMilli()-a.since >= time.Hour.Milliseconds() {
		a = attempt{since: now.UnixMilli()}
	}
	if a.count >= hourly(kind) {
		return attemptLimit(), nil
	}
	a.count++
	a.last = a.since
	return nil, writeAttempt(tx, subject, kind, a, time.Hour)
}

// countCode counts a code that is sent at sign-in. Beyond the hour's number it is
// an error, so that what was begun with it is undone.
func countCode(tx *db.Tx, pool, subject string, c Call) error {
	refusal, err := countCall(tx, pool, subject, callFactor, c.now())
	if err != nil {
		return err
	}
	return refusal
}

// forget takes away what was counted.
func forget(tx *db.Tx, subject, kind string) error {
	if _, err := tx.Exec(`DELETE FROM env.user_attempt WHERE subject = $1 AND kind = $2`, subject, kind); err != nil {
		return fmt.Errorf("forget attempts: %w", err)
	}
	return nil
}
