package fault_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"preamp/test/harness"
)

const (
	teamCount      = 3
	versionedCount = 2
	conditional    = "DynamoDB:ConditionalCheckFailedException"
)

func teamID(n int) string      { return fmt.Sprint("team-", n) }
func versionedID(n int) string { return fmt.Sprint("versioned-", n) }

func isVersioned(id string) bool { return strings.HasPrefix(id, "versioned-") }

// makeBook makes the two APIs and their counters.
func makeBook(t *testing.T, w *world) *book {
	t.Helper()
	c := w.Client()
	c.Job(t, "CreateBackendAPI", in("resourceName", "teams", "resourceConfig", harness.M{"transformSchema": schemaTeams}))
	c.Job(t, "CreateBackendAPI", in("resourceName", "versioned", "resourceConfig", harness.M{"transformSchema": schemaVersioned}))
	teams, versioned := bookAPIs(t, w)
	b := newBook()
	for n := range teamCount {
		teams.Must(t, `mutation ($id: ID!) { createTeam(input: {id: $id, name: "t", total: 0}) { id } }`, harness.M{"id": teamID(n)})
		b.counts[teamID(n)] = &count{}
	}
	for n := range versionedCount {
		versioned.Must(t, `mutation ($id: ID!) { createCount(input: {id: $id, n: 0}) { id } }`, harness.M{"id": versionedID(n)})
		b.counts[versionedID(n)] = &count{}
	}
	return b
}

func bookAPIs(t *testing.T, w *world) (teams, versioned harness.API) {
	t.Helper()
	apis, err := w.Client().APIs(t.Context(), appID, "dev")
	if err != nil || apis["teams"].ID == "" || apis["versioned"].ID == "" {
		t.Fatalf("APIs %v, %v; want two", apis, err)
	}
	return apis["teams"], apis["versioned"]
}

// mutator is one client that changes its own members and, like the others, the
// counters.
type mutator struct {
	book             *book
	teams, versioned harness.API
	random           *rand.Rand
	prefix           string
	// patient goes on when the database is not available for a while.
	patient bool
}

// errOver is the end of a round: the answer did not come. errPassing is an answer
// that says so of the database; nobody knows whether the mutation was done.
var (
	errOver    = errors.New("no answer")
	errPassing = errors.New("not available")
)

// ask runs an operation.
func (m *mutator) ask(ctx context.Context, api harness.API, query string, variables harness.M) (harness.Result, error) {
	r := api.Do(ctx, query, variables)
	switch {
	case r.Err != nil:
		return r, errOver
	case m.patient && !r.OK() && modelled(r) == nil:
		return r, errPassing
	}
	return r, nil
}

// run works until the server dies or ctx ends. Another error than errOver is a
// wrong answer.
func (m *mutator) run(ctx context.Context) error {
	for i := 0; ; i++ {
		id := fmt.Sprint(m.prefix, "-", i)
		steps := []func(context.Context, string) error{m.create, m.move, m.count, m.countVersion, m.move, m.remove}
		if i%3 != 0 {
			steps = steps[:len(steps)-1] // most members stay
		}
		for _, step := range steps {
			err := step(ctx, id)
			if errors.Is(err, errPassing) {
				break // the next one
			}
			if err != nil {
				return err
			}
		}
	}
}

func (m *mutator) place() member {
	return member{team: teamID(m.random.IntN(teamCount)), rank: m.random.IntN(1000), name: fmt.Sprint("name ", m.random.IntN(1000))}
}

// create makes a member and reads its relations in the answer.
func (m *mutator) create(ctx context.Context, id string) error {
	to := m.place()
	m.book.begin(id, to)
	r, err := m.ask(ctx, m.teams, `mutation ($input: CreateMemberInput!) {
		createMember(input: $input) { id rank team { id name members(limit: 2) { items { id } } } }
	}`, harness.M{"input": harness.M{"id": id, "teamID": to.team, "rank": to.rank, "name": to.name}})
	if err != nil {
		return err
	}
	row, _ := r.Data["createMember"].(harness.M)
	team, _ := row["team"].(harness.M)
	page, _ := team["members"].(harness.M)
	if items, _ := page["items"].([]any); !r.OK() || team["id"] != to.team || len(items) == 0 {
		return fmt.Errorf("create %s: %v", id, r)
	}
	m.book.end(id, "create")
	return nil
}

// move gives a member another place in one update: both parts of the sort key
// and the key of the team, under a condition that holds.
func (m *mutator) move(ctx context.Context, id string) error {
	m.book.mu.Lock()
	from := m.book.members[id].now
	m.book.mu.Unlock()
	to := m.place()
	m.book.begin(id, to)
	r, err := m.ask(ctx, m.teams, `mutation ($input: UpdateMemberInput!, $name: String) {
		updateMember(input: $input, condition: {name: {eq: $name}}) { id rank name team { id } }
	}`, harness.M{
		"input": harness.M{"id": id, "teamID": to.team, "rank": to.rank, "name": to.name}, "name": from.name,
	})
	if err != nil {
		return err
	}
	row, _ := r.Data["updateMember"].(harness.M)
	if team, _ := row["team"].(harness.M); !r.OK() || team["id"] != to.team || row["name"] != to.name {
		return fmt.Errorf("move %s: %v", id, r)
	}
	m.book.end(id, "update")
	return nil
}

// remove deletes a member under a condition.
func (m *mutator) remove(ctx context.Context, id string) error {
	m.book.begin(id, member{})
	r, err := m.ask(ctx, m.teams, `mutation ($id: ID!) { deleteMember(input: {id: $id}, condition: {rank: {ge: 0}}) { id team { id } } }`,
		harness.M{"id": id})
	if err != nil {
		return err
	}
	if !r.OK() {
		return fmt.Errorf("delete %s: %v", id, r)
	}
	m.book.end(id, "delete")
	return nil
}

// count adds one to the total of a team, as clients do that share a counter: it
// holds only when nobody else was faster.
func (m *mutator) count(ctx context.Context, _ string) error {
	id := teamID(m.random.IntN(teamCount))
	read, err := m.ask(ctx, m.teams, `query ($id: ID!) { getTeam(id: $id) { total } }`, harness.M{"id": id})
	if err != nil {
		return err
	}
	team, _ := read.Data["getTeam"].(harness.M)
	total, _ := team["total"].(float64)
	if !read.OK() || team == nil {
		return fmt.Errorf("read %s: %v", id, read)
	}
	return m.change(ctx, id, "count", m.teams, `mutation ($id: ID!, $from: Int, $to: Int) {
		updateTeam(input: {id: $id, total: $to}, condition: {total: {eq: $from}}) { total members(limit: 1) { items { id } } }
	}`, harness.M{"id": id, "from": total, "to": total + 1})
}

// countVersion adds one to a versioned counter.
func (m *mutator) countVersion(ctx context.Context, _ string) error {
	id := versionedID(m.random.IntN(versionedCount))
	read, err := m.ask(ctx, m.versioned, `query ($id: ID!) { getCount(id: $id) { n version } }`, harness.M{"id": id})
	if err != nil {
		return err
	}
	row, _ := read.Data["getCount"].(harness.M)
	n, _ := row["n"].(float64)
	if !read.OK() || row == nil {
		return fmt.Errorf("read %s: %v", id, read)
	}
	return m.change(ctx, id, "version", m.versioned, `mutation ($id: ID!, $n: Int, $version: Int!) {
		updateCount(input: {id: $id, n: $n, expectedVersion: $version}) { version }
	}`, harness.M{"id": id, "n": n + 1, "version": row["version"]})
}

// change makes one attempt to count.
func (m *mutator) change(ctx context.Context, id, kind string, api harness.API, query string, variables harness.M) error {
	r, err := m.ask(ctx, api, query, variables)
	switch {
	case err != nil:
		m.book.add(id, kind, false)
		return err
	case r.OK():
		m.book.add(id, kind, true)
	case len(r.Errors) != 1 || r.Errors[0]["errorType"] != conditional:
		return fmt.Errorf("count %s: %v", id, r)
	}
	return nil
}

// mutate runs clients until the server is dead or ctx ends.
func mutate(ctx context.Context, t *testing.T, w *world, b *book, seed uint64, prefix string, patient bool) *sync.WaitGroup {
	t.Helper()
	teams, versioned := bookAPIs(t, w)
	var wg sync.WaitGroup
	for n := range 4 {
		m := &mutator{
			book: b, teams: teams, versioned: versioned, prefix: fmt.Sprint(prefix, "-", n), patient: patient,
			random: rand.New(rand.NewPCG(seed, uint64(n))),
		}
		wg.Go(func() {
			if err := m.run(ctx); !errors.Is(err, errOver) {
				t.Error(err)
			}
		})
	}
	return &wg
}

// TestKilledUnderMutations kills the server under every kind of mutation: with
// relations in the answer, with conditions, of all parts of a composite key at
// once, deletions, and counters that several clients share. What was acknowledged
// is there, and nothing is half done: a row is found by the keys that it shows,
// and no increment is lost or done twice.
func TestKilledUnderMutations(t *testing.T) {
	t.Parallel()
	binary := harness.Build(t)
	rounds := number(t, "PREAMP_FAULT_ROUNDS", 20)
	seed := number(t, "PREAMP_FAULT_SEED", rand.Uint64())
	t.Logf("%d moments per store, PREAMP_FAULT_SEED=%d", rounds, seed)
	eachStore(t, func(t *testing.T, st store) {
		w := newWorld(t, st, binary)
		w.Start(t)
		environment(t, w.Client())
		b := makeBook(t, w)
		random := rand.New(rand.NewPCG(seed, uint64(len(st))))
		for round := range rounds {
			ctx, cancel := context.WithCancel(t.Context())
			running := mutate(ctx, t, w, b, random.Uint64(), fmt.Sprint("round-", round), false)
			moment := time.Duration(50+random.IntN(450)) * time.Millisecond
			time.Sleep(moment) // the random moment itself
			w.Kill()
			cancel()
			running.Wait()
			if t.Failed() {
				return
			}
			w.disconnected(t)
			w.Start(t)
			teams, versioned := bookAPIs(t, w)
			for _, wrong := range b.check(t.Context(), teams, versioned) {
				t.Errorf("round %d, killed after %v: %s", round, moment, wrong)
			}
			if t.Failed() {
				return
			}
			b.forget(50)
		}
		w.Stop(t)
		t.Logf("acknowledged: %v", b.done)
		for _, kind := range []string{"create", "update", "delete", "count", "version"} {
			if b.done[kind] == 0 {
				t.Errorf("no %s was acknowledged, so none was tested", kind)
			}
		}
	})
}

// disconnected waits until PostgreSQL has noticed that the server is dead: a
// commit that had been asked for may be on its way until then.
func (w *world) disconnected(t *testing.T) {
	t.Helper()
	if w.store != postgres {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	await(ctx, t, "PostgreSQL to end the dead server's connections", func() bool {
		words, err := w.sql(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'preamp'`)
		if err != nil {
			t.Fatal(err)
		}
		return words[0] == "0"
	})
}

// TestBookFindsLosses is the control: what the test above looks for is brought
// about on purpose.
func TestBookFindsLosses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqlite, harness.Build(t))
	w.Start(t)
	environment(t, w.Client())
	b := makeBook(t, w)
	teams, versioned := bookAPIs(t, w)
	m := &mutator{book: b, teams: teams, versioned: versioned, random: rand.New(rand.NewPCG(1, 2))}
	for _, id := range []string{"a", "b"} {
		for _, step := range []func(context.Context, string) error{m.create, m.move} {
			if err := step(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.add(teamID(0), "count", false) // had no answer, and was not done
	expect := func(name string, want ...string) {
		t.Helper()
		got := b.check(t.Context(), teams, versioned)
		if len(got) != len(want) {
			t.Fatalf("%s: %q, want %q", name, got, want)
		}
		for i := range got {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("%s: %s, want %s", name, got[i], want[i])
			}
		}
	}
	expect("as it is")
	teams.Must(t, `mutation { deleteMember(input: {id: "a"}) { id } }`, nil)
	expect("lost", "member a is {team: rank:0 name:}")
	expect("what was found is what counts")
	teams.Must(t, `mutation { updateMember(input: {id: "b", rank: 5, name: "other"}) { id } }`, nil)
	expect("changed", "member b is ")
	b.add(teamID(1), "count", true)
	expect("a lost increment", "counter team-1 is 0, acknowledged were 1")
	versioned.Must(t, `mutation { updateCount(input: {id: "versioned-0", n: 1, expectedVersion: 1}) { n } }`, nil)
	expect("an increment too many", "counter versioned-0 is 1, acknowledged were 0")
	versioned.Must(t, `mutation { updateCount(input: {id: "versioned-0", n: 1, expectedVersion: 2}) { n } }`, nil)
	expect("a version without its increment", "counter versioned-0 is 1 at version 3")

	// A row whose index leads elsewhere.
	b.members["b"] = entry{}
	if wrong := b.reachable(t.Context(), teams, "b", member{teamID(0), 1, "nowhere"}); len(wrong) != 1 {
		t.Errorf("%q, want one that is not found", wrong)
	}
	w.Stop(t)
}
