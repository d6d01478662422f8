// Command awsfacts converts the reference notes on the Cognito operations into
// the facts files that awsgen reads. The output depends on the notes alone.
//
//	go run ./awsfacts -notes awsfacts/cognito-shapes.md -out awsgen
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	notes := flag.String("notes", "", "reference notes")
	out := flag.String("out", "", "folder of the facts files")
	flag.Parse()
	if err := run(*notes, *out); err != nil {
		fmt.Fprintln(os.Stderr, "awsfacts:", err)
		os.Exit(1)
	}
}

// run writes the facts files of the notes.
func run(notes, out string) error {
	if notes == "" || out == "" {
		return errors.New("-notes and -out are required")
	}
	text, err := os.ReadFile(notes)
	if err != nil {
		return err
	}
	files, err := Convert(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", notes, err)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(out, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Convert makes the facts files, by name.
func Convert(notes string) (map[string][]byte, error) {
	sections, err := split(notes)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, service := range services {
		f, err := service.convert(sections)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", service.Name, err)
		}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		if err := enc.Encode(f); err != nil {
			return nil, err
		}
		files[service.Name+".json"] = b.Bytes()
	}
	return files, nil
}
