package userpool

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"preamp/internal/db"
)

// Challenges, and what else a Session can be for.
const (
	challengePasswordVerifier = "PASSWORD_VERIFIER"
	challengeSelect           = "SELECT_CHALLENGE"
	challengeEmailOTP         = "EMAIL_OTP"
	challengeSMSOTP           = "SMS_OTP"
	challengeSMSMFA           = "SMS_MFA"
	challengeTOTP             = "SOFTWARE_TOKEN_MFA"
	challengeSelectMFA        = "SELECT_MFA_TYPE"
	challengeSetup            = "MFA_SETUP"
	challengeNewPassword      = "NEW_PASSWORD_REQUIRED"

	factorPassword    = "PASSWORD"
	factorPasswordSRP = "PASSWORD_SRP"

	sessionSignUp    = "SIGN_UP"
	sessionConfirmed = "CONFIRMED"
)

// session is what a Session carries, sealed.
type session struct {
	ID      string `json:"i"`
	Client  string `json:"c"`
	Subject string `json:"u"` // the user, or what stands for nobody
	For     string `json:"f"` // the challenge
	Expires int64  `json:"e"`
	// Data is what the challenge needs: the hash of a code, what can be chosen.
	Data map[string]string `json:"d,omitempty"`
}

const sessionKind = "userpool session"

// newSession makes the Session of a challenge.
func (s *Service) newSession(c Call, client *Client, subject, challenge string, data map[string]string) string {
	return makeSession(c, client, uuid.NewString(), subject, challenge, data)
}

func makeSession(c Call, client *Client, id, subject, challenge string, data map[string]string) string {
	expires := c.now().Add(time.Duration(client.Settings.AuthSession) * time.Minute)
	b, err := json.Marshal(session{
		ID: id, Client: client.ID, Subject: subject, For: challenge, Expires: expires.UnixMilli(), Data: data,
	})
	if err != nil {
		panic("userpool: a session of texts does not encode: " + err.Error())
	}
	return client.ID + sessionMark + c.Env.Sealer.SealToken(sessionKind, b, expires)
}

// sessionMark is between the client of a Session and what is sealed.
const sessionMark = "."

// SessionClient is the app client that a Session claims to be of. It says where
// to look for the keys to open it with, and nothing else: operations on software
// tokens come with a Session alone.
//
// Errors: NotAuthorizedException.
func SessionClient(text string) (string, error) {
	client, _, ok := strings.Cut(text, sessionMark)
	if !ok || !clientForm.MatchString(client) {
		return "", errSession()
	}
	return client, nil
}

func errSession() error { return notAuthorized("Invalid session for the user.") }

// errSessionExpired is one value, so that it is known again.
var errSessionExpired = notAuthorized("Invalid session for the user, session is expired.")

func errSessionUsed() error {
	return notAuthorized("Invalid session for the user, session can only be used once.")
}

// openSession reads the Session of a challenge of a client; an empty challenge
// takes any. Whether it was used is in the database.
func openSession(c Call, client, text, challenge string) (session, error) {
	claimed, sealed, _ := strings.Cut(text, sessionMark)
	// With the beginning of time as the present, so that what has expired is told
	// from what is forged.
	b, err := c.Env.Sealer.OpenToken(sessionKind, sealed, time.UnixMilli(0))
	if err != nil {
		return session{}, errSession()
	}
	var out session
	if err := json.Unmarshal(b, &out); err != nil {
		return session{}, fmt.Errorf("decode session: %w", err)
	}
	switch {
	case out.Client != claimed, client != "" && out.Client != client, challenge != "" && out.For != challenge:
		return session{}, errSession()
	case c.now().UnixMilli() >= out.Expires:
		return session{}, errSessionExpired
	}
	return out, nil
}

// dataPassword marks the Session of a step behind a password.
const dataPassword = "w"

// passwordMark stands for the password that a user has at the moment.
func (p *Pool) passwordMark(u *User) string {
	if u.verifier == nil {
		return ""
	}
	mac := hmac.New(sha256.New, p.secret)
	fmt.Fprintf(mac, "password\x00%s\x00", u.ID)
	mac.Write(u.verifier)
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// stands reports whether the user still has the password by which a Session was
// reached: what was begun with a password ends with it.
func (in *session) stands(p *Pool, u *User) bool {
	mark := in.Data[dataPassword]
	return mark == "" || mark == p.passwordMark(u)
}

// claim uses up what can be used once. It reports false when it was used.
func claim(tx *db.Tx, pool, id string, expires int64) (bool, error) {
	n, err := tx.Exec(`INSERT INTO env.user_used (id, pool, expires_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		id, pool, expires)
	if err != nil {
		return false, fmt.Errorf("use session: %w", err)
	}
	return n == 1, nil
}

// wasUsed reports whether something was used, without using it.
func wasUsed(q *db.Query, id string) (bool, error) {
	var one int64
	err := q.Row(`SELECT 1 FROM env.user_used WHERE id = $1`, id).Scan(&one)
	if errors.Is(err, db.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// claimSession uses up a Session.
func claimSession(tx *db.Tx, pool string, in session) (refusal, err error) {
	ok, err := claim(tx, pool, in.ID, in.Expires)
	if err == nil && !ok {
		refusal = errSessionUsed()
	}
	return refusal, err
}

// useSession opens and uses up a Session of a user.
func (s *Service) useSession(tx *db.Tx, c Call, client *Client, u *User, text, challenge string) (refusal, err error) {
	in, err := openSession(c, client.ID, text, challenge)
	if err != nil {
		return err, nil
	}
	if in.Subject != u.ID {
		return errSession(), nil
	}
	return claimSession(tx, client.Pool, in)
}
