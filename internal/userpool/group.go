package userpool

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"preamp/internal/db"
	"preamp/internal/errs"
)

const (
	maxGroups     = 10_000
	maxUserGroups = 100
	maxText       = 2048
)

// Group is a group of users.
type Group struct {
	Pool, Name, Description, Role string
	// Precedence orders the groups of a user, the lowest first; nil is behind all.
	Precedence       *int64
	Created, Changed time.Time
}

var (
	groupForm = regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128}$`)
	roleForm  = regexp.MustCompile(`^arn:[\w+=/,.@-]+:[\w+=/,.@-]+:([\w+=/,.@-]*)?:[0-9]+:[\w+=/,.@-]+(:[\w+=/,.@-]+)?(:[\w+=/,.@-]+)?$`)
)

func (g *Group) check() error {
	switch {
	case !groupForm.MatchString(g.Name):
		return invalid("%q is not the name of a group.", g.Name)
	case len(g.Description) > maxText || !utf8.ValidString(g.Description) || strings.ContainsRune(g.Description, 0):
		return invalid("The description of a group is text of at most %d bytes.", maxText)
	case g.Role != "" && (len(g.Role) > maxText || !roleForm.MatchString(g.Role)):
		return invalid("%q is not the ARN of a role.", g.Role)
	case g.Precedence != nil && (*g.Precedence < 0 || *g.Precedence > math.MaxInt32):
		return invalid("The precedence of a group is from 0 to %d.", math.MaxInt32)
	}
	return nil
}

func noGroup() error { // the text is that of GetGroup
	return fail(errs.NotFound, codeResourceNotFound, "Group not found.")
}

const groupColumns = `g.pool, g.name, g.description, g.role_arn, g.precedence, g.created_ms, g.changed_ms`

func scanGroup(r db.Row) (Group, error) {
	var g Group
	var created, changed int64
	err := r.Scan(&g.Pool, &g.Name, &g.Description, &g.Role, &g.Precedence, &created, &changed)
	g.Created, g.Changed = time.UnixMilli(created), time.UnixMilli(changed)
	return g, err
}

func readGroup(q *db.Query, c Call, pool, name string) (Group, error) {
	if _, err := readPool(q, c.Env.Sealer, pool); err != nil {
		return Group{}, err
	}
	if !storable(name) {
		return Group{}, noGroup()
	}
	g, err := scanGroup(q.Row(`SELECT `+groupColumns+` FROM env.user_group g WHERE g.pool = $1 AND g.name = $2`, pool, name))
	if errors.Is(err, db.ErrNoRows) {
		return Group{}, noGroup()
	}
	if err != nil {
		return Group{}, fmt.Errorf("read group: %w", err)
	}
	return g, nil
}

// CreateGroup makes a group.
//
// Errors: GroupExistsException, InvalidParameterException,
// ResourceNotFoundException, LimitExceededException.
func (s *Service) CreateGroup(ctx context.Context, c Call, g Group) (Group, error) {
	if err := g.check(); err != nil {
		return Group{}, err
	}
	g.Created, g.Changed = c.now(), c.now()
	err := c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := lockPool(tx, c.Env.Sealer, g.Pool); err != nil { // two additions must not pass the limit together
			return err
		}
		var count int64
		if err := tx.Row(`SELECT count(*) FROM env.user_group WHERE pool = $1`, g.Pool).Scan(&count); err != nil {
			return fmt.Errorf("count groups: %w", err)
		}
		if count >= maxGroups {
			return limitExceeded("A user pool has at most %d groups.", maxGroups)
		}
		n, err := tx.Exec(`INSERT INTO env.user_group (pool, name, description, role_arn, precedence, created_ms, changed_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING`,
			g.Pool, g.Name, g.Description, g.Role, g.Precedence, g.Created.UnixMilli())
		if err != nil {
			return fmt.Errorf("insert group: %w", err)
		}
		if n == 0 {
			return fail(errs.Conflict, codeGroupExists, "A group with the name already exists.")
		}
		return nil
	})
	return g, err
}

// Group answers a group.
//
// Errors: ResourceNotFoundException.
func (s *Service) Group(ctx context.Context, c Call, pool, name string) (g Group, err error) {
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		g, err = readGroup(q, c, pool, name)
		return err
	})
	return g, err
}

// UpdateGroup changes what is given: a nil member stays.
//
// Errors: ResourceNotFoundException, InvalidParameterException.
func (s *Service) UpdateGroup(ctx context.Context, c Call, pool, name string, description, role *string, precedence *int64) (g Group, err error) {
	err = c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := readGroup(tx.Query(), c, pool, name); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE env.user_group SET changed_ms = $3 WHERE pool = $1 AND name = $2`, pool, name, c.now().UnixMilli())
		if err != nil {
			return fmt.Errorf("lock group: %w", err)
		}
		if g, err = readGroup(tx.Query(), c, pool, name); err != nil {
			return err
		}
		if description != nil {
			g.Description = *description
		}
		if role != nil {
			g.Role = *role
		}
		if precedence != nil {
			g.Precedence = precedence
		}
		if err := g.check(); err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE env.user_group SET description = $3, role_arn = $4, precedence = $5 WHERE pool = $1 AND name = $2`,
			pool, name, g.Description, g.Role, g.Precedence)
		return err
	})
	return g, err
}

// DeleteGroup deletes a group; its users stay.
//
// Errors: ResourceNotFoundException.
func (s *Service) DeleteGroup(ctx context.Context, c Call, pool, name string) error {
	return c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		if _, err := readGroup(tx.Query(), c, pool, name); err != nil {
			return err
		}
		for _, statement := range []string{
			`DELETE FROM env.user_member WHERE pool = $1 AND group_name = $2`, `DELETE FROM env.user_group WHERE pool = $1 AND name = $2`,
		} {
			if _, err := tx.Exec(statement, pool, name); err != nil {
				return fmt.Errorf("delete group: %w", err)
			}
		}
		return nil
	})
}

// Groups lists the groups of a pool by their names.
//
// Errors: ResourceNotFoundException, InvalidParameterException.
func (s *Service) Groups(ctx context.Context, c Call, pool string, page Page) (list []Group, next string, err error) {
	kind := "user_groups " + pool
	after, limit, err := page.open(c, kind)
	if err != nil {
		return nil, "", err
	}
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		if _, err := readPool(q, c.Env.Sealer, pool); err != nil {
			return err
		}
		list, err = queryGroups(q, `SELECT `+groupColumns+` FROM env.user_group g WHERE g.pool = $1 AND g.name > $2 ORDER BY g.name LIMIT $3`,
			pool, after, limit+1)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	list, next = cut(c, kind, list, limit, func(g Group) string { return g.Name })
	return list, next, nil
}

func queryGroups(q *db.Query, sql string, args ...any) ([]Group, error) {
	list := []Group{}
	err := q.Each(sql, args, func(r db.Row) error {
		g, err := scanGroup(r)
		list = append(list, g)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list groups: %w", err)
	}
	return list, nil
}

// groupsOf are the groups of a user in their order of precedence.
func groupsOf(q *db.Query, u *User) ([]Group, error) {
	return queryGroups(q, `SELECT `+groupColumns+` FROM env.user_member m JOIN env.user_group g ON g.pool = m.pool AND g.name = m.group_name
		WHERE m.user_id = $1 ORDER BY coalesce(g.precedence, $2), g.name`, u.ID, int64(math.MaxInt64))
}

// AddToGroup puts a user into a group; it is no error when the user is in it.
//
// Errors: UserNotFoundException, ResourceNotFoundException,
// LimitExceededException.
func (s *Service) AddToGroup(ctx context.Context, c Call, pool, username, group string) error {
	return s.withMember(ctx, c, pool, username, group, func(tx *db.Tx, u *User) error {
		if _, err := lockUser(tx, c, u.ID); err != nil { // two additions must not pass the limit together
			return err
		}
		_, err := tx.Exec(`INSERT INTO env.user_member (pool, group_name, user_id, created_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			pool, group, u.ID, c.now().UnixMilli())
		if err != nil {
			return fmt.Errorf("insert member: %w", err)
		}
		var count int64
		if err := tx.Row(`SELECT count(*) FROM env.user_member WHERE user_id = $1`, u.ID).Scan(&count); err != nil {
			return fmt.Errorf("count groups: %w", err)
		}
		if count > maxUserGroups {
			return limitExceeded("A user is in at most %d groups.", maxUserGroups)
		}
		return nil
	})
}

// RemoveFromGroup takes a user out of a group; it is no error when the user is
// not in it.
//
// Errors: UserNotFoundException, ResourceNotFoundException.
func (s *Service) RemoveFromGroup(ctx context.Context, c Call, pool, username, group string) error {
	return s.withMember(ctx, c, pool, username, group, func(tx *db.Tx, u *User) error {
		_, err := tx.Exec(`DELETE FROM env.user_member WHERE pool = $1 AND group_name = $2 AND user_id = $3`, pool, group, u.ID)
		return err
	})
}

func (s *Service) withMember(ctx context.Context, c Call, pool, username, group string, fn func(tx *db.Tx, u *User) error) error {
	var id string
	allowed := once(func() error { return s.writes.allow(c, id) })
	return c.Env.DB.Tx(ctx, func(tx *db.Tx) error {
		p, err := readPool(tx.Query(), c.Env.Sealer, pool)
		if err != nil {
			return err
		}
		u, err := findUser(tx.Query(), c, &p, username)
		if err != nil {
			return err
		}
		if _, err := readGroup(tx.Query(), c, pool, group); err != nil {
			return err
		}
		id = u.ID
		if err := allowed(); err != nil {
			return err
		}
		return fn(tx, &u)
	})
}

// UserGroups lists the groups of a user by their names.
//
// Errors: UserNotFoundException, ResourceNotFoundException,
// InvalidParameterException.
func (s *Service) UserGroups(ctx context.Context, c Call, pool, username string, page Page) (list []Group, next string, err error) {
	kind := "groups_of " + pool + " " + username
	after, limit, err := page.open(c, kind)
	if err != nil {
		return nil, "", err
	}
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		p, err := readPool(q, c.Env.Sealer, pool)
		if err != nil {
			return err
		}
		u, err := findUser(q, c, &p, username)
		if err != nil {
			return err
		}
		if err := s.reads.allow(c, u.ID); err != nil {
			return err
		}
		list, err = queryGroups(q, `SELECT `+groupColumns+` FROM env.user_member m JOIN env.user_group g ON g.pool = m.pool AND g.name = m.group_name
			WHERE m.user_id = $1 AND g.name > $2 ORDER BY g.name LIMIT $3`, u.ID, after, limit+1)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	list, next = cut(c, kind, list, limit, func(g Group) string { return g.Name })
	return list, next, nil
}

// UsersInGroup lists the users of a group, the oldest first.
//
// Errors: ResourceNotFoundException, InvalidParameterException.
func (s *Service) UsersInGroup(ctx context.Context, c Call, pool, group string, page Page) (list []User, next string, err error) {
	kind := "users_in " + pool + " " + group
	after, limit, err := page.open(c, kind)
	if err != nil {
		return nil, "", err
	}
	err = c.Env.DB.Read(ctx, func(q *db.Query) error {
		if _, err := readGroup(q, c, pool, group); err != nil {
			return err
		}
		list, err = queryUsers(q, c, `SELECT `+userColumns+` FROM env.user_member m JOIN env.user_account u ON u.id = m.user_id
			WHERE m.pool = $1 AND m.group_name = $2 AND m.user_id > $3 ORDER BY m.user_id LIMIT $4`, pool, group, after, limit+1)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	list, next = cut(c, kind, list, limit, func(u User) string { return u.ID })
	return list, next, nil
}
