package userpool

import (
	"sync/atomic"
	"time"
)

// LockFor is how long n failures lock.
func LockFor(n int64) time.Duration { return lockFor(n) }

// TOTP is the code of a step.
func TOTP(secret []byte, step int64) string { return totpCode(secret, step) }

// ParseFilter reports whether a filter is one.
func ParseFilter(text string) bool {
	_, err := parseFilter(text)
	return err == nil
}

// Generate makes a temporary password; Refuses is what the policy says of one.
func (p PasswordPolicy) Generate() (string, error) { return p.generate() }

// Refuses is the rule that a password breaks.
func (p PasswordPolicy) Refuses(password string) string { return p.refuses(password) }

// Mask is how an address is shown.
func Mask(attribute, to string) string { return mask(delivery{attribute, to}) }

// Busy takes all turns for proofs until the function that it answers is called.
func Busy(s *Service) (free func()) {
	for range cap(s.proofs) {
		s.proofs <- struct{}{}
	}
	return func() {
		for range cap(s.proofs) {
			<-s.proofs
		}
	}
}

// Counted is a call whose openings of secrets are counted.
func Counted(c Call, n *atomic.Int64) Call {
	c.unseals = n
	return c
}

// Powers is how many powers the proofs of a service have cost so far.
func Powers(s *Service) int64 { return s.srp.Powers() }

// ListStatement is the statement of a page of users.
func ListStatement(text, pool string) (sql string, args []any) {
	f, err := parseFilter(text)
	if err != nil {
		panic(err)
	}
	s := Settings{}
	return f.query(&s, pool, "", maxPage+1)
}
