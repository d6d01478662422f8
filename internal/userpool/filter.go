package userpool

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"preamp/internal/db"
)

const maxFilter = 256

// filter is `attribute = "value"`, or with ^= one of values that begin so.
type filter struct {
	attribute, value string
	prefix           bool
}

var filterForm = regexp.MustCompile(`^\s*"?([A-Za-z_:]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*$`)

const (
	filterStatus  = "cognito:user_status"
	filterEnabled = "status"
)

func parseFilter(text string) (*filter, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil //nolint:nilnil // no filter is one
	}
	m := filterForm.FindStringSubmatch(text)
	if m == nil || len(text) > maxFilter || !utf8.ValidString(text) || strings.ContainsAny(m[3], "\x00\U0010ffff") {
		return nil, invalid("Error while parsing filter")
	}
	f := &filter{attribute: m[1], prefix: m[2] == "^=", value: regexp.MustCompile(`\\(.)`).ReplaceAllString(m[3], "$1")}
	known := append([]string{attrUsername, attrSub, filterStatus, filterEnabled}, searchable...)
	if !slices.Contains(known, f.attribute) {
		return nil, invalid("Invalid search attribute: %s", f.attribute)
	}
	return f, nil
}

// Users lists the users of a pool that a filter lets through: the oldest first, or
// in the order of the values that begin as a filter says.
//
// Errors: ResourceNotFoundException; InvalidParameterException for a filter,
// limit or token that is not one.
func (s *Service) Users(ctx context.Context, c Call, pool, filterText string, page Page) (list []User, next string, err error) {
	f, err := parseFilter(filterText)
	if err != nil {
		return nil, "", err
	}
	kind := "users " + pool + " " + filterText
	after, limit, err := page.open(c, kind)
	if err != nil {
		return nil, "", err
	}
	var set Settings
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		p, err := readPool(q, c.Env.Sealer, pool)
		if err != nil {
			return err
		}
		set = p.Settings
		sql, args := f.query(&set, pool, after, limit+1)
		list, err = queryUsers(q, c, sql, args...)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	list, next = cut(c, kind, list, limit, func(u User) string { return f.key(&set, &u) })
	return list, next, nil
}

// ordered reports whether the list has the order of the values: an index then ends
// it after a page, however many begin like that.
func (f *filter) ordered() bool {
	return f != nil && f.prefix
}

const keyMark = "\x00" // is in no value

// key is where a list goes on after a user.
func (f *filter) key(s *Settings, u *User) string {
	if f.ordered() {
		return u.searches(s)[f.attribute] + keyMark + u.ID
	}
	return u.ID
}

// query is the statement of a list, with the filter in it.
func (f *filter) query(s *Settings, pool, after string, limit int) (sql string, args []any) {
	const (
		plain = `SELECT ` + userColumns + ` FROM env.user_account u WHERE u.pool = $1 AND u.id > $2`
		found = `SELECT ` + userColumns + ` FROM env.user_search s JOIN env.user_account u ON u.id = s.user_id
			WHERE s.pool = $1`
		order = ` ORDER BY u.id LIMIT $3`
	)
	args = []any{pool, after, limit}
	if f == nil {
		return plain + order, args
	}
	where, args := condition("s.value", s.foldSearch(f.attribute, f.value), f.prefix, append(args, f.attribute))
	if !f.prefix {
		return found + ` AND s.name = $4` + where + ` AND s.user_id > $2 ORDER BY s.user_id LIMIT $3`, args
	}
	value, id, _ := strings.Cut(after, keyMark)
	args[1] = id
	return found + ` AND s.name = $4` + where + fmt.Sprintf(` AND (s.value, s.user_id) > ($%d, $2) ORDER BY s.value, s.user_id LIMIT $3`, len(args)+1),
		append(args, value)
}

// condition adds the condition on a column. A prefix is a range, which an index
// serves: no stored value has U+10FFFF, so that every value with the prefix is
// below the prefix with it.
func condition(column, value string, prefix bool, args []any) (where string, all []any) {
	n := len(args) + 1
	if !prefix {
		return fmt.Sprintf(" AND %s = $%d", column, n), append(args, value)
	}
	return fmt.Sprintf(" AND %s >= $%d AND %s < $%d", column, n, column, n+1), append(args, value, value+"\U0010ffff")
}

func queryUsers(q *db.Query, c Call, sql string, args ...any) ([]User, error) {
	list := []User{}
	err := q.Each(sql, args, func(r db.Row) error {
		u, err := scanUser(r, c)
		list = append(list, u)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return list, nil
}
