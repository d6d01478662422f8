package fault_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"preamp/test/harness"
)

// schemaTeams has relations, a composite sort key and counters.
const schemaTeams = `type Team @model @auth(rules: [{allow: public}]) {
  id: ID!
  name: String!
  total: Int!
  members: [Member] @hasMany(indexName: "byTeam", fields: ["id"])
}
type Member @model @auth(rules: [{allow: public}]) {
  id: ID!
  teamID: ID! @index(name: "byTeam", sortKeyFields: ["rank", "name"], queryField: "membersByTeam")
  rank: Int!
  name: String!
  team: Team @belongsTo(fields: ["teamID"])
}
`

// schemaVersioned has counters of the first transformer.
const schemaVersioned = `type Count @model @versioned @auth(rules: [{allow: public}]) {
  id: ID!
  n: Int!
}
`

// member is the state of a member that was acknowledged. The zero value is one
// that does not exist.
type member struct {
	team string
	rank int
	name string
}

// book is what the server has acknowledged of teams, members and counters.
type book struct {
	mu      sync.Mutex
	members map[string]entry
	counts  map[string]*count
	done    map[string]int // acknowledged mutations by kind
}

// entry is a member. Until its last mutation is acknowledged both states may be
// found.
type entry struct{ now, next member }

// count is a counter: added was acknowledged, maybe was asked for without an
// answer.
type count struct{ added, maybe int }

func newBook() *book {
	return &book{members: map[string]entry{}, counts: map[string]*count{}, done: map[string]int{}}
}

// begin notes what a mutation may lead to.
func (b *book) begin(id string, next member) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.members[id]
	e.next = next
	b.members[id] = e
}

// end notes that the mutation was acknowledged.
func (b *book) end(id, kind string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.members[id]
	e.now = e.next
	b.members[id] = e
	b.done[kind]++
}

// add notes one more increment of a counter, or that it got no answer.
func (b *book) add(id, kind string, acknowledged bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.counts[id]
	if c == nil {
		c = &count{}
		b.counts[id] = c
	}
	if acknowledged {
		c.added++
		b.done[kind]++
	} else {
		c.maybe++
	}
}

// check reads everything back and answers what is wrong. What it finds is from
// then on what must be there.
func (b *book) check(ctx context.Context, teams, versioned harness.API) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var wrong []string
	for _, id := range slices.Sorted(maps.Keys(b.members)) {
		e := b.members[id]
		got, err := readMember(ctx, teams, id)
		if err != nil {
			return append(wrong, err.Error())
		}
		if got != e.now && got != e.next {
			wrong = append(wrong, fmt.Sprintf("member %s is %+v, acknowledged was %+v, asked for %+v", id, got, e.now, e.next))
		}
		if got != (member{}) {
			wrong = append(wrong, b.reachable(ctx, teams, id, got)...)
		}
		b.members[id] = entry{got, got}
	}
	for _, id := range slices.Sorted(maps.Keys(b.counts)) {
		c := b.counts[id]
		n, version, err := readCount(ctx, teams, versioned, id)
		switch {
		case err != nil:
			return append(wrong, err.Error())
		case n < c.added || n > c.added+c.maybe:
			wrong = append(wrong, fmt.Sprintf("counter %s is %d, acknowledged were %d, %d had no answer", id, n, c.added, c.maybe))
		case version != 0 && version != n+1:
			wrong = append(wrong, fmt.Sprintf("counter %s is %d at version %d", id, n, version))
		}
		*c = count{added: n}
	}
	return wrong
}

// reachable wants a member to be found by its keys, once, in the way that goes
// by the joined sort key, and in its team.
func (b *book) reachable(ctx context.Context, api harness.API, id string, m member) []string {
	r := api.Do(ctx, `query ($team: ID!, $key: ModelMemberByTeamCompositeKeyInput) {
		membersByTeam(teamID: $team, rankName: {eq: $key}, limit: 1000) { items { id } }
	}`, harness.M{"team": m.team, "key": harness.M{"rank": m.rank, "name": m.name}})
	if !r.OK() {
		return []string{fmt.Sprintf("find member %s by its keys: %v", id, r)}
	}
	found := 0
	page, _ := r.Data["membersByTeam"].(harness.M)
	items, _ := page["items"].([]any)
	for _, item := range items {
		if m, _ := item.(harness.M); m["id"] == id {
			found++
		}
	}
	if found != 1 {
		return []string{fmt.Sprintf("member %s is found %d times by its keys %+v", id, found, m)}
	}
	return nil
}

func readMember(ctx context.Context, api harness.API, id string) (member, error) {
	r := api.Do(ctx, `query ($id: ID!) { getMember(id: $id) { teamID rank name } }`, harness.M{"id": id})
	if !r.OK() {
		return member{}, fmt.Errorf("read member %s: %v", id, r)
	}
	row, _ := r.Data["getMember"].(harness.M)
	if row == nil {
		return member{}, nil
	}
	rank, _ := row["rank"].(float64)
	team, _ := row["teamID"].(string)
	name, _ := row["name"].(string)
	return member{team, int(rank), name}, nil
}

// readCount reads a counter: the total of a team, which has no version (0), or
// a versioned one.
func readCount(ctx context.Context, teams, versioned harness.API, id string) (n, version int, err error) {
	api, query := teams, `query ($id: ID!) { getTeam(id: $id) { total } }`
	if isVersioned(id) {
		api, query = versioned, `query ($id: ID!) { getCount(id: $id) { n version } }`
	}
	r := api.Do(ctx, query, harness.M{"id": id})
	if !r.OK() {
		return 0, 0, fmt.Errorf("read counter %s: %v", id, r)
	}
	if isVersioned(id) {
		row, _ := r.Data["getCount"].(harness.M)
		a, okA := row["n"].(float64)
		v, okV := row["version"].(float64)
		if !okA || !okV {
			return 0, 0, fmt.Errorf("counter %s is lost: %v", id, r)
		}
		return int(a), int(v), nil
	}
	row, _ := r.Data["getTeam"].(harness.M)
	a, ok := row["total"].(float64)
	if !ok {
		return 0, 0, fmt.Errorf("counter %s is lost: %v", id, r)
	}
	return int(a), 0, nil
}

// forget drops all but n members, so that a check does not take longer with
// every round.
func (b *book) forget(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(b.members)) {
		if len(b.members) <= n {
			return
		}
		delete(b.members, id)
	}
}
