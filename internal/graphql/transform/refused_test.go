package transform_test

import (
	"testing"

	"preamp/internal/authn"
	"preamp/internal/errs"
	"preamp/internal/graphql/schema"
	"preamp/internal/graphql/transform"
)

// refusalsV2 are schemas that version 2 refuses, with the messages. Behind
// the place they are the official ones.
var refusalsV2 = []struct{ name, schema, want string }{
	{
		"model on an input", `input A @model { id: ID }`,
		`1:9: A: Directive "@model" may not be used on INPUT_OBJECT.`,
	},
	{
		"model named like a root type", `type Query @model { id: ID! }`,
		`1:12: Query @model: 'Query' is a reserved type name and currently in use within the default schema element.`,
	},
	{
		"primary key without model", `type A { id: ID! @primaryKey }`,
		`1:18: A.id @primaryKey: The @primaryKey directive may only be added to object definitions annotated with @model.`,
	},
	{
		"field named like a part of the filter", "type Tree @model {\n  id: ID!\n  and: String\n}",
		`3:3: Tree.and: type ModelTreeFilterInput has already a field with name and`,
	},
	{
		"two primary keys", `type A @model { a: ID! @primaryKey b: ID! @primaryKey }`,
		`1:24: A.a @primaryKey: You may only supply one primary key on type 'A'.`,
	},
	{
		"optional primary key", `type A @model { a: ID @primaryKey }`,
		`1:23: A.a @primaryKey: The primary key on type 'A' must reference non-null fields.`,
	},
	{
		"primary key of objects", `type A @model { a: P! @primaryKey } type P { x: Int }`,
		`1:23: A.a @primaryKey: The primary key on type 'A.a' cannot be a non-scalar.`,
	},
	{
		"unknown sort field", `type A @model { a: ID! @primaryKey(sortKeyFields: ["b"]) }`,
		`1:24: A.a @primaryKey: Can't find field 'b' in A, but it was specified in the primary key.`,
	},
	{
		"sort field twice the key", `type A @model { a: ID! @primaryKey(sortKeyFields: ["a"]) }`,
		`1:24: A.a @primaryKey: @primaryKey field 'a' cannot reference itself.`,
	},
	{
		"optional sort field", `type A @model { a: ID! @primaryKey(sortKeyFields: ["b"]) b: Int }`,
		`1:24: A.a @primaryKey: The primary key on type 'A' must reference non-null fields.`,
	},
	{
		"index without model", `type A { a: ID! @index(name: "x") }`,
		`1:17: A.a @index: The indexName is invalid. It should be between 3 and 255 characters. Only A–Z, a–z, 0–9, underscore characters, hyphens, and periods allowed.`,
	},
	{
		"index name twice", `type A @model { a: ID! @index(name: "x") b: ID! @index(name: "x") }`,
		`1:24: A.a @index: The indexName is invalid. It should be between 3 and 255 characters. Only A–Z, a–z, 0–9, underscore characters, hyphens, and periods allowed.`,
	},
	{
		"index name", `type A @model { a: ID! @index(name: "x y") }`,
		`1:24: A.a @index: The indexName is invalid. It should be between 3 and 255 characters. Only A–Z, a–z, 0–9, underscore characters, hyphens, and periods allowed.`,
	},
	{
		"index without a name, null", `type A @model { a: ID! @index(name: null) }`,
		`1:24: A.a @index: Explicit null value not allowed for name field on @index`,
	},
	{
		"unknown sort field of an index", `type A @model { a: ID! @index(name: "x", sortKeyFields: ["b"]) }`,
		`1:24: A.a @index: The indexName is invalid. It should be between 3 and 255 characters. Only A–Z, a–z, 0–9, underscore characters, hyphens, and periods allowed.`,
	},
	{
		"index of objects", `type A @model { a: P! @index(name: "x") } type P { x: Int }`,
		`1:23: A.a @index: The indexName is invalid. It should be between 3 and 255 characters. Only A–Z, a–z, 0–9, underscore characters, hyphens, and periods allowed.`,
	},
	{
		"query field twice", `type A @model { a: ID! @index(name: "x", queryField: "q") b: ID! @index(name: "y", queryField: "q") }`,
		`1:24: A.a @index: The indexName is invalid. It should be between 3 and 255 characters. Only A–Z, a–z, 0–9, underscore characters, hyphens, and periods allowed.`,
	},
	{
		"Boolean key", `type A @model { a: Boolean! @primaryKey }`,
		`1:29: A.a @primaryKey: Boolean values cannot be used as sort keys.`,
	},
	{
		"number in an index over the text id", `type A @model { id: Int a: String @index(name: "x", sortKeyFields: ["id"]) }`,
		`1:35: A.a @index: The indexName is invalid. It should be between 3 and 255 characters. Only A–Z, a–z, 0–9, underscore characters, hyphens, and periods allowed.`,
	},
	{
		"hasOne without model", `type A { b: B @hasOne } type B @model { id: ID! }`,
		`1:15: A.b @hasOne: @hasOne must be on an @model object type field.`,
	},
	{
		"hasOne of a list", `type A @model { b: [B] @hasOne } type B @model { id: ID! }`,
		`1:24: A.b @hasOne: @hasOne cannot be used with lists. Use @hasMany instead.`,
	},
	{
		"hasMany of one", `type A @model { b: B @hasMany } type B @model { id: ID! }`,
		`1:22: A.b @hasMany: @hasMany must be used with a list. Use @hasOne for non-list types.`,
	},
	{
		"belongsTo of a list", `type A @model { b: [B] @belongsTo } type B @model { id: ID! }`,
		`1:24: A.b @belongsTo: @belongsTo cannot be used with lists.`,
	},
	{
		"relation to no model", `type A @model { b: P @hasOne } type P { x: Int }`,
		`1:22: A.b @hasOne: Object type P must be annotated with @model.`,
	},
	{
		"empty fields", `type A @model { b: B @hasOne(fields: []) } type B @model { id: ID! }`,
		`1:22: A.b @hasOne: No fields passed to @hasOne directive.`,
	},
	{
		"unknown foreign key", `type A @model { b: B @hasOne(fields: ["x"]) } type B @model { id: ID! }`,
		`1:22: A.b @hasOne: x is not a field in A`,
	},
	{
		"foreign key of another type", `type A @model { x: Int b: B @hasOne(fields: ["x"]) } type B @model { id: ID! }`,
		`1:29: A.b @hasOne: x field is not of type ID`,
	},
	{
		"foreign key of objects", `type A @model { x: P b: B @hasOne(fields: ["x"]) } type P { x: Int } type B @model { id: ID! }`,
		`1:27: A.b @hasOne: All fields provided to @hasOne must be scalar or enum fields.`,
	},
	{
		"too many foreign keys", `type A @model { x: ID y: ID b: B @hasOne(fields: ["x", "y"]) } type B @model { id: ID! }`,
		`1:34: A.b @hasOne: Invalid @hasOne directive on b. Partial sort keys are not accepted.`,
	},
	{
		"unknown index", `type A @model { b: [B] @hasMany(indexName: "x", fields: ["id"]) id: ID! } type B @model { id: ID! }`,
		`1:24: A.b @hasMany: Index x does not exist for model B`,
	},
	{
		"belongsTo without partner", `type A @model { b: B @belongsTo } type B @model { id: ID! }`,
		`1:22: A.b @belongsTo: B must have a relationship with A in order to use @belongsTo.`,
	},
	{
		"fields and references", `type A @model { x: ID b: B @hasOne(fields: ["x"], references: ["x"]) } type B @model { id: ID! }`,
		`1:28: A.b @hasOne: fields and references cannot be defined in the same hasOne. Use 'references'`,
	},
	{
		"references without partner", `type A @model { b: [C] @hasMany(references: ["aId"]) } type C @model { aId: ID }`,
		`1:24: A.b @hasMany: Uni-directional relationships are not supported. Add a @belongsTo field in C to match the @hasMany field A.b, and ensure the number and type of reference fields match the number and type of primary key fields in A.`,
	},
	{
		"references of another type", `type A @model { b: [C] @hasMany(references: ["aId"]) } type C @model { aId: Int a: A @belongsTo(references: ["aId"]) }`,
		`1:24: A.b @hasMany: Type mismatch between primary key field(s) of A and reference fields of C. Type of A.id does not match type of C.aId`,
	},
	{
		"too few references", `type A @model { x: ID! @primaryKey(sortKeyFields: ["y"]) y: ID! b: [C] @hasMany(references: ["aId"]) } type C @model { aId: ID a: A @belongsTo(references: ["aId"]) }`,
		`1:72: A.b @hasMany: The number of references provided to @hasMany must match the number of primary keys on A.`,
	},
	{
		"required relation by references", `type A @model { b: C! @hasOne(references: ["aId"]) } type C @model { aId: ID a: A @belongsTo(references: ["aId"]) }`,
		`1:23: A.b @hasOne: @hasOne fields must not be required. Change 'A.b: C!' to 'A.b: C'`,
	},
	{
		"references of lists", `type A @model { b: C @hasOne(references: ["aId"]) } type C @model { aId: [ID] a: A @belongsTo(references: ["aId"]) }`,
		`1:22: A.b @hasOne: The reference fields and the primary key fields of A must not be lists.`,
	},
	{
		"manyToMany of one", `type A @model { b: B @manyToMany(relationName: "AB") } type B @model { id: ID! }`,
		`1:22: A.b @manyToMany: @manyToMany must be used with a list.`,
	},
	{
		"manyToMany used once", `type A @model { b: [B] @manyToMany(relationName: "AB") } type B @model { id: ID! }`,
		`1:24: A.b @manyToMany: @manyToMany relation 'AB' must be used in exactly two locations.`,
	},
	{
		"manyToMany used three times", `type A @model { b: [C] @manyToMany(relationName: "AC") d: [C] @manyToMany(relationName: "AC") } type C @model { a: [A] @manyToMany(relationName: "AC") }`,
		`1:120: C.a @manyToMany: @manyToMany relation 'AC' must be used in exactly two locations.`,
	},
	{
		"manyToMany to another model", `type A @model { b: [C] @manyToMany(relationName: "AC") } type C @model { a: [B] @manyToMany(relationName: "AC") } type B @model { id: ID! }`,
		`1:81: C.a @manyToMany: @manyToMany relation 'AC' expects 'B' but got 'A'.`,
	},
	{
		"manyToMany named like a type", `type A @model { b: [C] @manyToMany(relationName: "B") } type C @model { a: [A] @manyToMany(relationName: "B") } type B @model { id: ID! }`,
		`1:24: A.b @manyToMany: @manyToMany relation name 'B' (derived from 'B') already exists as a type in the schema.`,
	},
	{
		"auth without model", `type A @auth(rules: [{allow: public}]) { x: Int }`,
		`1:8: A @auth: Types annotated with @auth must also be annotated with @model.`,
	},
	{
		"auth without rules", `type A @model @auth(rules: []) { id: ID! }`,
		`1:15: A @auth: @auth on A does not have any auth rules.`,
	},
	{
		"groups and groupsField", `type A @model @auth(rules: [{allow: groups, groups: ["g"], groupsField: "gs"}]) { id: ID! }`,
		`1:15: A @auth: This rule has groupsField and groups, please use one or the other`,
	},
	{
		"groups by key", `type A @model @auth(rules: [{allow: groups, groups: ["g"], provider: apiKey}]) { id: ID! }`,
		`1:15: A @auth: @auth directive with 'groups' strategy only supports 'userPools' and 'oidc' providers, but found 'apiKey' assigned.`,
	},
	{
		"owner by key", `type A @model @auth(rules: [{allow: owner, provider: apiKey}]) { id: ID! }`,
		`1:15: A @auth: @auth directive with 'owner' strategy only supports 'userPools' (default) and 'oidc' providers, but found 'apiKey' assigned.`,
	},
	{
		"public by user pools", `type A @model @auth(rules: [{allow: public, provider: userPools}]) { id: ID! }`,
		`1:15: A @auth: @auth directive with 'public' strategy only supports 'apiKey' (default) and 'identityPool' providers, but found 'userPools' assigned.`,
	},
	{
		"private by key", `type A @model @auth(rules: [{allow: private, provider: apiKey}]) { id: ID! }`,
		`1:15: A @auth: @auth directive with 'private' strategy only supports 'userPools' (default) and 'identityPool' providers, but found 'apiKey' assigned.`,
	},
	{
		"custom by key", `type A @model @auth(rules: [{allow: custom, provider: apiKey}]) { id: ID! }`,
		`1:15: A @auth: @auth directive with 'custom' strategy only supports 'function' (default) provider, but found 'apiKey' assigned.`,
	},
	{
		"read and get", `type A @model @auth(rules: [{allow: public, operations: [read, get]}]) { id: ID! }`,
		`1:15: A @auth: 'get' operations are specified in addition to 'read'. Either remove 'read' to limit access only to 'get' or only keep 'read' to grant all get,list,search,listen,sync access.`,
	},
	{
		"field rule without rules for required fields", `type A @model { id: ID! s: String @auth(rules: [{allow: public}]) }`,
		"1:35: A @auth: When using field-level authorization rules you need to add rules to all of the model's required fields with at least read permissions. Found model \"A\" with required fields [\"id\"] missing field-level authorization rules.\n\nFor more information visit https://docs.amplify.aws/cli/graphql/authorization-rules/#field-level-authorization-rules",
	},
	{
		"searchable without model", `type A @searchable { x: Int }`,
		`1:8: A @searchable: Types annotated with @searchable must also be annotated with @model.`,
	},
	{
		"default without model", `type A { s: String @default(value: "x") }`,
		`1:20: A.s @default: The @default directive may only be added to object definitions annotated with @model.`,
	},
	{
		"default of a list", `type A @model { s: [String] @default(value: "x") }`,
		`1:29: A.s @default: The @default directive may only be added to scalar or enum field types.`,
	},
	{
		"default of an object", `type A @model { s: P @default(value: "x") } type P { x: Int }`,
		`1:22: A.s @default: The @default directive may only be added to scalar or enum field types.`,
	},
	{
		"default that does not fit", `type A @model { n: Int @default(value: "x") }`,
		`1:24: A.n @default: Default value "x" is not a valid Int.`,
	},
	{
		"default that is no member", `type A @model { e: E @default(value: "Z") } enum E { Y }`,
		`1:22: A.e @default: Default value "Z" is not a member of E enum.`,
	},
	{
		"mapsTo a model", `type A @model @mapsTo(name: "B") { id: ID! } type B @model { id: ID! }`,
		`1:15: A @mapsTo: Cannot apply @mapsTo with name "B" on type "A" because "B" model already exists in the schema.`,
	},
	{
		"mapsTo without model", `type A @mapsTo(name: "C") { x: Int }`,
		`1:8: A @mapsTo: @mapsTo is not supported on type A. It can only be used on a @model type.`,
	},
	{
		"validate a list", `type A @model { s: [String] @validate(type: minLength, value: "1") }`,
		`1:29: A.s @validate: @validate directive cannot be used on list field 's'`,
	},
	{
		"validate a number by length", `type A @model { n: Int @validate(type: minLength, value: "1") }`,
		`1:24: A.n @validate: Validation type 'minLength' can only be used with 'String' fields. Field 'n' is of type 'Int'`,
	},
	{
		"validate by a negative length", `type A @model { s: String @validate(type: minLength, value: "-1") }`,
		`1:27: A.s @validate: minLength value must be a non-negative integer. Received '-1' for field 's'`,
	},
	{
		"validate twice", `type A @model { s: String @validate(type: minLength, value: "1") @validate(type: minLength, value: "2") }`,
		`1:27: A.s @validate: Duplicate @validate directive with type 'minLength' on field 's'. Each validation type can only be used once per field.`,
	},
	{
		"predictions outside of queries", `type A @model { s: String @predictions(actions: [identifyText]) }`,
		`1:27: A.s @predictions: @predictions directive only works under Query operations.`,
	},
	{
		"predictions that do not chain", `type Query { s: String @predictions(actions: [convertTextToSpeech, identifyText]) }`,
		`1:24: Query.s @predictions: identifyText is not supported in this context!`,
	},
	{
		"http url", `type A @model { s: String @http(url: "ftp://x") }`,
		`1:27: A.s @http: @http directive at location 26 requires a url parameter that begins with http:// or https://.`,
	},
	{
		"sql", `type A @model { id: ID! } type Query { s: String @sql(statement: "x") }`,
		`1:50: Query.s @sql: SQL data sources are not supported`,
	},
}

// refusalsV1 are the same for version 1.
var refusalsV1 = []struct{ name, schema, want string }{
	{
		"model on an input", `input A @model { id: ID }`,
		`1:9: A: Directive "@model" may not be used on INPUT_OBJECT.`,
	},
	{
		"key without fields", `type A @model @key(fields: []) { id: ID! }`,
		`1:15: A @key: @key directives must include at least one field.`,
	},
	{
		"unknown key field", `type A @model @key(fields: ["x"]) { id: ID! }`,
		`1:15: A @key: You cannot specify a nonexistent field 'x' in @key '<unnamed>' on type 'A'.`,
	},
	{
		"optional key field", `type A @model @key(fields: ["x"]) { x: ID }`,
		`1:15: A @key: The primary @key on type 'A' must reference non-null fields.`,
	},
	{
		"two primary keys", `type A @model @key(fields: ["x"]) @key(fields: ["y"]) { x: ID! y: ID! }`,
		`1:15: A @key: You may only supply one primary @key on type 'A'.`,
	},
	{
		"key without model", `type A @key(fields: ["x"]) { x: ID! }`,
		`1:8: A @key: The @key directive may only be added to object definitions annotated with @model.`,
	},
	{
		"key name twice", `type A @model @key(name: "k", fields: ["x"]) @key(name: "k", fields: ["y"]) { x: ID! y: ID! }`,
		`1:15: A @key: You may only supply one @key with the name 'k' on type 'A'.`,
	},
	{
		"queryField of the primary key", `type A @model @key(fields: ["x"], queryField: "q") { x: ID! }`,
		`1:15: A @key: You cannot pass 'queryField' to the primary @key on type 'A'.`,
	},
	{
		"connection without model", `type A { b: B @connection } type B @model { id: ID! }`,
		`1:15: A.b @connection: @connection must be on an @model object type field.`,
	},
	{
		"connection to no model", `type A @model { p: P @connection } type P { x: Int }`,
		`1:22: A.p @connection: Object type P must be annotated with @model.`,
	},
	{
		"connection by an unknown field", `type A @model { b: B @connection(fields: ["x"]) } type B @model { id: ID! }`,
		`1:22: A.b @connection: x is not a field in A`,
	},
	{
		"connection by an unknown key", `type A @model { id: ID! b: [B] @connection(keyName: "k", fields: ["id"]) } type B @model { id: ID! }`,
		`1:32: A.b @connection: Key k does not exist for model B`,
	},
	{
		"connection without fields", `type A @model { b: B @connection(fields: []) } type B @model { id: ID! }`,
		`1:22: A.b @connection: No fields passed in to @connection directive.`,
	},
	{
		"versioned without model", `type A @versioned { x: Int }`,
		`1:8: A @versioned: Types annotated with @versioned must also be annotated with @model.`,
	},
	{
		"searchable without model", `type A @searchable { x: Int }`,
		`1:8: A @searchable: Types annotated with @searchable must also be annotated with @model.`,
	},
	{
		"auth without model", `type A @auth(rules: [{allow: public}]) { x: Int }`,
		`1:8: A @auth: Types annotated with @auth must also be annotated with @model.`,
	},
	{
		"public by user pools", `type A @model @auth(rules: [{allow: public, provider: userPools}]) { id: ID! }`,
		`1:15: A @auth: @auth directive with 'public' strategy only supports 'apiKey' (default) and 'iam' providers, but found 'userPools' assigned.`,
	},
	{
		"directives of version 2", `type A @model { id: ID! @primaryKey }`,
		`1:25: A.id: Unknown directive "@primaryKey".`,
	},
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for version, list := range map[int][]struct{ name, schema, want string }{1: refusalsV1, 2: refusalsV2} {
		modes := []authn.Mode{authn.UserPool, authn.IAM, authn.OIDC, authn.Lambda}
		opt := transform.Options{Version: version, AuthModes: modes}
		for _, tt := range list {
			doc, err := schema.ParseAs(tt.schema, version)
			if err == nil {
				_, err = transform.Expand(doc, opt)
			}
			if errs.KindOf(err) != errs.Invalid {
				t.Errorf("version %d, %s: kind %v, want Invalid (%v)", version, tt.name, errs.KindOf(err), err)
				continue
			}
			if got := errs.Public(err).Message; got != tt.want {
				t.Errorf("version %d, %s:\ngot  %s\nwant %s", version, tt.name, got, tt.want)
			}
		}
	}
}
