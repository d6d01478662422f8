package exec

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"preamp/internal/graphql/plan"
	"preamp/internal/graphql/scalar"
)

// A mark is a JSON string in an answer of the database that begins with the
// nonce of the process and one of these letters. Nobody outside knows the nonce,
// so no stored text can pass for a mark.
const (
	markNull = 'N' // a null in a non-null field
	// the key where the next page begins, as JSON; the number of the relation
	// comes before it, if it is not the page of the root field
	markKey  = 'K'
	markFail = 'F' // a value that cannot be read or is not shown, by the number of the error
	// the first element of a list, whose second one names owners
	markOwner = 'O'
)

var errMark = errors.New("exec: mark that cannot be read")

// resolve replaces the marks in an answer. Most answers have none and leave as
// they came.
func (e *Executor) resolve(ctx context.Context, f *plan.Field, b *plan.Bound, text []byte, room *budget) value {
	if text == nil {
		return value{}
	}
	if !b.Marks {
		return value{text: text}
	}
	i := bytes.Index(text, []byte(e.nonce))
	if i < 0 {
		return value{text: text}
	}
	text, nulls, err := e.unmark(text, i, b)
	if err != nil {
		return e.failed(ctx, f, err, room)
	}
	if !nulls {
		return value{text: text}
	}
	return e.propagate(ctx, f, b, text, room)
}

// unmark replaces key marks by tokens and takes owners out of their lists; i is
// where the first mark is. nulls says that other marks were seen.
func (e *Executor) unmark(text []byte, i int, b *plan.Bound) (out []byte, nulls bool, err error) {
	out = make([]byte, 0, len(text)+128)
	for i >= 0 {
		mark := i + len(e.nonce)
		if i == 0 || mark >= len(text) {
			return nil, false, errMark
		}
		if text[mark] == markNull || text[mark] == markFail {
			nulls = true
			out = append(out, text[:mark]...)
			text = text[mark:]
			i = bytes.Index(text, []byte(e.nonce))
			continue
		}
		if text[mark] == markOwner {
			if i < 2 || text[i-2] != '[' || text[i-1] != '"' || mark+1 >= len(text) || text[mark+1] != '"' {
				return nil, false, errMark
			}
			var marked bool
			out, text, marked, err = e.appendOwner(append(out, text[:i-2]...), text[mark+2:])
			if err != nil {
				return nil, false, err
			}
			nulls = nulls || marked
			i = bytes.Index(text, []byte(e.nonce))
			continue
		}
		end := stringEnd(text, mark)
		if text[mark] != markKey || end < 0 {
			return nil, false, errMark
		}
		key, err := scalar.DecodeOwn(`"` + string(text[mark+1:end]))
		if err != nil {
			return nil, false, errMark
		}
		scope, rest, ok := scopeOf(b, key.Str)
		if !ok {
			return nil, false, errMark
		}
		payload := append(append(make([]byte, 0, len(scope)+len(rest)), scope...), rest...)
		out = append(out, text[:i]...) // up to and including the quote
		out = append(out, e.c.Sealer.SealToken(e.kind, payload, e.c.Now().Add(tokenLife))...)
		out = append(out, '"')
		text = text[end:]
		i = bytes.Index(text, []byte(e.nonce))
	}
	return append(out, text...), nulls, nil
}

// scopeOf takes the number of the relation off a key mark and answers what the
// token is good for.
func scopeOf(b *plan.Bound, key string) (scope []byte, rest string, ok bool) {
	at := strings.IndexByte(key, '[')
	if at <= 0 {
		return b.Scope, key, at == 0
	}
	n, err := strconv.Atoi(key[:at])
	if err != nil || n < 0 || n >= len(b.Scopes) {
		return nil, "", false
	}
	return b.Scopes[n], key[at:], true
}

// stringEnd is the index behind the quote that ends the string at i, or -1.
func stringEnd(text []byte, i int) int {
	for i < len(text) {
		switch text[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
		i++
	}
	return -1
}

// propagate applies the rule for nulls in non-null fields: the null moves up to
// the nearest field that may be null.
func (e *Executor) propagate(ctx context.Context, f *plan.Field, b *plan.Bound, text []byte, room *budget) value {
	v, err := scalar.DecodeOwn(string(text))
	if err != nil {
		return e.failed(ctx, f, err, room)
	}
	c := completer{mark: e.nonce + string(markNull), fail: e.nonce + string(markFail), failures: b.Failures}
	out := value{}
	if c.value(&v, f.Type, f.Out, f.Parent, []any{f.Key}) && !v.IsNull() {
		out.text = v.AppendJSON(nil)
	}
	out.errs = c.errs
	return out
}

// maxNullErrors is how many nulls of one field are reported.
const maxNullErrors = 1000

type completer struct {
	mark, fail string
	failures   []*plan.Error
	errs       []*plan.Error
}

// failed is the error of a fail mark at a path.
func (c *completer) failed(mark string, path []any) {
	n, err := strconv.Atoi(mark[len(c.fail):])
	if err != nil || n < 0 || n >= len(c.failures) || c.failures[n] == nil || len(c.errs) >= maxNullErrors {
		return
	}
	e := *c.failures[n]
	e.Path = append([]any(nil), path...)
	c.errs = append(c.errs, &e)
}

// value completes a value in place. It answers false when the value is null and
// must not be.
func (c *completer) value(v *scalar.Value, t *ast.Type, sub *plan.Object, parent string, path []any) bool {
	if v.Kind == scalar.String && strings.HasPrefix(v.Str, c.mark) {
		*v = scalar.Value{}
		if len(c.errs) < maxNullErrors {
			c.errs = append(c.errs, plan.NullError(t, parent, append([]any(nil), path...)))
		}
		return !t.NonNull
	}
	if v.Kind == scalar.String && c.failures != nil && strings.HasPrefix(v.Str, c.fail) {
		c.failed(v.Str, path)
		*v = scalar.Value{}
	}
	switch {
	case v.IsNull():
		return !t.NonNull
	case v.Kind == scalar.List && t.Elem != nil:
		for i := range v.List {
			if !c.value(&v.List[i], t.Elem, sub, parent, append(path, i)) {
				*v = scalar.Value{}
				return !t.NonNull
			}
		}
	case v.Kind == scalar.Object && sub != nil:
		for i := range v.List {
			if i >= len(sub.Fields) {
				break
			}
			o := &sub.Fields[i]
			if !c.value(&v.List[i], o.Type, o.Sub, sub.Type, append(path, o.Key)) {
				*v = scalar.Value{}
				return !t.NonNull
			}
		}
	}
	return true
}
