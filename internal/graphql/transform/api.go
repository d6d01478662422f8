// Package transform turns a parsed Amplify schema into the API that AppSync
// would serve: the full GraphQL schema, the operations behind its root fields,
// and the layout of the tables. It is pure: the same document and options give
// the same API on every node and in every run.
package transform

import (
	"regexp"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/authn"
	"preamp/internal/graphql/scalar"
)

// API is a compiled schema: everything that planning a request needs. It is
// never changed after Expand.
type API struct {
	// Version is the transformer generation, 1 or 2.
	Version int
	// SDL is the generated schema as text, without AppSync's built-in scalars
	// and directives.
	SDL string
	// Schema is SDL, loaded together with AppSync's scalars and directives. It
	// is nil when SDL is not a valid schema, which the official tools can give.
	Schema *ast.Schema
	// Invalid says why Schema is nil. CheckServable refuses such an API.
	Invalid error
	// Models holds the @model types by type name.
	Models map[string]*Model
	// Objects holds the object types that are stored inside a model, by name.
	Objects map[string]*Object
	// Operations holds what stands behind a root field: first key Query,
	// Mutation or Subscription, second the field name.
	Operations map[string]map[string]*Operation
	// Layout is where models are stored.
	Layout Layout
	// DefaultAuth is the auth mode of everything that no @aws_* directive gives to
	// others.
	DefaultAuth authn.Mode
	// Guards holds the @auth rules of fields outside of models (version 2): the
	// name of the type, then of the field.
	Guards map[string]map[string]*Access
	// OpenedIAM are the types ("Type") and root fields ("Type.field") that are
	// given to IAM in sandbox mode and, if true, stay with the default mode as well.
	OpenedIAM map[string]bool
	// NoIntrospection says that the fields __schema and __type do not exist.
	NoIntrospection bool
	// UsernameOwner is the setting useSubUsernameForDefaultIdentityClaim turned
	// off: owners are shown as they are stored.
	UsernameOwner bool
	// InheritPrimaryAuth is the setting subscriptionsInheritPrimaryAuth: relations
	// in the payloads of mutations are not redacted for their rules alone.
	InheritPrimaryAuth bool
}

// OperationKind says what a root field does.
type OperationKind uint8

// The kinds of root fields.
const (
	Get OperationKind = 1 + iota
	List
	IndexQuery
	Create
	Update
	Delete
	Sync
	Search
	OnCreate
	OnUpdate
	OnDelete
	// Custom is a field that the user declared. Without a resolver it is null,
	// as in AppSync.
	Custom
)

// Operation is a root field of the generated schema.
type Operation struct {
	Kind OperationKind
	// Model is nil for Custom.
	Model *Model
	// Index is the key that a Get, List or IndexQuery works on; the primary key
	// unless Kind is IndexQuery.
	Index *Index
}

// Model is a type that is stored in a table of its own.
type Model struct {
	Name string
	// Stored is the name that the table belongs to: Name, or what @mapsTo says.
	Stored string
	Table  string // physical name
	// Fields are all fields of the output type in order, the generated ones
	// included; behind them come the foreign keys of version 1 that only the
	// inputs have.
	Fields []*Field
	// Primary is the primary key.
	Primary *Index
	// Indexes are the secondary ones, those that relations need included.
	Indexes []*Index
	// CreatedAt and UpdatedAt name the timestamps that the server fills; empty
	// when switched off.
	CreatedAt, UpdatedAt string
	// Version is the counter of @versioned; nil without.
	Version *Counter
	// Rules are those of @auth, as declared. They decide who may do what in version
	// 1; in version 2 Access does.
	Rules []Rule
	// Access says who may do what in version 2; nil without @auth.
	Access *Access
	// Open says that a model without rules is reachable: v1, or sandbox mode.
	Open bool
	// Subscribed says that subscriptions to the model are protected: the payload of
	// a mutation then holds nothing that a subscriber may not see.
	Subscribed bool
}

// Field is the field of that name, or nil.
func (m *Model) Field(name string) *Field { return find(m.Fields, name) }

// Object is an object type that is stored as JSON inside a model.
type Object struct {
	Name   string
	Fields []*Field
}

// Field is the field of that name, or nil.
func (o *Object) Field(name string) *Field { return find(o.Fields, name) }

func find(fields []*Field, name string) *Field {
	for _, f := range fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// FieldKind is the shape of a field's value.
type FieldKind uint8

// The kinds of fields.
const (
	Scalar FieldKind = 1 + iota
	Enum
	Embedded // an object type, stored as JSON
	Relation // filled from another model's table
	Computed // declared, but nothing stands behind it: null
)

// Storage is the type of a column.
type Storage uint8

// The column types. SQLite / PostgreSQL: text / text COLLATE "C", integer /
// bigint, real / double precision, integer 0 or 1 / boolean, JSON text / text.
const (
	Text Storage = 1 + iota
	Integer
	Real
	Boolean
	JSON // lists and embedded objects, as JSON text
)

// Field is a field of a model or of an embedded object.
type Field struct {
	Name string
	Kind FieldKind
	// Type is the GraphQL type in the generated schema, lists and non-null
	// included.
	Type *ast.Type
	// Named is the innermost type name: "String", "AWSDateTime", an enum, an
	// object.
	Named string
	// List says that the outermost type is a list.
	List bool
	// Column is the physical name; empty inside embedded objects, and for
	// Relation and Computed.
	Column  string
	Storage Storage
	// Default is what a create stores when the field is absent or null; nil for
	// none.
	Default *scalar.Value
	// Checks are made of every value that a client writes, in this order.
	Checks []Check
	// Link is what stands behind a Relation. It is nil when the keys on both
	// sides cannot be compared; CheckServable refuses that.
	Link *Link
	// Rules are field level rules; they replace the model's for this field. In
	// version 2 they are in Model.Access.
	Rules []Rule
	// Implicit says that a relation made the field, a foreign key.
	Implicit bool
}

// Counter is a version that clients have to give back with every change.
type Counter struct {
	Field string // in the type
	Input string // in the inputs of update and delete
}

// Check is one @validate.
type Check struct {
	// Kind is gt, lt, gte, lte, minLength, maxLength, startsWith, endsWith or
	// matches.
	Kind string
	// Number is what numbers and lengths are compared with, Text what a text
	// begins or ends with.
	Number float64
	Text   string
	// Pattern must match all of a text. It is nil when the expression is not one
	// of package regexp; CheckServable refuses such an API.
	Pattern *regexp.Regexp
	// Message is the error that clients get.
	Message string
}

// Link leads from a model to the items of another one.
type Link struct {
	// Model is the other model.
	Model *Model
	// Many says that the field is a page of items, not one item or null.
	Many bool
	// Index is the key of Model by which the items are found.
	Index *Index
	// From are the fields of the declaring model that have the values of the
	// key: the partition field, and all sort fields or none of them.
	From []*Field
	// Sort is the key whose sort argument the field takes, nil for none. It is
	// not always Index.
	Sort *Index
	// Limit is the default size of a page; 0 is the usual one.
	Limit int
}

// Index is a key of a model: a partition field and optional sort fields.
type Index struct {
	// Name is the index name; empty for the primary key.
	Name string
	// Physical is the name of the database index; empty for the primary key.
	Physical  string
	Partition *Field
	Sort      []*Field
	// SortColumn orders the index: the column of the only sort field, or, for
	// two and more, a text column that holds their values joined by "#" as
	// DynamoDB keys made by Amplify do. Empty without sort fields.
	SortColumn string
	// SortStorage is the storage of SortColumn.
	SortStorage Storage
	// SortArgument is the name of the sort key argument of list and index
	// queries ("createdAt", or the camel-case join "regionNum"); empty without.
	SortArgument string
}

// Fields are the partition field and the sort fields, in order.
func (x *Index) Fields() []*Field { return append([]*Field{x.Partition}, x.Sort...) }

// Rule is one @auth rule.
type Rule struct {
	Allow         string // owner, groups, private, public, custom
	Provider      string // apiKey, iam, identityPool, oidc, userPools, function
	OwnerField    string
	IdentityClaim string
	GroupClaim    string
	GroupsField   string
	Groups        []string
	Operations    []string // create update delete get list sync listen search
}

// Access says which roles may do what with the declared fields of a model.
type Access struct {
	// Fields are those that rules speak of: the declared ones.
	Fields []string
	Roles  []*Role
}

// Role is somebody whom @auth rules of version 2 speak of.
type Role struct {
	// Provider is apiKey, iam (also for identityPool), oidc, userPools or function.
	Provider string
	// Allow is owner, groups, private, public or custom.
	Allow string
	// Claim is, for owners, the claims that name one, joined by "::"; for groups
	// the claim that holds the groups of a caller.
	Claim string
	// Group is a group of a static rule. Field is the field of a dynamic rule,
	// whose value names owners or groups; nil for others.
	Group string
	Field *Field
	// Mixed says that another owner rule reads the same field as several claims
	// joined by "::", so that a single claim must not read like that.
	Mixed bool
	// may is by field and operation.
	may map[string]map[string]bool
}

// May says whether the role may do an operation on a field: create, update,
// delete, get, list, sync, listen or search.
func (r *Role) May(operation, field string) bool { return r.may[field][operation] }

// Layout is where the models of an API are stored. It is kept with every
// version; hidden tables and columns are those of models and fields that were
// declared before and are not now.
type Layout struct {
	Tables []Table `json:"tables"`
}

// Table is the storage of a model.
type Table struct {
	Model   string   `json:"model"` // Model.Stored
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
	// Key lists the logical names of the primary key fields.
	Key []string `json:"key"`
	// Order is the column by which rows of one partition are sorted; empty
	// without sort fields.
	Order   string       `json:"order,omitempty"`
	Indexes []TableIndex `json:"indexes,omitempty"`
	Hidden  bool         `json:"hidden,omitempty"`
}

// Column is the storage of a field, or of a joined sort key (then Field is the
// joined name, "region#num", and Joined names its parts).
type Column struct {
	Field   string  `json:"field"`
	Name    string  `json:"name"`
	Storage Storage `json:"storage"`
	// Type is the GraphQL type as text, without the outer "!".
	Type   string   `json:"type"`
	Joined []string `json:"joined,omitempty"`
	Hidden bool     `json:"hidden,omitempty"`
}

// TableIndex is a database index. Its columns are partition column, sort
// column if any, then the primary key columns, so that pages have a total order.
type TableIndex struct {
	Index   string   `json:"index"`
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Hidden  bool     `json:"hidden,omitempty"`
}

// ChangeKind says what a Change does.
type ChangeKind uint8

// The kinds of changes.
const (
	// CreateTable makes a table with all its columns and indexes.
	CreateTable ChangeKind = 1 + iota
	// AddColumn adds a column, null in all rows.
	AddColumn
	CreateIndex
	DropIndex
	// FillColumn writes a joined column of all rows from its parts: it is new,
	// or nobody kept it up while it was hidden. It comes after AddColumn and
	// before the CreateIndex that needs it.
	FillColumn
)

// Change is one step from a live layout to the next. The steps are to be done
// in the order given.
type Change struct {
	Kind   ChangeKind
	Table  Table      // always set
	Column Column     // AddColumn, FillColumn
	Index  TableIndex // CreateIndex, DropIndex
}
