package userpool

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
	"preamp/internal/userpool/srp"
)

// States of a user.
const (
	StatusUnconfirmed = "UNCONFIRMED"
	StatusConfirmed   = "CONFIRMED"
	StatusReset       = "RESET_REQUIRED"
	StatusForceChange = "FORCE_CHANGE_PASSWORD"
	StatusExternal    = "EXTERNAL_PROVIDER"
)

// User is a user of a pool.
type User struct {
	ID, Pool, Username, Sub, Status string
	Enabled                         bool
	// Attributes have no sub.
	Attributes       map[string]string
	MFA              UserMFA
	Created, Changed time.Time

	salt, verifier []byte // nil without a password
	// hash is of another system, in the place of a verifier, for imported users who
	// have not signed in by their password yet.
	hash        []byte
	passwordEnd *int64
	totp        []byte // the secret of the software token, if the user has one
	totpNew     []byte
	totpStep    int64
	identities  []identity // accounts at providers
}

// UserMFA are the second factors that a user has chosen.
type UserMFA struct {
	SMS, TOTP, Email bool
	// Preferred is SMS_MFA, SOFTWARE_TOKEN_MFA, EMAIL_OTP or nothing.
	Preferred string
	// Device is the friendly name of the software token.
	Device string
}

// Settings are the factors that are on, as in UserMFASettingList.
func (m UserMFA) Settings() []string {
	var out []string
	for _, f := range []struct {
		on   bool
		name string
	}{{m.SMS, challengeSMSMFA}, {m.TOTP, challengeTOTP}, {m.Email, challengeEmailOTP}} {
		if f.on {
			out = append(out, f.name)
		}
	}
	return out
}

// All are the attributes with sub, as the API shows them.
func (u *User) All() map[string]string {
	out := maps.Clone(u.Attributes)
	if out == nil {
		out = map[string]string{}
	}
	out[attrSub] = u.Sub
	if len(u.identities) > 0 {
		out["identities"] = identitiesText(u.identities)
	}
	return out
}

// verified reports whether an e-mail address or phone number was proved.
func (u *User) verified(attribute string) bool {
	return u.Attributes[attribute] != "" && u.Attributes[attribute+"_verified"] == "true"
}

// hasPassword reports whether there is a password that signs the user in.
func (u *User) hasPassword() bool { return u.verifier != nil || u.hash != nil }

// identity is what the password belongs to. Clients are told it before they prove
// anything, so that it has the compared form of the name: the form in which the
// user has written it would tell that there is one.
func (u *User) identity(s *Settings) srp.Identity {
	return srp.Identity{Pool: srp.PoolName(u.Pool), User: s.foldName(u.Username)}
}

const userColumns = `u.id, u.pool, u.username, u.sub, u.status, u.enabled, u.attributes, u.salt_sealed, u.verifier_sealed, u.hash_sealed,
	u.password_end_ms, u.mfa, u.totp_sealed, u.totp_new_sealed, u.totp_step, u.identities, u.created_ms, u.changed_ms`

func scanUser(r db.Row, call Call) (User, error) {
	var u User
	var enabled, created, changed int64
	var attributes, mfa, identities string
	var salt, verifier, hash, totp, totpNew []byte
	err := r.Scan(&u.ID, &u.Pool, &u.Username, &u.Sub, &u.Status, &enabled, &attributes, &salt, &verifier, &hash,
		&u.passwordEnd, &mfa, &totp, &totpNew, &u.totpStep, &identities, &created, &changed)
	if err != nil {
		return User{}, err
	}
	u.Enabled, u.Created, u.Changed = enabled == 1, time.UnixMilli(created), time.UnixMilli(changed)
	if err := json.Unmarshal([]byte(attributes), &u.Attributes); err != nil {
		return User{}, fmt.Errorf("decode attributes: %w", err)
	}
	if err := json.Unmarshal([]byte(mfa), &u.MFA); err != nil {
		return User{}, fmt.Errorf("decode second factors: %w", err)
	}
	if err := json.Unmarshal([]byte(identities), &u.identities); err != nil {
		return User{}, fmt.Errorf("decode identities: %w", err)
	}
	for _, c := range []struct {
		place  string
		sealed []byte
		to     *[]byte
	}{
		{placeSalt, salt, &u.salt},
		{placeVerifier, verifier, &u.verifier},
		{placeHash, hash, &u.hash},
		{placeTOTP, totp, &u.totp},
		{placeNewTOTP, totpNew, &u.totpNew},
	} {
		if c.sealed == nil {
			continue
		}
		if *c.to, err = call.unseal(sealPlace(c.place, u.ID), c.sealed); err != nil {
			return User{}, err
		}
	}
	return u, nil
}

// findUser answers the user of a name, whatever kind of name it is.
//
// Errors: UserNotFoundException.
func findUser(q *db.Query, c Call, p *Pool, name string) (User, error) {
	if !storable(name) {
		return User{}, noUser()
	}
	u, err := scanUser(q.Row(`SELECT `+userColumns+` FROM env.user_name n JOIN env.user_account u ON u.id = n.user_id
		WHERE n.pool = $1 AND n.value = $2`, p.ID, p.Settings.foldName(name)), c)
	if errors.Is(err, db.ErrNoRows) {
		return User{}, noUser()
	}
	if err != nil {
		return User{}, fmt.Errorf("read user: %w", err)
	}
	return u, nil
}

// readUser answers the user of a row.
//
// Errors: UserNotFoundException.
func readUser(q *db.Query, c Call, id string) (User, error) {
	u, err := scanUser(q.Row(`SELECT `+userColumns+` FROM env.user_account u WHERE u.id = $1`, id), c)
	if errors.Is(err, db.ErrNoRows) {
		return User{}, noUser()
	}
	if err != nil {
		return User{}, fmt.Errorf("read user: %w", err)
	}
	return u, nil
}

// lockStatement locks and reads at once. SQLite takes no alias in RETURNING.
var lockStatement = `UPDATE env.user_account SET changed_ms = changed_ms WHERE id = $1 RETURNING ` + strings.ReplaceAll(userColumns, "u.", "")

// lockUser makes others that change the user wait for this transaction, and
// answers the user as they left it.
func lockUser(tx *db.Tx, c Call, id string) (User, error) {
	u, err := scanUser(tx.Row(lockStatement, id), c)
	if errors.Is(err, db.ErrNoRows) {
		return User{}, noUser()
	}
	if err != nil {
		return User{}, fmt.Errorf("lock user: %w", err)
	}
	return u, nil
}

var usernameForm = regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128}$`)

// newUser is a user with its identifiers, not stored yet.
func newUser(pool, username string, now time.Time) (*User, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make user id: %w", err)
	}
	u := &User{
		ID: id.String(), Pool: pool, Username: username, Sub: uuid.NewString(), Enabled: true,
		Attributes: map[string]string{}, Created: now, Changed: now,
	}
	if username == "" {
		u.Username = u.Sub
	}
	return u, nil
}

// insertUser stores a new user with its names.
//
// Errors: UsernameExistsException, AliasExistsException,
// ResourceNotFoundException.
func insertUser(tx *db.Tx, c Call, p *Pool, u *User) error {
	if err := holdPool(tx, p.ID); err != nil { // it may be gone by now
		return err
	}
	attributes, mfa, err := u.texts()
	if err != nil {
		return err
	}
	salt, verifier := sealPassword(c.Env.Sealer, u)
	_, err = tx.Exec(`INSERT INTO env.user_account (id, pool, username, sub, status, enabled, attributes, salt_sealed, verifier_sealed,
			password_end_ms, mfa, totp_step, identities, created_ms, changed_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13, $14)`,
		u.ID, u.Pool, u.Username, u.Sub, u.Status, flag(u.Enabled), attributes, salt, verifier, u.passwordEnd, mfa,
		identitiesText(u.identities), u.Created.UnixMilli(), u.Changed.UnixMilli())
	if err != nil {
		return fmt.Errorf("insert user: %w", err)
	}
	return syncNames(tx, p, u, true)
}

func (u *User) texts() (attributes, mfa string, err error) {
	for name, v := range u.Attributes {
		if v == "" {
			delete(u.Attributes, name)
		}
	}
	if attributes, err = encodeSettings(u.Attributes); err != nil {
		return "", "", err
	}
	mfa, err = encodeSettings(u.MFA)
	return attributes, mfa, err
}

func sealPassword(s *keys.Sealer, u *User) (salt, verifier []byte) {
	if u.verifier == nil {
		return nil, nil
	}
	return s.Seal(sealPlace(placeSalt, u.ID), u.salt), s.Seal(sealPlace(placeVerifier, u.ID), u.verifier)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// saveUser stores state, attributes and second factors of a user that was locked.
//
// Errors: AliasExistsException.
func saveUser(tx *db.Tx, c Call, p *Pool, u *User) error {
	u.Changed = c.now()
	attributes, mfa, err := u.texts()
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE env.user_account SET status = $2, enabled = $3, attributes = $4, mfa = $5, changed_ms = $6 WHERE id = $1`,
		u.ID, u.Status, flag(u.Enabled), attributes, mfa, u.Changed.UnixMilli())
	if err != nil {
		return fmt.Errorf("update user: %w", err)
	}
	return syncNames(tx, p, u, false)
}

// savePassword stores the password that was put into u, and keeps the one before
// for the history.
func savePassword(tx *db.Tx, c Call, p *Pool, u *User, before User) error {
	salt, verifier := sealPassword(c.Env.Sealer, u)
	_, err := tx.Exec(`UPDATE env.user_account SET salt_sealed = $2, verifier_sealed = $3, hash_sealed = NULL, password_end_ms = $4 WHERE id = $1`,
		u.ID, salt, verifier, u.passwordEnd)
	if err != nil {
		return fmt.Errorf("update password: %w", err)
	}
	keep := p.Settings.Password.History - 1 // the present one counts too
	if before.verifier != nil && keep > 0 {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("make id: %w", err)
		}
		_, err = tx.Exec(`INSERT INTO env.user_password (id, user_id, salt_sealed, verifier_sealed) VALUES ($1, $2, $3, $4)`,
			id.String(), u.ID, c.Env.Sealer.Seal(sealPlace(placeOldSalt, id.String()), before.salt),
			c.Env.Sealer.Seal(sealPlace(placeOldVerifier, id.String()), before.verifier))
		if err != nil {
			return fmt.Errorf("keep password: %w", err)
		}
	}
	_, err = tx.Exec(`DELETE FROM env.user_password WHERE user_id = $1 AND id NOT IN (
		SELECT id FROM env.user_password WHERE user_id = $1 ORDER BY id DESC LIMIT $2)`, u.ID, max(keep, 0))
	if err != nil {
		return fmt.Errorf("forget old passwords: %w", err)
	}
	return nil
}

// removeUser deletes a user with everything that is theirs but the sessions.
func removeUser(tx *db.Tx, id string) error {
	for _, statement := range []string{
		`DELETE FROM env.user_name WHERE user_id = $1`, `DELETE FROM env.user_search WHERE user_id = $1`,
		`DELETE FROM env.user_member WHERE user_id = $1`, `DELETE FROM env.user_code WHERE subject = $1`,
		`DELETE FROM env.user_attempt WHERE subject = $1`, `DELETE FROM env.user_password WHERE user_id = $1`,
		`DELETE FROM env.user_identity WHERE user_id = $1`,
		`DELETE FROM env.user_account WHERE id = $1`,
	} {
		if _, err := tx.Exec(statement, id); err != nil {
			return fmt.Errorf("delete user: %w", err)
		}
	}
	return nil
}

// checkHistory refuses a password that the user had before.
func (s *Service) checkHistory(q *db.Query, c Call, p *Pool, u *User, password string) error {
	if p.Settings.Password.History == 0 {
		return nil
	}
	type old struct {
		id             string
		salt, verifier []byte
	}
	var list []old
	err := q.Each(`SELECT id, salt_sealed, verifier_sealed FROM env.user_password WHERE user_id = $1 ORDER BY id DESC LIMIT $2`,
		[]any{u.ID, p.Settings.Password.History - 1}, func(r db.Row) error {
			var o old
			if err := r.Scan(&o.id, &o.salt, &o.verifier); err != nil {
				return err
			}
			var err error
			if o.salt, err = c.Env.Sealer.Open(sealPlace(placeOldSalt, o.id), o.salt); err != nil {
				return err
			}
			o.verifier, err = c.Env.Sealer.Open(sealPlace(placeOldVerifier, o.id), o.verifier)
			list = append(list, o)
			return err
		})
	if err != nil {
		return fmt.Errorf("read old passwords: %w", err)
	}
	if u.verifier != nil {
		list = append(list, old{salt: u.salt, verifier: u.verifier})
	}
	if slices.ContainsFunc(list, func(o old) bool { return s.srp.CheckPassword(u.identity(&p.Settings), password, o.salt, o.verifier) }) {
		return fail(errs.Invalid, codePasswordHistory, "Password has previously been used.")
	}
	return nil
}
