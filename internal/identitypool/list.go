package identitypool

import (
	"context"
	"time"

	"preamp/internal/db"
	"preamp/internal/identitypool/wire"
	"preamp/internal/keys"
)

const (
	maxPage = 60
	// pageLife is how long a list can be continued.
	pageLife = time.Hour
)

// page is what a request asks of a list.
type page struct {
	sealer *keys.Sealer
	kind   string
	after  string
	limit  int
	now    time.Time
}

func openPage(s *keys.Sealer, kind, token string, limit int32, now time.Time) (page, error) {
	p := page{sealer: s, kind: kind, limit: int(limit), now: now}
	if limit < 1 || limit > maxPage {
		return page{}, invalid("1 validation error detected: Value '%d' at 'maxResults' failed to satisfy constraint: "+
			"Member must have value between 1 and %d", limit, maxPage)
	}
	if token == "" {
		return p, nil
	}
	b, err := s.OpenToken(kind, token, now)
	if err != nil {
		return page{}, invalid("Invalid pagination token.")
	}
	p.after = string(b)
	return p, nil
}

// next is the token of what comes behind last.
func (p page) next(last string) string {
	return p.sealer.SealToken(p.kind, []byte(last), p.now.Add(pageLife))
}

// ListIdentityPools answers the pools of all environments in the order of their ids.
func (a *API) ListIdentityPools(ctx context.Context, in *wire.ListIdentityPoolsInput) (*wire.ListIdentityPoolsOutput, error) {
	pg, err := openPage(a.c.Sealer, "identity pools", in.NextToken, in.MaxResults, a.c.Now())
	if err != nil {
		return nil, err
	}
	ids, err := a.c.Directory.List(ctx, RoutePool, pg.after, pg.limit+1)
	if err != nil {
		return nil, err
	}
	out := &wire.ListIdentityPoolsOutput{IdentityPools: []wire.IdentityPoolShortDescription{}}
	if len(ids) > pg.limit {
		ids = ids[:pg.limit]
		out.NextToken = pg.next(ids[pg.limit-1])
	}
	for _, poolID := range ids {
		p, err := a.find(ctx, poolID)
		if isNotFound(err) { // being made, or deleted
			continue
		}
		if err != nil {
			return nil, err
		}
		out.IdentityPools = append(out.IdentityPools, wire.IdentityPoolShortDescription{IdentityPoolID: p.ID, IdentityPoolName: p.Name})
	}
	return out, nil
}

// ListIdentities answers the identities of a pool in the order of their ids.
func (a *API) ListIdentities(ctx context.Context, in *wire.ListIdentitiesInput) (*wire.ListIdentitiesOutput, error) {
	env, release, err := a.pool(ctx, in.IdentityPoolID)
	if err != nil {
		return nil, err
	}
	defer release()
	pg, err := openPage(env.Sealer, "identities "+in.IdentityPoolID, in.NextToken, in.MaxResults, a.c.Now())
	if err != nil {
		return nil, err
	}
	var list []identity
	err = env.DB.Read(ctx, func(q *db.Query) (err error) {
		if _, err := ReadPool(q, in.IdentityPoolID); err != nil {
			return err
		}
		list, err = readIdentities(q, in, pg)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &wire.ListIdentitiesOutput{IdentityPoolID: in.IdentityPoolID, Identities: []wire.IdentityDescription{}}
	if len(list) > pg.limit {
		list = list[:pg.limit]
		out.NextToken = pg.next(list[pg.limit-1].id)
	}
	for _, i := range list {
		out.Identities = append(out.Identities, describeIdentity(i))
	}
	return out, nil
}

// readIdentities reads one more than the page has.
func readIdentities(q *db.Query, in *wire.ListIdentitiesInput, pg page) ([]identity, error) {
	open := ""
	if in.HideDisabled != nil && *in.HideDisabled { // those that lost their last login
		open = ` AND (i.guest = 1 OR EXISTS (SELECT 1 FROM env.identity_login l WHERE l.identity = i.id))`
	}
	var ids []string
	err := q.Each(`SELECT i.id FROM env.identity i WHERE i.pool = $1 AND i.id > $2`+open+` ORDER BY i.id LIMIT $3`,
		[]any{in.IdentityPoolID, pg.after, pg.limit + 1}, func(r db.Row) error {
			var identityID string
			err := r.Scan(&identityID)
			ids = append(ids, identityID)
			return err
		})
	if err != nil {
		return nil, err
	}
	list := make([]identity, 0, len(ids))
	for _, identityID := range ids {
		i, err := readIdentity(q, identityID)
		if err != nil {
			return nil, err
		}
		list = append(list, i)
	}
	return list, nil
}
