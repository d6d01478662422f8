package config

// Parse reads the text of a file without environment and without the demands of
// serve.
func Parse(name string, text []byte) (*Config, error) {
	r := &reader{c: Default(), source: name, at: map[string]place{}}
	r.file(text)
	r.pages()
	r.messages()
	if len(r.problems) > 0 {
		r.problems.sort()
		return nil, r.problems
	}
	r.c.Notes = r.notes
	return r.c, nil
}
