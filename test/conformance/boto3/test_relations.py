"""Relations of every kind over HTTP: written, read nested, filtered, paged."""

from support import BackendTest, schema


def names(page, key="title"):
    return [item[key] for item in page["items"]]


class Library(BackendTest):
    def setUp(self):
        super().setUp()
        self.backend(name="Library")
        self.api(schema("library.graphql"), name="library")
        self.library = self.graphql_api(name="library")

    def create(self, model, fields="id", **values):
        return self.library(
            f"mutation ($input: Create{model}Input!) {{ create{model}(input: $input) {{ {fields} }} }}", input=values
        )[f"create{model}"]

    def pages(self, query, path, key, **variables):
        """All pages of a nested list; path leads from the data to the page."""
        found, sizes, token = [], [], None
        while True:
            page = self.library(query, token=token, **variables)
            for step in path:
                page = page[step]
            found += names(page, key)
            sizes.append(len(page["items"]))
            token = page["nextToken"]
            if token is None:
                return found, sizes

    def test_one_to_many(self):
        library = self.library
        self.create("Author", id="ada", name="Ada")
        self.create("Author", id="eve", name="Eve")
        # The answer of a mutation shows its own write through a relation.
        for n in range(1, 8):
            book = self.create(
                "Book", "title author { name books(limit: 10) { items { title } nextToken } }",
                id=f"b{n}", title=f"Book {n}", pages=n * 100, authorID="ada" if n < 7 else "eve", published=f"2001-01-0{n}",
            )
            self.assertEqual(book["author"]["name"], "Ada" if n < 7 else "Eve")
            self.assertEqual(book["author"]["books"]["items"][-1], {"title": f"Book {n}"})
            self.assertIsNone(book["author"]["books"]["nextToken"])

        # Order, key condition and filter of the nested list are its own.
        authors = library(
            """{ listAuthors(filter: {name: {eq: "Ada"}}) { items {
                 name
                 all: books { items { title } nextToken }
                 last: books(sortDirection: DESC, limit: 2) { items { title } }
                 between: books(published: {between: ["2001-01-02", "2001-01-04"]}) { items { title } }
                 begins: books(published: {beginsWith: "2001-01-05"}) { items { title } }
                 large: books(filter: {or: [{pages: {ge: 600}}, {title: {contains: "k 1"}}]}) { items { title } }
                 none: books(filter: {not: {pages: {attributeExists: true}}}) { items { title } nextToken }
               } } }"""
        )["listAuthors"]["items"]
        self.assertEqual(len(authors), 1)
        ada = authors[0]
        self.assertEqual(names(ada["all"]), [f"Book {n}" for n in range(1, 7)])
        self.assertEqual(names(ada["last"]), ["Book 6", "Book 5"])
        self.assertEqual(names(ada["between"]), ["Book 2", "Book 3", "Book 4"])
        self.assertEqual(names(ada["begins"]), ["Book 5"])
        self.assertEqual(names(ada["large"]), ["Book 1", "Book 6"])
        self.assertEqual(ada["none"], {"items": [], "nextToken": None})

        # Pages: filtered before they are cut, in both directions.
        paged = """query ($token: String, $direction: ModelSortDirection) { getAuthor(id: "ada") {
            books(limit: 2, nextToken: $token, sortDirection: $direction, filter: {pages: {ne: 300}}) { items { title } nextToken } } }"""
        want = ["Book 1", "Book 2", "Book 4", "Book 5", "Book 6"]
        self.assertEqual(self.pages(paged, ["getAuthor", "books"], "title", direction="ASC"), (want, [2, 2, 1]))
        self.assertEqual(self.pages(paged, ["getAuthor", "books"], "title", direction="DESC"), (want[::-1], [2, 2, 1]))

        # A token belongs to its list: the rest of the answer is there without it.
        token = library('{ getAuthor(id: "ada") { books(limit: 2) { nextToken } } }')["getAuthor"]["books"]["nextToken"]
        for bad in ("forged", token[:-4] + "AAAA"):
            status, body = library.send('query ($t: String) { getAuthor(id: "ada") { name books(nextToken: $t) { items { id } } } }', t=bad)
            self.assertEqual((status, body["data"]), (200, {"getAuthor": {"name": "Ada", "books": None}}), body)
            self.assertEqual([e["path"] for e in body["errors"]], [["getAuthor", "books"]])
        status, body = library.send("query ($t: String) { listAuthors(nextToken: $t) { items { id } } }", t=token)
        self.assertEqual((status, body["data"]), (200, {"listAuthors": None}), body)

        # Another author: the row is in the other list at once.
        moved = library('mutation { updateBook(input: {id: "b3", authorID: "eve"}) { author { name books { items { title } } } } }')
        self.assertEqual(moved["updateBook"]["author"], {"name": "Eve", "books": {"items": [{"title": "Book 3"}, {"title": "Book 7"}]}})
        self.assertNotIn("Book 3", names(library('{ getAuthor(id: "ada") { books { items { title } } } }')["getAuthor"]["books"]))

        # What a relation leads to may be gone: the rows that point there stay.
        library('mutation { deleteAuthor(input: {id: "eve"}) { id books { items { id } } } }')
        self.assertEqual(library('{ getBook(id: "b7") { title author { name } } }')["getBook"], {"title": "Book 7", "author": None})

    def test_implicit_keys(self):
        library = self.library
        self.create("Author", id="a", name="A")
        self.create("Book", id="b", title="B", authorID="a", published="2001-01-01")
        for n in range(5):
            review = self.create("Review", "stars book { title author { name } }", id=f"r{n}", stars=n % 3, bookReviewsId="b")
            self.assertEqual(review["book"], {"title": "B", "author": {"name": "A"}})
        self.create("Review", id="loose", stars=5)
        self.assertEqual(library('{ getReview(id: "loose") { stars book { title } } }')["getReview"], {"stars": 5, "book": None})
        query = """query ($token: String) { getBook(id: "b") {
            reviews(limit: 2, nextToken: $token, filter: {stars: {gt: 0}}) { items { id } nextToken } } }"""
        found, sizes = self.pages(query, ["getBook", "reviews"], "id")
        self.assertEqual((sorted(found), sizes), (["r1", "r2", "r4"], [2, 1]))
        # Pages inside pages, three levels down and back.
        got = library(
            """{ listBooks { items { title reviews(limit: 1) { items { book { author { books(limit: 1) { items { title reviews(filter: {id: {eq: "r2"}})
               { items { id } } } } } } } nextToken } } } }"""
        )["listBooks"]["items"]
        self.assertEqual(len(got), 1)
        self.assertTrue(got[0]["reviews"]["nextToken"])
        inner = got[0]["reviews"]["items"][0]["book"]["author"]["books"]["items"]
        self.assertEqual(inner, [{"title": "B", "reviews": {"items": [{"id": "r2"}]}}])

    def test_one_to_one(self):
        library = self.library
        self.create("Author", id="a", name="A")
        self.create("Desk", id="d", room="1", deskAuthorId="a")
        # Each side has a key of its own, and both have to be written.
        self.assertEqual(library('{ getAuthor(id: "a") { desk { room } } }')["getAuthor"], {"desk": None})
        changed = library('mutation { updateAuthor(input: {id: "a", authorDeskId: "d"}) { desk { room author { name desk { id } } } } }')
        self.assertEqual(changed["updateAuthor"]["desk"], {"room": "1", "author": {"name": "A", "desk": {"id": "d"}}})
        library('mutation { deleteDesk(input: {id: "d"}) { id author { name } } }')
        self.assertEqual(library('{ getAuthor(id: "a") { name desk { room } } }')["getAuthor"], {"name": "A", "desk": None})
        cleared = library('mutation { updateAuthor(input: {id: "a", authorDeskId: null}) { authorDeskId desk { id } } }')["updateAuthor"]
        self.assertEqual(cleared, {"authorDeskId": None, "desk": None})

    def test_many_to_many(self):
        library = self.library
        self.create("Author", id="a", name="A")
        for n in range(4):
            self.create("Book", id=f"b{n}", title=f"B{n}", authorID="a", published=f"2001-01-0{n + 1}")
        for genre in ("crime", "love", "travel"):
            self.create("Genre", "name", name=genre)
        for book, genre in (("b0", "crime"), ("b0", "love"), ("b1", "crime"), ("b2", "crime"), ("b3", "travel")):
            row = self.create("BookGenre", "book { title } genre { name books { items { book { id } } } }", id=f"{book}-{genre}", bookId=book, genreName=genre)
            self.assertEqual((row["book"]["title"], row["genre"]["name"]), (f"B{book[1]}", genre))
            self.assertIn({"book": {"id": book}}, row["genre"]["books"]["items"])
        got = library('{ getBook(id: "b0") { genres { items { genre { name } } } } }')["getBook"]["genres"]["items"]
        self.assertEqual(sorted(i["genre"]["name"] for i in got), ["crime", "love"])
        query = """query ($token: String) { getGenre(name: "crime") {
            books(limit: 2, nextToken: $token) { items { id book { title author { name } } } nextToken } } }"""
        found, sizes = self.pages(query, ["getGenre", "books"], "id")
        self.assertEqual((sorted(found), sizes), (["b0-crime", "b1-crime", "b2-crime"], [2, 1]))
        one = library('{ getGenre(name: "crime") { books(filter: {bookId: {eq: "b1"}}) { items { book { title } } } } }')
        self.assertEqual(one["getGenre"]["books"]["items"], [{"book": {"title": "B1"}}])
        # Leaving the relation takes a row of its own away and nothing else.
        library('mutation { deleteBookGenre(input: {id: "b1-crime"}) { id } }')
        found, _ = self.pages(query, ["getGenre", "books"], "id")
        self.assertEqual(sorted(found), ["b0-crime", "b2-crime"])
        self.assertEqual(library('{ getBook(id: "b1") { title genres { items { id } } } }')["getBook"], {"title": "B1", "genres": {"items": []}})
        # A join row whose other side is gone cannot be shown as the schema promises.
        library('mutation { deleteGenre(input: {name: "love"}) { name } }')
        status, body = library.send('{ getBook(id: "b0") { title genres(filter: {genreName: {eq: "love"}}) { items { id genre { name } } } } }')
        self.assertEqual(status, 200)
        self.assertEqual(body["data"]["getBook"]["title"], "B0")
        self.assertEqual(body["data"]["getBook"]["genres"]["items"], [None])
        self.assertEqual([e["path"] for e in body["errors"]], [["getBook", "genres", "items", 0, "genre"]])

    def test_composite_keys(self):
        library = self.library
        self.create("Author", id="a", name="A")
        self.create("Book", id="b", title="B", authorID="a", published="2001-01-01")
        for number in (1, 2):
            self.create("Shelf", "room", room="east", number=number)
        for n in range(5):
            copy = self.create(
                "Copy", "mark shelf { room number } book { title }",
                id=f"c{n}", mark=f"m{n}", bookCopiesId="b", shelfCopiesRoom="east", shelfCopiesNumber=1 + n % 2,
            )
            self.assertEqual(copy["shelf"], {"room": "east", "number": 1 + n % 2})
        query = """query ($token: String) { getShelf(room: "east", number: 1) {
            copies(limit: 2, nextToken: $token, filter: {mark: {beginsWith: "m"}}) { items { mark book { title } } nextToken } } }"""
        found, sizes = self.pages(query, ["getShelf", "copies"], "mark")
        self.assertEqual((sorted(found), sizes), (["m0", "m2", "m4"], [2, 1]))
        self.assertEqual(
            sorted(names(library('{ getBook(id: "b") { copies { items { mark shelf { number } } } } }')["getBook"]["copies"], "mark")),
            [f"m{n}" for n in range(5)],
        )
        moved = library('mutation { updateCopy(input: {id: "c0", shelfCopiesRoom: "east", shelfCopiesNumber: 2}) { shelf { number copies { items { id } } } } }')
        self.assertEqual(sorted(names(moved["updateCopy"]["shelf"]["copies"], "id")), ["c0", "c1", "c3"])
        loose = library('mutation { updateCopy(input: {id: "c1", shelfCopiesRoom: null, shelfCopiesNumber: null}) { mark shelf { number } } }')
        self.assertEqual(loose["updateCopy"], {"mark": "m1", "shelf": None})
