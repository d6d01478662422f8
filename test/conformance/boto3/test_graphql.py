"""The product's main job, from an empty server to a changed API and back to nothing."""

from support import BackendTest, schema, without_metadata


class MainJob(BackendTest):
    def test_from_schema_to_api_and_back(self):
        self.backend(name="Shop")
        self.api(schema("shop-1.graphql"))
        shop = self.graphql_api()
        at = {"AppId": self.app, "BackendEnvironmentName": "dev"}

        # Create and get: ids and times are the server's.
        ada = shop(
            """mutation ($input: CreateCustomerInput!) {
                 createCustomer(input: $input) { __typename id name email address { street city lines } note vip rating createdAt updatedAt }
               }""",
            input={
                "name": "Ada", "email": "ada@example.com", "note": "first", "vip": True, "rating": 4.5,
                "address": {"street": "Main St 1", "city": "London", "lines": ["c/o", None]},
            },
        )["createCustomer"]
        self.assertEqual(ada["__typename"], "Customer")
        self.assertRegex(ada["id"], r"^[0-9a-f-]{36}$")
        self.assertRegex(ada["createdAt"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(ada["createdAt"], ada["updatedAt"])
        self.assertEqual(ada["address"], {"street": "Main St 1", "city": "London", "lines": ["c/o", None]})
        got = shop("query ($id: ID!) { getCustomer(id: $id) { id name email note vip rating } }", id=ada["id"])["getCustomer"]
        self.assertEqual(got, {k: ada[k] for k in ("id", "name", "email", "note", "vip", "rating")})
        self.assertIsNone(shop('{ getCustomer(id: "nobody") { id } }')["getCustomer"])

        # A key exists once.
        error = shop.error('mutation ($id: ID) { createCustomer(input: {id: $id, name: "Eve"}) { id } }', id=ada["id"])
        self.assertEqual(error["errorType"], "DynamoDB:ConditionalCheckFailedException")
        self.assertEqual(error["path"], ["createCustomer"])

        # Update touches what is given; the condition is judged on the stored row.
        changed = shop(
            "mutation ($id: ID!) { updateCustomer(input: {id: $id, rating: 5}, condition: {vip: {eq: true}}) { name rating note updatedAt } }",
            id=ada["id"],
        )["updateCustomer"]
        self.assertEqual((changed["name"], changed["rating"], changed["note"]), ("Ada", 5, "first"))
        self.assertGreater(changed["updatedAt"], ada["updatedAt"])
        error = shop.error(
            "mutation ($id: ID!) { updateCustomer(input: {id: $id, rating: 1}, condition: {vip: {eq: false}}) { id } }", id=ada["id"]
        )
        self.assertEqual(error["errorType"], "DynamoDB:ConditionalCheckFailedException")
        error = shop.error('mutation { updateCustomer(input: {id: "nobody", name: "x"}) { id } }')
        self.assertEqual(error["errorType"], "DynamoDB:ConditionalCheckFailedException")

        # Orders: a composite key, an index with a sort key.
        for number in range(1, 8):
            shop(
                "mutation ($input: CreateOrderInput!) { createOrder(input: $input) { number } }",
                input={
                    "customerID": ada["id"], "number": number, "status": "PAID" if number % 2 else "OPEN",
                    "placedAt": f"2026-01-0{number}T12:00:00.000Z", "lines": [{"sku": f"s{number}", "count": number}],
                },
            )
        one = shop("query ($c: ID!) { getOrder(customerID: $c, number: 3) { status lines { sku count } } }", c=ada["id"])["getOrder"]
        self.assertEqual(one, {"status": "PAID", "lines": [{"sku": "s3", "count": 3}]})
        self.assertEqual(
            shop("query ($c: ID) { listOrders(customerID: $c, number: {between: [2, 4]}, sortDirection: DESC) { items { number } } }",
                 c=ada["id"])["listOrders"]["items"],
            [{"number": 4}, {"number": 3}, {"number": 2}],
        )
        paid = "query ($d: ModelSortDirection) { ordersByStatus(status: PAID, sortDirection: $d) { items { number } nextToken } }"
        self.assertEqual([o["number"] for o in shop(paid, d="ASC")["ordersByStatus"]["items"]], [1, 3, 5, 7])
        self.assertEqual([o["number"] for o in shop(paid, d="DESC")["ordersByStatus"]["items"]], [7, 5, 3, 1])
        self.assertEqual(
            shop('{ ordersByStatus(status: PAID, placedAt: {beginsWith: "2026-01-05"}) { items { number } } }')["ordersByStatus"]["items"],
            [{"number": 5}],
        )
        self.assertEqual(
            shop('{ customersByEmail(email: "ada@example.com") { items { name } } }')["customersByEmail"]["items"], [{"name": "Ada"}]
        )

        # Filter and pages: a page is full as long as there are rows.
        seen, token, pages = [], None, 0
        while True:
            page = shop(
                "query ($t: String) { listOrders(filter: {or: [{status: {eq: PAID}}, {number: {eq: 2}}]}, limit: 2, nextToken: $t)"
                " { items { number } nextToken } }",
                t=token,
            )["listOrders"]
            seen += [o["number"] for o in page["items"]]
            token, pages = page["nextToken"], pages + 1
            if token is None:
                break
            self.assertEqual(len(page["items"]), 2)
        self.assertEqual((sorted(seen), pages), ([1, 2, 3, 5, 7], 3))
        status, body = shop.send('{ listOrders(nextToken: "forged") { items { number } } listCustomers { items { name } } }')
        self.assertEqual((status, body["data"]), (200, {"listOrders": None, "listCustomers": {"items": [{"name": "Ada"}]}}))
        self.assertEqual([e["path"] for e in body["errors"]], [["listOrders"]])

        gone = shop("mutation ($c: ID!) { deleteOrder(input: {customerID: $c, number: 7}) { number status } }", c=ada["id"])["deleteOrder"]
        self.assertEqual(gone, {"number": 7, "status": "PAID"})
        self.assertIsNone(shop("query ($c: ID!) { getOrder(customerID: $c, number: 7) { number } }", c=ada["id"])["getOrder"])

        # The wrong key and no key.
        right, shop.key = shop.key, "da2-" + "0" * 26
        self.assertEqual(shop.send("{ listOrders { items { number } } }")[0], 401)
        shop.key = right

        # A new schema: a model and a field more, a field less.
        endpoint = shop.url
        self.completed(self.update_api(schema("shop-2.graphql")))
        shop = self.graphql_api()
        self.assertEqual(shop.url, endpoint)
        shop("mutation ($id: ID!) { updateCustomer(input: {id: $id, phone: \"+1 415 555 0100\"}) { phone } }", id=ada["id"])
        product = shop('mutation { createProduct(input: {title: "Amp", price: 12.5}) { id title price } }')["createProduct"]
        self.assertEqual((product["title"], product["price"]), ("Amp", 12.5))
        self.assertIn("note", shop.error("{ listCustomers { items { note } } }")["message"])
        self.assertEqual(len(shop("{ listOrders { items { number } } }")["listOrders"]["items"]), 6)
        # A changed type fails and names it; the second version keeps serving.
        self.assertRegex(self.failed(self.update_api(schema("shop-changed-type.graphql"))), r"^25:\d+: Customer\.vip\b")
        self.assertEqual(shop("{ listCustomers { items { vip } } }")["listCustomers"]["items"], [{"vip": True}])
        # What was hidden returns with its data, and what is undeclared now is hidden.
        self.completed(self.update_api(schema("shop-1.graphql")))
        shop = self.graphql_api()
        self.assertEqual(shop("{ listCustomers { items { note } } }")["listCustomers"]["items"], [{"note": "first"}])
        self.assertIn("listProducts", shop.error("{ listProducts { items { id } } }")["message"])
        self.completed(self.update_api(schema("shop-2.graphql")))
        self.assertEqual(shop("{ listProducts { items { title } } }")["listProducts"]["items"], [{"title": "Amp"}])

        # Models, clone, jobs.
        self.completed(self.sdk.generate_backend_api_models(**at, ResourceName="shop"))
        models = self.sdk.get_backend_api_models(**at, ResourceName="shop")
        self.assertEqual(models["Status"], "LATEST")
        self.assertIn('"Product"', models["Models"])
        self.completed(self.sdk.clone_backend(**at, TargetEnvironmentName="copy"), env="dev")
        copy = self.graphql_api("copy")
        self.assertEqual(copy("{ listCustomers { items { id } } }")["listCustomers"]["items"], [])
        jobs = self.sdk.get_paginator("list_backend_jobs").paginate(**at, PaginationConfig={"PageSize": 3})
        self.assertEqual(
            [j["Operation"] for page in jobs for j in page["Jobs"]],
            ["CloneBackend", "GenerateBackendAPIModels"] + ["UpdateBackendAPI"] * 4 + ["CreateBackendAPI", "CreateBackend"],
        )

        # Tokens and configuration.
        token = self.sdk.create_token(AppId=self.app)
        self.assertEqual(self.sdk.get_token(AppId=self.app, SessionId=token["SessionId"])["ChallengeCode"], token["ChallengeCode"])
        self.assertTrue(self.sdk.delete_token(AppId=self.app, SessionId=token["SessionId"])["IsSuccess"])
        self.completed(self.sdk.create_backend_config(AppId=self.app))
        self.sdk.update_backend_config(AppId=self.app, LoginAuthConfig={"AwsUserPoolsId": "us-east-1_AbCdEfGhI"})
        self.sdk.remove_backend_config(AppId=self.app)

        # The way out.
        self.completed(self.sdk.delete_backend_api(**at, ResourceName="shop"))
        status, body = shop.send("{ listCustomers { items { id } } }")
        self.assertEqual((status, body["errors"][0]["errorType"]), (404, "NotFoundException"))
        self.assertTrue(body["errors"][0]["message"])
        self.assertEqual(copy("{ listCustomers { items { id } } }")["listCustomers"]["items"], [])
        last = self.sdk.remove_all_backends(AppId=self.app, CleanAmplifyApp=True)
        ended = self.completed(last, env="dev")
        self.assertEqual(ended["Operation"], "RemoveAllBackends")
        self.missing("App", self.sdk.get_backend, AppId=self.app)
        self.assertEqual(copy.send("{ listCustomers { items { id } } }")[0], 404)
        again = without_metadata(self.sdk.get_backend_job(AppId=self.app, BackendEnvironmentName="whatever", JobId=last["JobId"]))
        self.assertEqual((again["JobId"], again["Status"]), (last["JobId"], "COMPLETED"))
