package config

import "fmt"

// pages keeps the default page within the largest one: a default that nobody
// chose is lowered, one that was is a mistake.
func (r *reader) pages() {
	const page, largest = "limits.page", "limits.page_max"
	l := &r.c.Limits
	if l.Page <= l.PageMax || r.failed(page) || r.failed(largest) {
		return
	}
	source, chosen := r.c.sources[page]
	if !chosen {
		l.Page = l.PageMax
		return
	}
	at := r.at[page]
	p := Problem{Source: r.source, Line: at.line, Column: at.column, Key: page}
	if source == variable(page) {
		p = Problem{Source: "environment", Key: source}
	}
	p.Message = fmt.Sprintf("is %d, over %s, which is %d", l.Page, largest, l.PageMax)
	r.problems = append(r.problems, p)
}
