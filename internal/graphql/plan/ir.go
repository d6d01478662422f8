package plan

import (
	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/transform"
)

// Param is the number of a parameter, from 1; 0 is none.
type Param int

// StatementKind says what a statement does.
type StatementKind uint8

// The kinds of statements.
const (
	SelectOne  StatementKind = 1 + iota // one row by its key
	SelectPage                          // one page of rows
	Insert
	Update
	Delete
	// Failure is a relation that cannot be read: its answer is FailMark.
	Failure
	// Probe says which of Checks hold for a row: its answer is a JSON list of 0
	// and 1.
	Probe
)

// Statement is what one root field asks of the database. Its answer is one JSON
// text, or no row. A relation is a statement inside another one.
type Statement struct {
	Kind  StatementKind
	Table string
	// Out is the answer: the row, or the connection for SelectPage. It is nil
	// for a mutation that another statement answers.
	Out *Object
	// Nested are the statements of the relations below Out, at any depth, by
	// Output.Nested. Those of a nested statement are in the outermost one.
	Nested []*Statement
	// Where selects rows; all of it must hold.
	Where []Pred
	// Set are the columns that Insert and Update write.
	Set []Assign

	// Order is the total order of a page; Desc turns all of it around. A
	// SelectOne with an order takes the first row.
	Order []Column
	// Fixed are the columns that have the same value in all rows of a nested
	// page: with Order they are the key of a row.
	Fixed []Column
	Desc  bool
	// After are the values of Order at which the page begins, the row with
	// these values included.
	After []Param
	// Limit is the number of rows of a page.
	Limit Param
	// Filtered says that Where holds more than key conditions, so that walking
	// over the rows a second time could be costly.
	Filtered bool

	// NullMark stands for a null in a non-null field, KeyMark begins the mark
	// that becomes a nextToken. 0 when the statement cannot emit it.
	NullMark, KeyMark Param
	// FailMark stands for a relation that cannot be read, or not for the rows
	// around it that do not satisfy Guard.
	FailMark Param
	Guard    []Pred
	// Visible is what the row of a SelectOne must satisfy to be shown; HiddenMark
	// stands for a row that does not.
	Visible    []Pred
	HiddenMark Param
	// Masks are those of the outputs, by Output.Mask. Those of nested statements
	// are in the outermost one. OwnerMark stands before an owner.
	Masks     []Mask
	OwnerMark Param
	// Checks are what a Probe looks at.
	Checks []Pred
	// Lock keeps the selected row from changing before the transaction ends.
	Lock bool
}

// Mask hides an output in the rows that do not satisfy all of Where, whose
// columns are those of the row that the output belongs to.
type Mask struct {
	Where []Pred
	Mark  Param
}

// Column is a stored column.
type Column struct {
	Name    string
	Storage transform.Storage
}

// Assign gives a column its value: a parameter, or for a joined sort key the
// parts that are joined by "#".
type Assign struct {
	Column Column
	Value  Param
	Joined []Part
}

// Part is a part of a joined sort key: a parameter holding text, or the stored
// value of a column.
type Part struct {
	Value  Param
	Column Column
}

// PredOp is the operator of a predicate.
type PredOp uint8

// The operators. All are two-valued: a null column never satisfies one, and
// always satisfies its negation.
const (
	Never      PredOp = 1 + iota
	Always            // also for absent values
	And               // all of Kids
	Or                // one of Kids
	Equal             // Args[0]
	Differs           // Args[0], of a value that is there
	Less              // Args[0]
	LessEq            // Args[0]
	More              // Args[0]
	MoreEq            // Args[0]
	Between           // Args[0] to Args[1], both included
	Prefix            // at least Args[0], and below Args[1] if that is set
	Contains          // a text that holds the text Args[0]
	Holds             // a list that holds the text Args[0]
	Present           // not null
	OneOf             // a value that is one of List, or a text that is one of Set
	HoldsOneOf        // a list that holds one of the texts in List or Set
)

// Measure is what of a column is compared.
type Measure uint8

// The measures.
const (
	Itself Measure = iota
	Length         // characters of a text
	Count          // elements of a list
)

// Pred is a predicate over one row. Negations are pushed down to the leaves.
type Pred struct {
	Op      PredOp
	Not     bool
	Measure Measure
	Column  Column
	Args    [2]Param
	List    []Param
	// Set is a JSON list of texts in place of a long List.
	Set Param
	// Outer are columns of the row around a nested statement, in place of
	// Args[0]: one, or the parts that are joined by "#".
	Outer []Column
	Kids  []Pred
}

// OutputKind says where an output comes from.
type OutputKind uint8

// The kinds of outputs.
const (
	FromColumn OutputKind = 1 + iota // a column of the row
	FromMember                       // a member of the stored object around it
	TypeName                         // the name of the object type
	NullOutput                       // always null
	Items                            // the rows of a page
	NextToken                        // the mark of the next page
	Related                          // the answer of a nested statement
)

// Object is the selection of an object type.
type Object struct {
	Type   string
	Fields []Output
}

// Output is one selected field.
type Output struct {
	Key    string // response key
	Kind   OutputKind
	Type   *ast.Type
	Column Column // FromColumn
	Name   string // FromMember: its name in the stored object
	Nested int    // Related: which statement of Statement.Nested
	// Sure says that the store never has a null here.
	Sure bool
	// Mask is the number of the mask in Statement.Masks, from 1; 0 is none.
	Mask int
	// Owner says that the value names owners: it is answered as a list of
	// OwnerMark and the value, for the executor to take apart.
	Owner bool
	// Sub is the selection of the object, or of the objects of a list.
	Sub *Object
}

// AppendShape appends a text that is the same for two statements of the same
// field exactly if they are the same but for the values of their parameters.
func (s *Statement) AppendShape(b []byte) []byte {
	b = append(b, byte(s.Kind), flag(s.Desc), byte(len(s.After)), flag(s.Filtered))
	for _, p := range []Param{s.Limit, s.NullMark, s.KeyMark, s.FailMark, s.HiddenMark, s.OwnerMark} {
		b = appendParam(b, p)
	}
	for _, p := range s.After {
		b = appendParam(b, p)
	}
	for i := range s.Where {
		b = s.Where[i].appendShape(b)
	}
	b = append(b, 0xff)
	for i := range s.Set {
		a := &s.Set[i]
		b = append(b, a.Column.Name...)
		b = appendParam(append(b, 0), a.Value)
		for j := range a.Joined {
			b = appendParam(append(b, 1), a.Joined[j].Value)
			b = append(b, a.Joined[j].Column.Name...)
		}
		b = append(b, 0)
	}
	b = append(b, 0xff)
	for _, preds := range [][]Pred{s.Guard, s.Visible, s.Checks} {
		for i := range preds {
			b = preds[i].appendShape(b)
		}
		b = append(b, 0xff)
	}
	b = append(b, byte(len(s.Masks)), byte(len(s.Masks)>>8))
	for i := range s.Masks {
		b = appendParam(b, s.Masks[i].Mark)
		for j := range s.Masks[i].Where {
			b = s.Masks[i].Where[j].appendShape(b)
		}
		b = append(b, 0xff)
	}
	for _, n := range s.Nested {
		b = n.AppendShape(b)
	}
	return b
}

func (p *Pred) appendShape(b []byte) []byte {
	b = append(b, byte(p.Op), flag(p.Not), byte(p.Measure), byte(len(p.Outer)))
	b = append(append(b, p.Column.Name...), 0)
	b = appendParam(appendParam(b, p.Args[0]), p.Args[1])
	if p.Op == OneOf || p.Op == HoldsOneOf {
		for _, a := range p.List {
			b = appendParam(b, a)
		}
		b = appendParam(appendParam(b, 0), p.Set)
	}
	for i := range p.Kids {
		b = p.Kids[i].appendShape(b)
	}
	if p.Op == And || p.Op == Or {
		b = append(b, 0xff)
	}
	return b
}

func appendParam(b []byte, p Param) []byte { return append(b, byte(p), byte(p>>8), byte(p>>16)) }

func flag(f bool) byte {
	if f {
		return 1
	}
	return 0
}
