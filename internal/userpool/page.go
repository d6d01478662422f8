package userpool

import (
	"time"
)

const (
	maxPage = 60
	// pageLife is how long a list can be continued.
	pageLife = time.Hour
)

// Page asks for a part of a list.
type Page struct {
	// Limit is from 1 to 60; 0 is 60.
	Limit int
	// Token is what the part before answered; empty begins.
	Token string
}

// open answers the key after which the part begins. kind says which list it is:
// the token of one does not continue another.
func (p Page) open(c Call, kind string) (after string, limit int, err error) {
	if p.Limit < 0 || p.Limit > maxPage {
		return "", 0, invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: "+
			"Member must have value less than or equal to %d", p.Limit, maxPage)
	}
	limit = p.Limit
	if limit == 0 {
		limit = maxPage
	}
	if p.Token == "" {
		return "", limit, nil
	}
	b, err := c.Env.Sealer.OpenToken("page "+kind, p.Token, c.now())
	if err != nil {
		return "", 0, invalid("Invalid pagination token.")
	}
	return string(b), limit, nil
}

// cut shortens what was read, one more than the limit, and makes the token of the
// rest.
func cut[T any](c Call, kind string, list []T, limit int, key func(T) string) ([]T, string) {
	if len(list) <= limit {
		return list, ""
	}
	list = list[:limit]
	return list, c.Env.Sealer.SealToken("page "+kind, []byte(key(list[limit-1])), c.now().Add(pageLife))
}
