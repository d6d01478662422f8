package exec

import (
	"bytes"

	"preamp/internal/graphql/scalar"
)

// appendOwner appends a value that names owners, each as the part that is shown;
// text begins behind the owner mark. It answers what follows the list around the
// two, and whether it met another mark. It fails for anything that is not a text,
// a list of texts or null.
func (e *Executor) appendOwner(out, text []byte) (_, rest []byte, marked bool, err error) {
	text = trimSpace(text)
	if len(text) == 0 || text[0] != ',' {
		return nil, nil, false, errMark
	}
	text = text[1:]
	depth, before := 0, len(out)
	for len(text) > 0 {
		c := text[0]
		if c != '"' {
			switch {
			case c == '[':
				depth++
			case c == ']' && depth > 0:
				depth--
			case c == ']' && len(out) > before:
				return out, text[1:], marked, nil
			case c == ']' || c == '{' || c == ',' && depth == 0:
				return nil, nil, false, errMark
			}
			if c > ' ' || depth > 0 { // not the space around the value
				out = append(out, c)
			}
			text = text[1:]
			continue
		}
		end := stringEnd(text, 1)
		if end < 0 {
			return nil, nil, false, errMark
		}
		inner := text[1 : end-1]
		text = text[end:]
		if after, ok := bytes.CutPrefix(inner, []byte(e.nonce)); ok {
			if len(after) == 0 || after[0] != markNull && after[0] != markFail {
				return nil, nil, false, errMark
			}
			marked = true
			out = append(append(append(out, '"'), inner...), '"')
			continue
		}
		if out, err = appendShown(out, inner); err != nil {
			return nil, nil, false, err
		}
	}
	return nil, nil, false, errMark
}

// appendShown appends what is shown of an owner; inner is what stands between the
// quotes of a JSON string. A cut never falls into an escape: they hold no colon.
func appendShown(out, inner []byte) ([]byte, error) {
	if bytes.Contains(inner, []byte(`\u003`)) { // perhaps an escaped colon
		v, err := scalar.DecodeOwn(`"` + string(inner) + `"`)
		if err != nil {
			return nil, errMark
		}
		return scalar.AppendString(out, string(lastPart([]byte(v.Str)))), nil
	}
	out = append(out, '"')
	out = append(out, lastPart(inner)...)
	return append(out, '"'), nil
}

// lastPart is the last element of Java's split("::"), which is what the official
// templates show of an owner: empty parts at the end do not count.
func lastPart(s []byte) []byte {
	var last []byte
	for {
		i := bytes.Index(s, []byte("::"))
		if i < 0 {
			if len(s) > 0 {
				last = s
			}
			return last
		}
		if i > 0 {
			last = s[:i]
		}
		s = s[i+2:]
	}
}

func trimSpace(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n") }
