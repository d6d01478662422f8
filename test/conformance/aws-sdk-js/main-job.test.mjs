// The product's main job: a backend from a schema, used, changed and removed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { api, backend, call, completed, ended, graphql, refused, schema } from "./support.mjs";

test("from a schema to an API and back", async () => {
  const app = await backend();
  const at = { AppId: app, BackendEnvironmentName: "dev", ResourceName: "shop" };
  const update = (name) => call("UpdateBackendAPI", { ...at, ResourceConfig: { TransformSchema: schema(name) } });
  await api(app, schema("shop-1.graphql"));
  let shop = await graphql(app);

  const input = { name: "Ada", email: "ada@example.com", note: "first", vip: true, address: { street: "Main St 1", city: "London" } };
  const { createCustomer: ada } = await shop(
    "mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { id name email note vip address { street city } createdAt updatedAt } }",
    { input },
  );
  const { id, createdAt, updatedAt, ...rest } = ada;
  assert.deepEqual(rest, input);
  assert.equal(createdAt, updatedAt);
  assert.deepEqual((await shop("query ($id: ID!) { getCustomer(id: $id) { name } }", { id })).getCustomer, { name: "Ada" });
  assert.deepEqual(
    (await shop("mutation ($id: ID!) { updateCustomer(input: {id: $id, rating: 2.5}) { name rating } }", { id })).updateCustomer,
    { name: "Ada", rating: 2.5 },
  );
  const again = await shop.send("mutation ($id: ID!) { createCustomer(input: {id: $id, name: \"Eve\"}) { id } }", { id });
  assert.equal(again.errors[0].errorType, "DynamoDB:ConditionalCheckFailedException");

  for (let number = 1; number <= 5; number++) {
    await shop("mutation ($input: CreateOrderInput!) { createOrder(input: $input) { number } }", {
      input: { customerID: id, number, status: number % 2 ? "PAID" : "OPEN", placedAt: `2026-01-0${number}T00:00:00.000Z` },
    });
  }
  const paid = await shop("{ ordersByStatus(status: PAID, sortDirection: DESC) { items { number } } }");
  assert.deepEqual(paid.ordersByStatus.items.map((o) => o.number), [5, 3, 1]);
  const seen = [];
  for (let token; token !== null; ) {
    const page = await shop("query ($t: String) { listOrders(filter: {status: {ne: OPEN}}, limit: 2, nextToken: $t) { items { number } nextToken } }", { t: token });
    seen.push(...page.listOrders.items.map((o) => o.number));
    token = page.listOrders.nextToken;
  }
  assert.deepEqual(seen.sort(), [1, 3, 5]);
  assert.deepEqual((await shop("mutation ($id: ID!) { deleteOrder(input: {customerID: $id, number: 5}) { status } }", { id })).deleteOrder, { status: "PAID" });
  assert.equal((await shop.send("{ listOrders { items { number } } }", {}, "da2-00000000000000000000000000")).status, 401);

  await completed(await update("shop-2.graphql"));
  shop = await graphql(app);
  await shop('mutation { createProduct(input: {title: "Amp"}) { id } }');
  assert.match((await shop.send("{ listCustomers { items { note } } }")).errors[0].message, /note/);
  const failed = await ended(await update("shop-changed-type.graphql"));
  assert.equal(failed.Status, "FAILED");
  assert.match(failed.Error, /^25:\d+: Customer\.vip\b/);
  assert.deepEqual((await shop("{ listCustomers { items { vip } } }")).listCustomers.items, [{ vip: true }]);

  await completed(await call("GenerateBackendAPIModels", at));
  assert.match((await call("GetBackendAPIModels", at)).Models, /"Product"/);
  await completed(await call("DeleteBackendAPI", at));
  const gone = await shop.send("{ listCustomers { items { id } } }");
  assert.equal(gone.status, 404);
  assert.equal(gone.errors[0].errorType, "NotFoundException");
  await completed(await call("RemoveAllBackends", { AppId: app, CleanAmplifyApp: true }), "dev");
  await refused("NotFoundException", call("GetBackend", { AppId: app }));
});
