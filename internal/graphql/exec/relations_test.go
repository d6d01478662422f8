package exec_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"preamp/internal/graphql/exec"
)

const relationSchema = `
type Post @model @auth(rules: [{allow: public}]) {
  id: ID!
  title: String
  comments: [Comment] @hasMany(limit: 2)
  cover: Image @hasOne
  notes: [Note] @hasMany(indexName: "byPost", fields: ["id"])
  tags: [Tag] @manyToMany(relationName: "PostTags")
  labels: [Label] @hasMany(references: ["postId"])
  badge: Badge @hasOne(references: ["postId"])
  secret: Secret @hasOne
  secrets: [Secret] @hasMany
  parts: [Part] @hasMany(fields: ["id"])
}
type Comment @model @auth(rules: [{allow: public}]) {
  id: ID!
  text: String
  rank: Int
  post: Post @belongsTo
  parent: Comment @hasOne
  replies: [Comment] @hasMany
  author: Author! @belongsTo(fields: ["authorId"])
  authorId: ID
}
type Author @model @auth(rules: [{allow: public}]) { id: ID! name: String! comments: [Comment] @hasMany(indexName: "byAuthor2", fields: ["id"]) }
type Image @model @auth(rules: [{allow: public}]) { id: ID! url: String! post: Post @belongsTo }
type Note @model @auth(rules: [{allow: public}]) {
  id: ID!
  postId: ID @index(name: "byPost", sortKeyFields: ["day", "n"])
  day: String
  n: Int
}
type Tag @model @auth(rules: [{allow: public}]) { id: ID! posts: [Post] @manyToMany(relationName: "PostTags") }
type Label @model @auth(rules: [{allow: public}]) { id: ID! postId: ID post: Post @belongsTo(references: ["postId"]) }
type Badge @model @auth(rules: [{allow: public}]) { id: ID! postId: ID post: Post @belongsTo(references: ["postId"]) }
type Secret @model { id: ID! text: String }
type Part @model @auth(rules: [{allow: public}]) { post: ID! @primaryKey(sortKeyFields: ["no"]) no: Int! text: String! }
type Team @model @auth(rules: [{allow: public}]) {
  club: ID! @primaryKey(sortKeyFields: ["year", "rank"])
  year: Int!
  rank: Float!
  players: [Player] @hasMany
}
type Player @model @auth(rules: [{allow: public}]) {
  name: String! @primaryKey(sortKeyFields: ["born"])
  born: Int!
  team: Team @belongsTo
  captain: Team @hasOne
}
`

func relations(t *testing.T, fn func(w *world)) {
	t.Helper()
	sdl := strings.Replace(relationSchema, "authorId: ID\n", "authorId: ID @index(name: \"byAuthor2\")\n", 1)
	each(t, sdl, func(w *world) {
		w.seedRelations()
		fn(w)
	})
}

// ok executes a request that must not fail.
func (w *world) ok(query, variables string) string {
	w.t.Helper()
	got := w.do(query, variables)
	if strings.Contains(got, `"errors"`) {
		w.t.Fatalf("%s %s: %s", query, variables, got)
	}
	return got
}

// seedRelations: p1 has five comments, every relation and a reply chain; p2 has
// one comment; p3 nothing.
func (w *world) seedRelations() {
	w.t.Helper()
	for i := 1; i <= 3; i++ {
		w.ok(fmt.Sprintf(`mutation { createPost(input: {id: "p%d", title: "T%d"}) { id } }`, i, i), ``)
	}
	w.ok(`mutation { createAuthor(input: {id: "a1", name: "Ann"}) { id } }`, ``)
	for i := 1; i <= 5; i++ {
		w.ok(fmt.Sprintf(`mutation { createComment(input: {id: "c%d", text: "x%d", rank: %d, postCommentsId: "p1", authorId: "a1"}) { id } }`, i, i, 10-i), ``)
	}
	w.ok(`mutation {
	  r: createComment(input: {id: "r1", commentParentId: "c1", commentRepliesId: "c1", authorId: "a1", postCommentsId: "p2"}) { id }
	  i: createImage(input: {id: "i1", url: "u", imagePostId: "p1"}) { id }
	  u: updatePost(input: {id: "p1", postCoverId: "i1"}) { id }
	  n1: createNote(input: {id: "n1", postId: "p1", day: "a", n: 1}) { id }
	  n2: createNote(input: {id: "n2", postId: "p1", day: "b", n: 1}) { id }
	  n3: createNote(input: {id: "n3", postId: "p1", day: "b", n: 2}) { id }
	  t1: createTag(input: {id: "t1"}) { id }
	  t2: createTag(input: {id: "t2"}) { id }
	  j1: createPostTags(input: {id: "j1", postId: "p1", tagId: "t1"}) { id }
	  j2: createPostTags(input: {id: "j2", postId: "p1", tagId: "t2"}) { id }
	  j3: createPostTags(input: {id: "j3", postId: "p2", tagId: "t1"}) { id }
	  l1: createLabel(input: {id: "l1", postId: "p1"}) { id }
	  b1: createBadge(input: {id: "b1", postId: "p1"}) { id }
	  b2: createBadge(input: {id: "b2", postId: "p1"}) { id }
	  x1: createPart(input: {post: "p1", no: 1, text: "one"}) { no }
	  x2: createPart(input: {post: "p1", no: 2, text: "two"}) { no }
	  m1: createTeam(input: {club: "k", year: 2020, rank: 1.5}) { club }
	  m2: createTeam(input: {club: "k", year: 2021, rank: 2.5}) { club }
	  y1: createPlayer(input: {name: "A", born: 1, teamPlayersClub: "k", teamPlayersYear: 2020, teamPlayersRank: 1.5}) { name }
	  y2: createPlayer(input: {name: "B", born: 2, teamPlayersClub: "k", teamPlayersYear: 2021, teamPlayersRank: 2.5}) { name }
	  y3: createPlayer(input: {name: "C", born: 3, playerCaptainClub: "k", playerCaptainYear: 2021, playerCaptainRank: 2.5}) { name }
	}`, ``)
}

func TestRelations(t *testing.T) {
	t.Parallel()
	relations(t, func(w *world) {
		for _, tt := range []struct{ name, query, want string }{
			{"has many, limit of the directive", `{ getPost(id: "p1") { comments { items { id } } } }`, `{"getPost":{"comments":{"items":[{"id":"c1"},{"id":"c2"}]}}}`},
			{"limit", `{ getPost(id: "p1") { comments(limit: 3) { items { id } __typename } } }`, `{"getPost":{"comments":{"items":[{"id":"c1"},{"id":"c2"},{"id":"c3"}],"__typename":"ModelCommentConnection"}}}`},
			{"filter before limit", `{ getPost(id: "p1") { comments(filter: {rank: {lt: 8}}, limit: 2) { items { id } } } }`, `{"getPost":{"comments":{"items":[{"id":"c3"},{"id":"c4"}]}}}`},
			{"direction", `{ getPost(id: "p1") { comments(sortDirection: DESC) { items { id } } } }`, `{"getPost":{"comments":{"items":[{"id":"c5"},{"id":"c4"}]}}}`},
			{"has one and belongs to", `{ getPost(id: "p1") { cover { url post { id cover { id } } } } }`, `{"getPost":{"cover":{"url":"u","post":{"id":"p1","cover":{"id":"i1"}}}}}`},
			{"missing", `{ getPost(id: "p3") { cover { url } comments { items { id } nextToken } tags { items { id } } } }`, `{"getPost":{"cover":null,"comments":{"items":[],"nextToken":null},"tags":{"items":[]}}}`},
			{"many to many", `{ getPost(id: "p1") { tags { items { tag { id posts { items { post { title } } } } } } } }`, `{"getPost":{"tags":{"items":[{"tag":{"id":"t1","posts":{"items":[{"post":{"title":"T1"}},{"post":{"title":"T2"}}]}}},{"tag":{"id":"t2","posts":{"items":[{"post":{"title":"T1"}}]}}}]}}}`},
			{"references", `{ getPost(id: "p1") { labels { items { id post { title } } } } }`, `{"getPost":{"labels":{"items":[{"id":"l1","post":{"title":"T1"}}]}}}`},
			{"one by references", `{ listPosts(limit: 2) { items { badge { id post { badge { id } } } } } }`, `{"listPosts":{"items":[{"badge":{"id":"b1","post":{"badge":{"id":"b1"}}}},{"badge":null}]}}`},
			{"index with sort keys", `{ getPost(id: "p1") { notes(dayN: {beginsWith: {day: "b"}}, sortDirection: DESC) { items { id } } } }`, `{"getPost":{"notes":{"items":[{"id":"n3"},{"id":"n2"}]}}}`},
			{"primary key of the other", `{ getPost(id: "p1") { parts(no: {ge: 2}) { items { text } } all: parts { items { no } } } }`, `{"getPost":{"parts":{"items":[{"text":"two"}]},"all":{"items":[{"no":1},{"no":2}]}}}`},
			{"self relation", `{ getComment(id: "r1") { parent { id replies { items { id parent { id } } } } replies { items { id } } } }`, `{"getComment":{"parent":{"id":"c1","replies":{"items":[{"id":"r1","parent":{"id":"c1"}}]}},"replies":{"items":[]}}}`},
			{"composite", `{ listTeams(club: "k") { items { year players { items { name team { year rank } } } } } }`, `{"listTeams":{"items":[{"year":2020,"players":{"items":[{"name":"A","team":{"year":2020,"rank":1.5}}]}},{"year":2021,"players":{"items":[{"name":"B","team":{"year":2021,"rank":2.5}}]}}]}}`},
			{"sort argument that is no key", `{ a: getTeam(club: "k", year: 2020, rank: 1.5) { players(born: {gt: 1}) { items { name } nextToken } } b: getTeam(club: "k", year: 2021, rank: 2.5) { players(born: {gt: 1}) { items { name } nextToken } } }`, `{"a":{"players":{"items":[],"nextToken":null}},"b":{"players":{"items":[{"name":"B"}],"nextToken":null}}}`},
			{"composite foreign key missing", `{ getPlayer(name: "C", born: 3) { team { club } captain { year players { items { name } } } } }`, `{"getPlayer":{"team":null,"captain":{"year":2021,"players":{"items":[{"name":"B"}]}}}}`},
			{"depth", `{ listPosts(limit: 1) { items { id comments(limit: 1) { items { id post { id comments(limit: 1) { items { id author { name } parent { id } } } } } } } } }`, `{"listPosts":{"items":[{"id":"p1","comments":{"items":[{"id":"c1","post":{"id":"p1","comments":{"items":[{"id":"c1","author":{"name":"Ann"},"parent":null}]}}}]}}]}}`},
			{"aliases with arguments", `{ getPost(id: "p2") { a: comments { items { id } } b: comments(filter: {id: {eq: "no"}}) { items { id } } c: comments { __typename } } }`, `{"getPost":{"a":{"items":[{"id":"r1"}]},"b":{"items":[]},"c":{"__typename":"ModelCommentConnection"}}}`},
		} {
			w.takeTraced()
			w.want(tt.query, ``, `{"data":`+tt.want+`}`)
			if n, want := len(w.takeTraced()), 1; n != want && !strings.Contains(tt.query, "b: getTeam") {
				w.t.Errorf("%s: %d statements", tt.name, n)
			}
		}
	})
}

// TestManyRelations asserts that an object of more members than one call of a
// JSON function takes can hold relations.
func TestManyRelations(t *testing.T) {
	t.Parallel()
	relations(t, func(w *world) {
		query, want := "", ""
		for i := range 60 {
			query += fmt.Sprintf(" a%d: comments(limit: 1) { items { id } }", i)
			want += fmt.Sprintf(`,"a%d":{"items":[{"id":"c1"}]}`, i)
		}
		w.want(`{ getPost(id: "p1") {`+query+` } }`, ``, `{"data":{"getPost":{`+want[1:]+`}}}`)
		w.want(`{ listPosts(limit: 1) { items {`+query+` } } }`, ``, `{"data":{"listPosts":{"items":[{`+want[1:]+`}]}}}`)
	})
}

func TestPagesInsideRelations(t *testing.T) {
	t.Parallel()
	relations(t, func(w *world) {
		for _, query := range []string{
			`query($t: String, $l: Int) { getPost(id: "p1") { comments(limit: $l, nextToken: $t) { items { id } nextToken } } }`,
			`query($t: String, $l: Int) { getPost(id: "p1") { comments(limit: $l, nextToken: $t, filter: {text: {ne: "no"}}) { items { id } nextToken } } }`,
		} {
			var ids []string
			token := any(nil)
			for range 5 {
				answer := w.ok(query, asJSON(map[string]any{"l": 2, "t": token}))
				for _, it := range path(w.t, answer, "data", "getPost", "comments", "items").([]any) {
					ids = append(ids, it.(map[string]any)["id"].(string))
				}
				if token = path(w.t, answer, "data", "getPost", "comments", "nextToken"); token == nil {
					break
				}
			}
			if got := strings.Join(ids, " "); got != "c1 c2 c3 c4 c5" {
				w.t.Errorf("%s: %s", query, got)
			}
		}
		answer := w.ok(`{ getPost(id: "p1") { comments(limit: 1) { nextToken } } }`, ``)
		token := path(w.t, answer, "data", "getPost", "comments", "nextToken").(string)
		vars := `{"t":"` + token + `"}`
		w.want(`query($t: String) { getPost(id: "p1") { comments(limit: 1, nextToken: $t) { items { id } } } }`, vars, `{"data":{"getPost":{"comments":{"items":[{"id":"c2"}]}}}}`)
		// The same field of another parent has other rows.
		w.want(`query($t: String) { listPosts(limit: 2) { items { comments(limit: 1, nextToken: $t) { items { id author { name } } } } } }`, vars,
			`{"data":{"listPosts":{"items":[{"comments":{"items":[{"id":"c2","author":{"name":"Ann"}}]}},{"comments":null}]}},"errors":[`+
				`{"path":["listPosts","items",1,"comments"],"data":null,"errorType":"InvalidArgumentsError","errorInfo":null,"locations":[{"line":1,"column":51,"sourceName":null}],"message":"Invalid nextToken."}]}`)
		for _, query := range []string{
			`query($t: String) { getPost(id: "p1") { comments(nextToken: $t, sortDirection: DESC) { items { id } } } }`,
			`query($t: String) { getPost(id: "p1") { comments(nextToken: $t, filter: {id: {ne: "x"}}) { items { id } } } }`,
			`query($t: String) { getPost(id: "p1") { comments: notes(nextToken: $t) { items { id } } } }`,
		} {
			got := w.do(query, vars)
			if !strings.HasPrefix(got, `{"data":{"getPost":{"comments":null}},"errors":[{"path":["getPost","comments"],`) || !strings.Contains(got, "Invalid nextToken.") {
				w.t.Errorf("%s: %s", query, got)
			}
		}
		if got := w.do(`query($t: String) { listComments(nextToken: $t) { items { id } } }`, vars); !strings.Contains(got, "Invalid nextToken.") {
			w.t.Errorf("at the root: %s", got)
		}
	})
}

func TestErrorsInsideRelations(t *testing.T) {
	t.Parallel()
	relations(t, func(w *world) {
		for _, tt := range []struct{ name, query, want string }{
			{
				"denied, one", `{ getPost(id: "p1") { id secret { text } } }`,
				`{"data":{"getPost":{"id":"p1","secret":null}},"errors":[{"path":["getPost","secret"],"data":null,"errorType":"Unauthorized","errorInfo":null,"locations":[{"line":1,"column":26,"sourceName":null}],"message":"Not Authorized to access secret on type Post"}]}`,
			},
			{
				"denied in every row", `{ listPosts(limit: 2) { items { id secrets { items { text } } } } }`,
				`{"data":{"listPosts":{"items":[{"id":"p1","secrets":null},{"id":"p2","secrets":null}]}},"errors":[` +
					`{"path":["listPosts","items",0,"secrets"],"data":null,"errorType":"Unauthorized","errorInfo":null,"locations":[{"line":1,"column":36,"sourceName":null}],"message":"Not Authorized to access secrets on type Post"},` +
					`{"path":["listPosts","items",1,"secrets"],"data":null,"errorType":"Unauthorized","errorInfo":null,"locations":[{"line":1,"column":36,"sourceName":null}],"message":"Not Authorized to access secrets on type Post"}]}`,
			},
			{
				"argument, with relations below", `{ getPost(id: "p1") { comments(limit: 0) { items { author { name } } nextToken } cover { url } } }`,
				`{"data":{"getPost":{"comments":null,"cover":{"url":"u"}}},"errors":[{"path":["getPost","comments"],"data":null,"errorType":"InvalidArgumentsError","errorInfo":null,"locations":[{"line":1,"column":23,"sourceName":null}],"message":"Argument 'limit' must be greater than 0."}]}`,
			},
			{"never reached", `{ getPost(id: "none") { comments(limit: 0) { items { id } } secret { text } } }`, `{"data":{"getPost":null}}`},
		} {
			w.want(tt.query, ``, tt.want)
		}
		// A required single relation without its item takes its parent with it.
		w.ok(`mutation { createComment(input: {id: "c9", postCommentsId: "p3"}) { id } }`, ``)
		w.want(`{ getPost(id: "p3") { id comments { items { id author { name } } } } }`, ``,
			`{"data":{"getPost":{"id":"p3","comments":{"items":[null]}}},"errors":[{"path":["getPost","comments","items",0,"author"],"locations":null,"message":"Cannot return null for non-nullable type: 'Author' within parent 'Comment' (/getPost/comments/items[0]/author)"}]}`)
	})
}

func TestMutationsAnswerRelations(t *testing.T) {
	t.Parallel()
	relations(t, func(w *world) {
		w.want(`mutation { createComment(input: {id: "n", postCommentsId: "p3", authorId: "a1"}) { id author { name } post { title comments { items { id } nextToken } } } }`, ``,
			`{"data":{"createComment":{"id":"n","author":{"name":"Ann"},"post":{"title":"T3","comments":{"items":[{"id":"n"}],"nextToken":null}}}}}`)
		w.want(`mutation { updateComment(input: {id: "n", postCommentsId: "p2"}) { post { comments { items { id } } } } }`, ``,
			`{"data":{"updateComment":{"post":{"comments":{"items":[{"id":"n"},{"id":"r1"}]}}}}}`)
		w.want(`mutation { createComment(input: {id: "self", commentParentId: "self"}) { parent { id } } }`, ``, `{"data":{"createComment":{"parent":{"id":"self"}}}}`)
		w.want(`mutation { deleteComment(input: {id: "n"}, condition: {rank: {attributeExists: false}}) { post { id } } }`, ``, `{"data":{"deleteComment":{"post":{"id":"p2"}}}}`)
		w.want(`{ getComment(id: "n") { id } }`, ``, `{"data":{"getComment":null}}`)
		for _, query := range []string{
			`mutation { deleteComment(input: {id: "n"}) { post { id } } }`,
			`mutation { deleteComment(input: {id: "c1"}, condition: {rank: {eq: 0}}) { post { id } } }`,
			`mutation { updateComment(input: {id: "c1", text: "no"}, condition: {rank: {eq: 0}}) { post { id } } }`,
			`mutation { createComment(input: {id: "c1"}) { post { id } } }`,
		} {
			if got := w.do(query, ``); !strings.Contains(got, "ConditionalCheckFailedException") {
				w.t.Errorf("%s: %s", query, got)
			}
		}
		w.want(`{ getComment(id: "c1") { text } }`, ``, `{"data":{"getComment":{"text":"x1"}}}`)
	})
}

func TestRelationsUseIndexes(t *testing.T) {
	t.Parallel()
	relations(t, func(w *world) {
		w.fill()
		for _, query := range []string{
			`{ getPost(id: "p1") { comments { items { id } nextToken } cover { url } } }`,
			`{ getPost(id: "p1") { comments(filter: {text: {eq: "x"}}, sortDirection: DESC) { items { id author { name } } nextToken } } }`,
			`{ getPost(id: "p1") { notes(dayN: {beginsWith: {day: "b"}}) { items { id } nextToken } labels { items { post { id } } } badge { id } parts { items { no } nextToken } } }`,
			`{ getPost(id: "p1") { tags { items { tag { posts { items { post { comments { items { id } } } } } } } } } }`,
			`{ getTeam(club: "k", year: 2020, rank: 1.5) { players(sortDirection: DESC) { items { name team { club } } nextToken } } }`,
			`{ getComment(id: "r1") { parent { replies { items { parent { id } } } } } }`,
		} {
			w.checkPlan(query, ``)
		}
	})
}

const connectionSchema = `
type Blog @model { id: ID! posts: [Post] @connection(name: "BlogPosts", sortField: "n") main: Post @connection }
type Post @model {
  id: ID!
  n: Int!
  blog: Blog @connection(name: "BlogPosts", keyField: "blogKey", sortField: "n")
  comments: [Comment] @connection(limit: 1)
  byKey: [Comment] @connection(keyName: "byPost", fields: ["id"])
}
type Comment @model @key(name: "byPost", fields: ["postID", "at"]) {
  id: ID!
  postID: ID
  at: String
  post: Post @connection(fields: ["postID"])
}
`

func TestConnectionsOfVersion1(t *testing.T) {
	t.Parallel()
	each(t, connectionSchema, func(w *world) {
		w.fill()
		w.ok(`mutation {
		  a: createBlog(input: {id: "b", blogMainId: "p2"}) { id }
		  b: createPost(input: {id: "p1", n: 2, blogKey: "b"}) { id }
		  c: createPost(input: {id: "p2", n: 1, blogKey: "b"}) { id }
		  d: createComment(input: {id: "c1", postCommentsId: "p1", postID: "p1", at: "2"}) { id }
		  e: createComment(input: {id: "c2", postCommentsId: "p1", postID: "p1", at: "1"}) { id }
		}`, ``)
		for query, want := range map[string]string{
			`{ getBlog(id: "b") { posts { items { id blog { id } } } main { id } } }`:                  `{"getBlog":{"posts":{"items":[{"id":"p2","blog":{"id":"b"}},{"id":"p1","blog":{"id":"b"}}]},"main":{"id":"p2"}}}`,
			`{ getBlog(id: "b") { posts(n: {gt: 1}) { items { id } } } }`:                              `{"getBlog":{"posts":{"items":[{"id":"p1"}]}}}`,
			`{ getPost(id: "p1") { comments { items { id } } byKey { items { id post { id n } } } } }`: `{"getPost":{"comments":{"items":[{"id":"c1"}]},"byKey":{"items":[{"id":"c2","post":{"id":"p1","n":2}},{"id":"c1","post":{"id":"p1","n":2}}]}}}`,
			`{ getPost(id: "p1") { byKey(at: {beginsWith: "2"}) { items { id } nextToken } } }`:        `{"getPost":{"byKey":{"items":[{"id":"c1"}],"nextToken":null}}}`,
			`{ getPost(id: "p2") { comments { items { id } } } }`:                                      `{"getPost":{"comments":{"items":[]}}}`,
		} {
			w.want(query, ``, `{"data":`+want+`}`)
			w.checkPlan(query, ``)
		}
	})
}

// TestDeepRelations asserts that both stores read the deepest relations that are
// let through: SQLite bounds the depth of expressions, and PostgreSQL must not
// spend its time on compiling them.
func TestDeepRelations(t *testing.T) {
	t.Parallel()
	each(t, graphSchema, func(w *world) {
		w.ok(`mutation { a: createAnt(input: {id: "a", antBestId: "b"}) { id } b: createBee(input: {id: "b", antBsId: "a", owner: "b", n: 1}) { id } }`, ``)
		wide := limits
		wide.Depth, wide.DepthAPIKey = 75, 75
		e, err := exec.New(exec.Config{
			API: w.api, ID: "api1", Dialect: w.db.Dialect(), Sealer: w.sealer, Limits: wide,
			Logger: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
		})
		must(w.t, err)
		nest := func(query, want, moreQuery, moreWant string, times int) (string, string) {
			for range times {
				query, want = strings.Replace(moreQuery, "~", query, 1), strings.Replace(moreWant, "~", want, 1)
			}
			return query, want
		}
		filter := `{id: {ne: "x"}}` + strings.Repeat(`, {id: {ne: "x"}}`, 290)
		lists, listsWant := nest(`owned(filter: {and: [`+filter+`]}) { items { id } nextToken }`, `"owned":{"items":[{"id":"b"}],"nextToken":null}`,
			`owned(filter: {id: {ne: "x"}}) { items { ~ } nextToken }`, `"owned":{"items":[{~}],"nextToken":null}`, 13)
		w.wantWith(e, `{ getBee(id: "b") { `+lists+` } }`, `{"data":{"getBee":{`+listsWant+`}}}`)
		singles, singlesWant := nest(`id`, `"id":"a"`, `best { a { ~ } }`, `"best":{"a":{~}}`, 9)
		w.wantWith(e, `{ getAnt(id: "a") { `+singles+` } }`, `{"data":{"getAnt":{`+singlesWant+`}}}`)

		lists, _ = nest(`id`, ``, `owned { items { ~ } }`, ``, 15)
		got := w.doWith(e, `{ getBee(id: "b") { `+lists+` } }`, ``)
		if !strings.Contains(got, `"owned":null`) || !strings.Contains(got, `"errorType":"QueryLimit"`) || !strings.Contains(got, "(limit: relation depth)") {
			w.t.Errorf("too deep: %s", got)
		}
	})
}

func (w *world) wantWith(e *exec.Executor, query, want string) {
	w.t.Helper()
	if got := w.doWith(e, query, ``); got != want {
		w.t.Errorf("%.100s\n got %.500s\nwant %.500s", query, got, want)
	}
}
