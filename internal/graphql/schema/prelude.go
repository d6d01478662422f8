package schema

import (
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// The definitions that a schema may refer to without declaring them: AppSync's
// scalars and directives, and the directives of the transformers. Their types
// share one name space with the schema's own, as in the official tools.

// AppSync is what AppSync knows without being told: a generated schema may refer
// to it, too.
const AppSync = `
scalar AWSDate
scalar AWSTime
scalar AWSDateTime
scalar AWSTimestamp
scalar AWSEmail
scalar AWSJSON
scalar AWSURL
scalar AWSPhone
scalar AWSIPAddress

directive @aws_subscribe(mutations: [String!]!) on FIELD_DEFINITION
directive @aws_auth(cognito_groups: [String!]!) on FIELD_DEFINITION
directive @aws_api_key on FIELD_DEFINITION | OBJECT
directive @aws_iam on FIELD_DEFINITION | OBJECT
directive @aws_oidc on FIELD_DEFINITION | OBJECT
directive @aws_lambda on FIELD_DEFINITION | OBJECT
directive @aws_cognito_user_pools(cognito_groups: [String!]) on FIELD_DEFINITION | OBJECT
`

// Common to both versions.
const preludeCommon = AppSync + `
scalar BigInt
scalar Double

directive @deprecated(reason: String) on FIELD_DEFINITION | INPUT_FIELD_DEFINITION | ENUM | ENUM_VALUE

directive @model(queries: ModelQueryMap, mutations: ModelMutationMap, subscriptions: ModelSubscriptionMap,
  timestamps: TimestampConfiguration) on OBJECT
input ModelQueryMap { get: String list: String }
input ModelMutationMap { create: String update: String delete: String }
input ModelSubscriptionMap { onCreate: [String] onUpdate: [String] onDelete: [String] level: ModelSubscriptionLevel }
enum ModelSubscriptionLevel { off public on }
input TimestampConfiguration { createdAt: String updatedAt: String }

directive @searchable(queries: SearchableQueryMap) on OBJECT
input SearchableQueryMap { search: String }

directive @http(method: HttpMethod = GET, url: String!, headers: [HttpHeader] = []) on FIELD_DEFINITION
enum HttpMethod { GET POST PUT DELETE PATCH }
input HttpHeader { key: String value: String }

directive @predictions(actions: [PredictionsActions!]!) on FIELD_DEFINITION
enum PredictionsActions { identifyText identifyLabels convertTextToSpeech translateText }

directive @auth(rules: [AuthRule!]!) on OBJECT | FIELD_DEFINITION
`

const preludeV1 = preludeCommon + `
input AuthRule {
  allow: AuthStrategy!
  identityField: String
  provider: AuthProvider
  identityClaim: String
  groupClaim: String
  ownerField: String
  groupsField: String
  groups: [String]
  operations: [ModelOperation]
  queries: [ModelQuery]
  mutations: [ModelMutation]
}
enum AuthStrategy { owner groups private public }
enum AuthProvider { apiKey iam oidc userPools }
enum ModelOperation { create update delete read }
enum ModelQuery { get list }
enum ModelMutation { create update delete }

directive @key(name: String, fields: [String!]!, queryField: String) repeatable on OBJECT
directive @connection(name: String, keyField: String, sortField: String, keyName: String, limit: Int,
  fields: [String!]) on FIELD_DEFINITION
directive @versioned(versionField: String = "version", versionInput: String = "expectedVersion") on OBJECT
directive @function(name: String!, region: String) repeatable on FIELD_DEFINITION
`

const preludeV2 = preludeCommon + `
input AuthRule {
  allow: AuthStrategy!
  provider: AuthProvider
  identityClaim: String
  groupClaim: String
  ownerField: String
  groupsField: String
  groups: [String]
  operations: [ModelOperation]
}
enum AuthStrategy { owner groups private public custom }
enum AuthProvider { apiKey iam identityPool oidc userPools function }
enum ModelOperation { create update delete read list get sync listen search }

directive @primaryKey(sortKeyFields: [String]) on FIELD_DEFINITION
directive @index(name: String, sortKeyFields: [String], queryField: String,
  projection: ProjectionInput) repeatable on FIELD_DEFINITION
input ProjectionInput { type: ProjectionType nonKeyAttributes: [String] }
enum ProjectionType { ALL KEYS_ONLY INCLUDE }
directive @hasOne(fields: [String!], references: [String!]) on FIELD_DEFINITION
directive @hasMany(indexName: String, fields: [String!], references: [String!], limit: Int = 100) on FIELD_DEFINITION
directive @belongsTo(fields: [String!], references: [String!], overrideIndexName: String) on FIELD_DEFINITION
directive @manyToMany(relationName: String!, limit: Int = 100) on FIELD_DEFINITION
directive @default(value: String) on FIELD_DEFINITION
directive @mapsTo(name: String!) on OBJECT
directive @refersTo(name: String!) on OBJECT | FIELD_DEFINITION
directive @sql(statement: String, reference: String) on FIELD_DEFINITION
directive @function(name: String!, region: String, accountId: String,
  invocationType: InvocationType = RequestResponse) repeatable on FIELD_DEFINITION
enum InvocationType { RequestResponse Event }
directive @validate(type: ValidationType!, value: String!, errorMessage: String) repeatable on FIELD_DEFINITION
enum ValidationType { gt lt gte lte minLength maxLength startsWith endsWith matches }

directive @conversation(aiModel: String!, systemPrompt: String!, auth: ConversationAuth!, functionName: String,
  handler: ConversationHandlerFunctionConfiguration, tools: [ToolMap],
  inferenceConfiguration: ConversationInferenceConfiguration) on FIELD_DEFINITION
input ConversationAuth { strategy: ConversationAuthStrategy! provider: ConversationAuthProvider! }
enum ConversationAuthStrategy { owner }
enum ConversationAuthProvider { userPools }
input ConversationHandlerFunctionConfiguration { functionName: String! eventVersion: String! }
input ToolMap {
  name: String!
  description: String!
  queryName: String
  modelName: String
  modelOperation: ConversationToolModelOperation
}
enum ConversationToolModelOperation { list }
input ConversationInferenceConfiguration { maxTokens: Int temperature: Float topP: Float }
directive @generation(aiModel: String!, systemPrompt: String!,
  inferenceConfiguration: GenerationInferenceConfiguration) on FIELD_DEFINITION
input GenerationInferenceConfiguration { maxTokens: Int temperature: Float topP: Float }
`

// prelude is the parsed form of one of the texts above.
type prelude struct {
	types      map[string]*ast.Definition
	directives map[string]*ast.DirectiveDefinition
}

var preludes = [3]func() *prelude{
	1: sync.OnceValue(func() *prelude { return loadPrelude(preludeV1) }),
	2: sync.OnceValue(func() *prelude { return loadPrelude(preludeV2) }),
}

func loadPrelude(text string) *prelude {
	tree, err := parser.ParseSchema(&ast.Source{Input: text})
	if err != nil {
		panic("the prelude is valid SDL: " + err.Error())
	}
	p := &prelude{types: map[string]*ast.Definition{}, directives: map[string]*ast.DirectiveDefinition{}}
	for _, d := range tree.Definitions {
		p.types[d.Name] = d
	}
	for _, d := range tree.Directives {
		p.directives[d.Name] = d
	}
	for _, name := range []string{"String", "Int", "Float", "Boolean", "ID"} {
		p.types[name] = &ast.Definition{Kind: ast.Scalar, Name: name, BuiltIn: true}
	}
	return p
}
