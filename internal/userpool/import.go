package userpool

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"preamp/internal/db"
	"preamp/internal/errs"
	"preamp/internal/keys"
)

// MaxImport is how many users one call of Import takes: a batch holds up the other
// writers of its environment.
const MaxImport = 200

// ImportUser is a user of another system.
type ImportUser struct {
	Username   string
	Attributes map[string]string
	Groups     []string
	Disabled   bool
	// Status is empty, CONFIRMED, UNCONFIRMED, RESET_REQUIRED or
	// FORCE_CHANGE_PASSWORD. Without a hash it is RESET_REQUIRED in the end.
	Status string
	// Hash is the hash of the password, as CheckHash wants it, or empty.
	Hash keys.Secret
	// SMS turns codes by SMS on as second factor.
	SMS bool
}

// Imported is what became of a user of an import: stored, there already, or
// refused for a field.
type Imported struct {
	Exists  bool
	Field   string // empty unless the user is refused
	Message string
}

// errTaken says that a name was taken while a batch was being written.
var errTaken = errors.New("userpool: a name was taken meanwhile")

// Import stores users, or judges only whether it could. Nothing is written of a
// user that is refused, and a user that exists stays as it is: doing it again does
// what is left. The answer has the order of the list.
//
// Errors: ResourceNotFoundException; nothing of the list is stored then.
func (s *Service) Import(ctx context.Context, c Call, pool string, list []ImportUser, dry bool) ([]Imported, error) {
	if len(list) > MaxImport {
		return nil, fmt.Errorf("import of %d users at once; at most %d", len(list), MaxImport)
	}
	p, err := s.Pool(ctx, c, pool)
	if err != nil {
		return nil, err
	}
	b := newBatch(c, &p, list)
	if dry {
		return b.out, c.Env.DB.Read(ctx, func(q *db.Query) error { return b.match(q) })
	}
	for range 5 {
		err = c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
			if err := holdPool(tx, pool); err != nil {
				return err
			}
			if err := b.match(tx.Query()); err != nil {
				return err
			}
			return b.write(tx)
		})
		if !errors.Is(err, errTaken) {
			return b.out, err
		}
	}
	return nil, err
}

// batch is the users of one transaction.
type batch struct {
	c      Call
	pool   *Pool
	schema map[string]Attribute
	in     []ImportUser
	users  []*User // nil for those that are refused
	judged []Imported
	out    []Imported // judged, and what the store says
}

func newBatch(c Call, p *Pool, list []ImportUser) *batch {
	b := &batch{c: c, pool: p, schema: p.Settings.Schema(), in: list, users: make([]*User, len(list)), judged: make([]Imported, len(list))}
	for i := range list {
		u, field, err := b.judge(&list[i])
		if err != nil {
			b.judged[i] = Imported{Field: field, Message: strings.TrimSpace(errs.Public(err).Message)}
			continue
		}
		b.users[i] = u
	}
	b.out = slices.Clone(b.judged)
	return b
}

// judge makes a user of a row, or says which field is wrong.
func (b *batch) judge(in *ImportUser) (u *User, field string, err error) {
	attributes := maps.Clone(in.Attributes)
	for _, name := range sortedKeys(attributes) {
		a, known := b.schema[name]
		switch {
		case !known:
			return nil, name, invalid("Attribute does not exist in the schema.")
		case name == attrSub:
			return nil, name, invalid("The pool gives it; it cannot be imported.")
		}
		if lower := strings.ToLower(attributes[name]); a.Type == TypeBoolean && (lower == "true" || lower == "false") {
			attributes[name] = lower
		}
		if why := a.refuses(attributes[name]); why != "" {
			return nil, name, invalid("%s", why)
		}
		if attributes[name] == "" {
			delete(attributes, name)
		}
	}
	switch {
	case attributes[attrEmail] != "" && !isEmail(attributes[attrEmail]):
		return nil, attrEmail, invalid("Invalid email address format.")
	case attributes[attrPhone] != "" && !isPhone(attributes[attrPhone]):
		return nil, attrPhone, invalid("Invalid phone number format.")
	}
	if u, err = prepare(b.c, b.pool, in.Username, attributes); err != nil {
		return nil, attrUsername, err
	}
	for value, kind := range u.names(&b.pool.Settings) {
		if err := b.pool.Settings.mayPrefer(kind, value); err != nil {
			return nil, attrPreferred, err
		}
	}
	for _, a := range []string{attrEmail, attrPhone} {
		if u.Attributes[a] == "" && u.Attributes[a+"_verified"] == "true" {
			return nil, a + "_verified", invalid("There is no %s.", a)
		}
	}
	for _, name := range sortedKeys(b.schema) {
		if b.schema[name].Required && name != attrSub && u.Attributes[name] == "" {
			return nil, name, invalid("The attribute is required")
		}
	}
	u.Enabled = !in.Disabled
	if in.SMS && u.Attributes[attrPhone] == "" {
		return nil, "cognito:mfa_enabled", invalid("There is no %s.", attrPhone)
	}
	u.MFA.SMS = in.SMS
	if len(in.Groups) > maxUserGroups {
		return nil, "groups", invalid("A user is in at most %d groups.", maxUserGroups)
	}
	for _, g := range in.Groups {
		if !groupForm.MatchString(g) {
			return nil, "groups", invalid("%q is not the name of a group.", g)
		}
	}
	field, err = in.setState(u)
	return u, field, err
}

// setState decides how the user signs in the first time.
func (in *ImportUser) setState(u *User) (field string, err error) {
	if in.Status != "" {
		if err := oneOf("status", []string{in.Status}, []string{StatusConfirmed, StatusUnconfirmed, StatusReset, StatusForceChange}); err != nil {
			return "status", err
		}
	}
	if !in.Hash.Empty() {
		if err := CheckHash(in.Hash.Reveal()); err != nil {
			return "password_hash", invalid("%s", err)
		}
		u.hash = in.Hash.Bytes()
		if u.Status = in.Status; u.Status == "" {
			u.Status = StatusConfirmed
		}
		return "", nil
	}
	u.Status = StatusReset
	if in.Status == StatusUnconfirmed {
		return "status", invalid("A user without a password hash cannot be %s.", StatusUnconfirmed)
	}
	// The code of a new password has to go somewhere.
	if !u.verified(attrEmail) && !u.verified(attrPhone) {
		return "email_verified", invalid("A user without a password hash needs a verified email or phone_number.")
	}
	return "", nil
}

// match finds out who exists already, and which groups do. It may run again.
func (b *batch) match(q *db.Query) error {
	copy(b.out, b.judged)
	if _, err := readPool(q, b.c.Env.Sealer, b.pool.ID); err != nil { // it may be gone by now
		return err
	}
	owner, err := b.owners(q)
	if err != nil {
		return err
	}
	groups, err := b.groups(q)
	if err != nil {
		return err
	}
	s := &b.pool.Settings
	for i, u := range b.users {
		if u == nil {
			continue
		}
		switch kind := owner[s.foldName(b.in[i].Username)]; {
		case kind == attrUsername || kind == attrSub || s.signsIn(kind):
			b.out[i].Exists = true
			continue
		case kind != "": // an alias of somebody else
			b.out[i].Field, b.out[i].Message = attrUsername, errs.Public(usernameExists()).Message
			continue
		}
		names := u.names(s)
		for _, value := range sortedKeys(names) {
			if owner[value] != "" {
				b.out[i].Field, b.out[i].Message = names[value], errs.Public(aliasExists(names[value])).Message
			}
		}
		for _, g := range b.in[i].Groups {
			if !groups[g] {
				b.out[i].Field, b.out[i].Message = "groups", fmt.Sprintf("There is no group %q.", g)
			}
		}
		if b.out[i].Field != "" {
			continue
		}
		maps.Copy(owner, names)
	}
	return nil
}

// owners answers which names of the batch somebody has, with their kinds.
func (b *batch) owners(q *db.Query) (map[string]string, error) {
	var all []string
	for _, u := range b.users {
		if u != nil {
			all = slices.AppendSeq(all, maps.Keys(u.names(&b.pool.Settings)))
		}
	}
	out := map[string]string{}
	const find = `SELECT n.kind FROM env.user_name n WHERE n.pool = $1 AND n.value = v.column1`
	err := lookUp(q, find, b.pool.ID, all, func(value, kind string) { out[value] = kind })
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	return out, nil
}

// groups answers which groups of the batch there are.
func (b *batch) groups(q *db.Query) (map[string]bool, error) {
	wanted, out := map[string]bool{}, map[string]bool{}
	for i, u := range b.users {
		if u != nil {
			for _, g := range b.in[i].Groups {
				wanted[g] = true
			}
		}
	}
	const find = `SELECT g.name FROM env.user_group g WHERE g.pool = $1 AND g.name = v.column1`
	err := lookUp(q, find, b.pool.ID, sortedKeys(wanted), func(name, _ string) { out[name] = true })
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	return out, nil
}

// write stores the users that match let through.
func (b *batch) write(tx *db.Tx) error {
	var accounts, names, searches, members [][]any
	s := &b.pool.Settings
	for i, u := range b.users {
		if u == nil || b.out[i] != (Imported{}) {
			continue
		}
		attributes, mfa, err := u.texts()
		if err != nil {
			return err
		}
		var hash []byte
		if u.hash != nil {
			hash = b.c.Env.Sealer.Seal(sealPlace(placeHash, u.ID), u.hash)
		}
		accounts = append(accounts, []any{
			u.ID, u.Pool, u.Username, u.Sub, u.Status, flag(u.Enabled), attributes, hash, mfa, int64(0), u.Created.UnixMilli(), u.Changed.UnixMilli(),
		})
		for value, kind := range u.names(s) {
			names = append(names, []any{b.pool.ID, value, kind, u.ID})
		}
		for name, value := range u.searches(s) {
			searches = append(searches, []any{b.pool.ID, name, value, u.ID})
		}
		for _, g := range slices.Compact(slices.Sorted(slices.Values(b.in[i].Groups))) {
			members = append(members, []any{b.pool.ID, g, u.ID, u.Created.UnixMilli()})
		}
	}
	// In a fixed order, so that two imports do not wait for each other.
	slices.SortFunc(names, func(x, y []any) int { return strings.Compare(x[1].(string), y[1].(string)) })
	n, err := insertRows(tx, `env.user_name (pool, value, kind, user_id)`, ` ON CONFLICT DO NOTHING`, names)
	if err != nil {
		return err
	}
	if n != int64(len(names)) {
		return errTaken
	}
	for _, t := range []struct {
		into string
		rows [][]any
	}{
		{`env.user_account (id, pool, username, sub, status, enabled, attributes, hash_sealed, mfa, totp_step, created_ms, changed_ms)`, accounts},
		{`env.user_search (pool, name, value, user_id)`, searches},
		{`env.user_member (pool, group_name, user_id, created_ms)`, members},
	} {
		if _, err := insertRows(tx, t.into, "", t.rows); err != nil {
			return err
		}
	}
	return nil
}
