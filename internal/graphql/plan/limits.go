package plan

import (
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
)

func firstRune(s string) (rune, int) { return utf8.DecodeRuneInString(s) }

// measure is the size of a selection with its fragments folded in.
type measure struct{ depth, fields, aliases, roots int }

// most is where counts stop, so that fragments which use each other cannot make
// them overflow.
const most = 1 << 30

func plus(a, b int) int { return min(a+b, most) }

// sizer measures selections. Every fragment is measured once, so the work is
// linear in the text however large the result is.
type sizer struct {
	fragments map[string]*ast.FragmentDefinition
	known     map[string]measure
	open      map[string]bool
	literals  int // how deep they nest
	cycle     *ast.FragmentSpread
}

// checkSize refuses fragments that use themselves and documents over a limit.
// It runs before anything that follows fragments.
func checkSize(doc *ast.QueryDocument, fragments map[string]*ast.FragmentDefinition, l Limits) *Error {
	z := &sizer{fragments: fragments, known: map[string]measure{}, open: map[string]bool{}}
	var sum measure
	add := func(m measure) {
		sum.depth = max(sum.depth, m.depth)
		sum.fields = plus(sum.fields, m.fields)
		sum.aliases = plus(sum.aliases, m.aliases)
		sum.roots = plus(sum.roots, m.roots)
	}
	for _, op := range doc.Operations {
		z.directives(op.Directives)
		for _, v := range op.VariableDefinitions {
			z.literal(v.DefaultValue)
			z.directives(v.Directives)
		}
		add(z.set(op.SelectionSet))
	}
	for _, f := range doc.Fragments {
		z.fragment(f) // also those that are not used may be cyclic
	}
	if z.cycle != nil {
		return &Error{
			Message:   "Validation error of type FragmentCycle: Fragment cycles not allowed",
			Locations: at(z.cycle.Position),
		}
	}
	switch {
	case l.Depth > 0 && sum.depth > l.Depth:
		return Limit("The query nests deeper than %d levels (limit: depth).", l.Depth)
	case l.Aliases > 0 && sum.aliases > l.Aliases:
		return Limit("The query has more than %d aliases (limit: aliases).", l.Aliases)
	case l.Aliases > 0 && sum.roots > l.Aliases:
		return Limit("The query has more than %d root fields (limit: root fields).", l.Aliases)
	case l.Fields > 0 && sum.fields > l.Fields:
		return Limit("The query selects more than %d fields (limit: resolved fields).", l.Fields)
	case l.Nesting > 0 && z.literals > l.Nesting:
		return Limit("The query has a literal that nests deeper than %d levels (limit: JSON depth).", l.Nesting)
	}
	return nil
}

func (z *sizer) fragment(f *ast.FragmentDefinition) measure {
	if m, ok := z.known[f.Name]; ok {
		return m
	}
	z.open[f.Name] = true
	z.directives(f.Directives)
	m := z.set(f.SelectionSet)
	delete(z.open, f.Name)
	z.known[f.Name] = m
	return m
}

func (z *sizer) set(set ast.SelectionSet) measure {
	var m measure
	add := func(n measure) {
		m.depth = max(m.depth, n.depth)
		m.fields = plus(m.fields, n.fields)
		m.aliases = plus(m.aliases, n.aliases)
		m.roots = plus(m.roots, n.roots)
	}
	for _, sel := range set {
		switch sel := sel.(type) {
		case *ast.Field:
			z.arguments(sel.Arguments)
			z.directives(sel.Directives)
			n := z.set(sel.SelectionSet)
			n.depth++
			n.fields = plus(n.fields, 1)
			n.roots = 1
			if sel.Alias != sel.Name {
				n.aliases = plus(n.aliases, 1)
			}
			add(n)
		case *ast.InlineFragment:
			z.directives(sel.Directives)
			add(z.set(sel.SelectionSet))
		case *ast.FragmentSpread:
			z.directives(sel.Directives)
			if z.open[sel.Name] {
				if z.cycle == nil {
					z.cycle = sel
				}
				continue
			}
			if f := z.fragments[sel.Name]; f != nil {
				add(z.fragment(f))
			}
		}
	}
	return m
}

func (z *sizer) directives(list ast.DirectiveList) {
	for _, d := range list {
		z.arguments(d.Arguments)
	}
}

func (z *sizer) arguments(list ast.ArgumentList) {
	for _, a := range list {
		z.literal(a.Value)
	}
}

// literal notes how deep a literal nests. The parser bounds the recursion.
func (z *sizer) literal(v *ast.Value) {
	if v != nil {
		z.literals = max(z.literals, nesting(v))
	}
}

// nesting counts lists and objects, as the limit of variables does.
func nesting(v *ast.Value) int {
	if v.Kind != ast.ListValue && v.Kind != ast.ObjectValue {
		return 0
	}
	n := 0
	for _, c := range v.Children {
		n = max(n, nesting(c.Value))
	}
	return n + 1
}
