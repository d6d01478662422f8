package userpool

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"
)

// Software tokens: RFC 6238 with SHA-1, 6 digits and steps of 30 s, which is all
// that authenticator apps have in common.
const (
	totpStep   = 30 * time.Second
	totpSecret = 20 // bytes, as RFC 4226 advises: 32 characters
	totpSkew   = 1  // steps each way
)

func newTOTP() []byte {
	b := make([]byte, totpSecret)
	_, _ = rand.Read(b) // never fails
	return b
}

// totpText is a secret as users type it.
func totpText(secret []byte) string { return base32.StdEncoding.EncodeToString(secret) }

// totpCode is the code of a step (RFC 4226, section 5.3).
func totpCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, uint64(step)) // a hash takes everything
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// matchTOTP answers the step whose code it is, among those near the present that
// come after the last one that was used: no code works twice (RFC 6238, section
// 5.2).
func matchTOTP(secret []byte, code string, last int64, now time.Time) (step int64, ok bool) {
	present := now.Unix() / int64(totpStep/time.Second)
	for s := present - totpSkew; s <= present+totpSkew; s++ {
		if hmac.Equal([]byte(totpCode(secret, s)), []byte(code)) && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}
