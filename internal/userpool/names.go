package userpool

import (
	"fmt"
	"strings"

	"preamp/internal/db"
)

// searchable are the attributes that ListUsers filters by.
var searchable = []string{attrEmail, attrPhone, "name", "given_name", "family_name", attrPreferred}

// names are what the user signs in by, in the compared form, with their kind.
func (u *User) names(s *Settings) map[string]string {
	out := map[string]string{}
	add := func(kind, value string) {
		if value != "" {
			out[s.foldName(value)] = kind
		}
	}
	if !u.external() { // what a provider says of a user is no name of theirs here
		for _, a := range []string{attrEmail, attrPhone} {
			if s.signsIn(a) || s.aliases(a) && u.verified(a) {
				add(a, u.Attributes[a])
			}
		}
		if s.aliases(attrPreferred) {
			add(attrPreferred, u.Attributes[attrPreferred])
		}
	}
	add(attrSub, u.Sub)
	add(attrUsername, u.Username)
	return out
}

// addressAlias says what kind of address a name is that could sign somebody else
// in: in the compared form, in which letters that look the same are the same.
func (s *Settings) addressAlias(name string) string {
	name = s.foldName(name)
	switch {
	case s.aliases(attrEmail) && isEmail(name):
		return "email"
	case s.aliases(attrPhone) && isPhone(name):
		return "phone number"
	}
	return ""
}

// mayPrefer refuses an address as preferred user name, which nobody proves: it
// would be taken when its owner comes.
func (s *Settings) mayPrefer(kind, name string) error {
	if word := s.addressAlias(name); kind == attrPreferred && word != "" {
		return invalid("Preferred username cannot be of %[1]s format, since user pool is configured for %[1]s alias.", word)
	}
	return nil
}

// foldSearch is the form in which values are searched: e-mail addresses do not
// differ by case, nor do user names where the pool says so.
func (s *Settings) foldSearch(attribute, value string) string {
	if attribute == attrEmail || attribute == filterEnabled || (attribute == attrUsername || attribute == attrPreferred) && !s.CaseSensitive {
		return strings.ToLower(value)
	}
	return value
}

// searches are the rows of user_search that the user has, by attribute.
func (u *User) searches(s *Settings) map[string]string {
	out := map[string]string{
		attrUsername: s.foldSearch(attrUsername, u.Username), attrSub: u.Sub,
		filterStatus: u.Status, filterEnabled: map[bool]string{true: "enabled", false: "disabled"}[u.Enabled],
	}
	for _, a := range searchable {
		if v := u.Attributes[a]; v != "" {
			out[a] = s.foldSearch(a, v)
		}
	}
	return out
}

// syncNames brings the rows of a user's names in line with the user, who may be
// fresh.
//
// Errors: UsernameExistsException, AliasExistsException for a name of another
// user.
func syncNames(tx *db.Tx, p *Pool, u *User, fresh bool) error {
	want := u.names(&p.Settings)
	had := map[string]string{}
	err := tx.Each(`SELECT value, kind FROM env.user_name WHERE user_id = $1`, []any{u.ID}, func(r db.Row) error {
		var value, kind string
		err := r.Scan(&value, &kind)
		had[value] = kind
		return err
	})
	if err != nil {
		return fmt.Errorf("read names: %w", err)
	}
	for value := range had {
		if _, ok := want[value]; ok {
			continue
		}
		if _, err := tx.Exec(`DELETE FROM env.user_name WHERE pool = $1 AND value = $2`, p.ID, value); err != nil {
			return fmt.Errorf("delete name: %w", err)
		}
	}
	// In a fixed order, so that two that want the same names do not wait for each
	// other.
	for _, value := range sortedKeys(want) {
		if _, ok := had[value]; ok {
			continue
		}
		if err := p.Settings.mayPrefer(want[value], value); err != nil {
			return err
		}
		n, err := tx.Exec(`INSERT INTO env.user_name (pool, value, kind, user_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			p.ID, value, want[value], u.ID)
		if err != nil {
			return fmt.Errorf("insert name: %w", err)
		}
		if n == 0 {
			return p.Settings.nameTaken(want[value], fresh)
		}
	}
	return syncSearch(tx, p, u)
}

// nameTaken is the answer to a name of another user. Who signs up with an address
// in the place of a user name is told about a user name.
func (s *Settings) nameTaken(kind string, fresh bool) error {
	if kind == attrUsername || kind == attrSub || fresh && s.signsIn(kind) {
		return usernameExists()
	}
	return aliasExists(kind)
}

func syncSearch(tx *db.Tx, p *Pool, u *User) error {
	want := u.searches(&p.Settings)
	had := map[string]string{}
	err := tx.Each(`SELECT name, value FROM env.user_search WHERE user_id = $1`, []any{u.ID}, func(r db.Row) error {
		var name, value string
		err := r.Scan(&name, &value)
		had[name] = value
		return err
	})
	if err != nil {
		return fmt.Errorf("read searched attributes: %w", err)
	}
	for name, value := range had {
		if want[name] == value {
			continue
		}
		if _, err := tx.Exec(`DELETE FROM env.user_search WHERE user_id = $1 AND name = $2`, u.ID, name); err != nil {
			return fmt.Errorf("delete searched attribute: %w", err)
		}
	}
	for _, name := range sortedKeys(want) {
		if had[name] == want[name] {
			continue
		}
		_, err := tx.Exec(`INSERT INTO env.user_search (pool, name, value, user_id) VALUES ($1, $2, $3, $4)`,
			p.ID, name, want[name], u.ID)
		if err != nil {
			return fmt.Errorf("insert searched attribute: %w", err)
		}
	}
	return nil
}

// holder is the user that has a name, if it is not u.
func holder(q *db.Query, c Call, p *Pool, u *User, value string) (*User, error) {
	other, err := findUser(q, c, p, value)
	if isNotFound(err) || err == nil && other.ID == u.ID {
		return nil, nil //nolint:nilnil // nobody is an answer
	}
	if err != nil {
		return nil, err
	}
	return &other, nil
}
