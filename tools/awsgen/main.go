// Command awsgen writes the Go code of an AWS service from a facts file: wire
// types, decoders that validate, routes, and the interface that an
// implementation has to satisfy. The output depends on the facts alone.
//
//	go run ./awsgen -facts awsgen/amplifybackend-ops.json -out ../internal/amplifybackend
//	go run ./awsgen -facts awsgen/cognito-idp.json -out ../internal/userpool/idp
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	facts := flag.String("facts", "", "facts file")
	out := flag.String("out", "", "folder of the package; its name is the package's")
	flag.Parse()
	if err := run(*facts, *out); err != nil {
		fmt.Fprintln(os.Stderr, "awsgen:", err)
		os.Exit(1)
	}
}

// run generates the package at out.
func run(facts, out string) error {
	if facts == "" || out == "" {
		return errors.New("-facts and -out are required")
	}
	raw, err := os.ReadFile(facts)
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	files, err := Generate(raw, filepath.Base(dir))
	if err != nil {
		return fmt.Errorf("%s: %w", facts, err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Generate makes the files of a package, by name.
func Generate(raw []byte, pkg string) (map[string][]byte, error) {
	var head struct{ Metadata struct{ Protocol string } }
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, err
	}
	if head.Metadata.Protocol == "json" {
		m, err := loadTarget(raw)
		if err != nil {
			return nil, err
		}
		return write(m, pkg, targetWriters)
	}
	m, err := load(raw)
	if err != nil {
		return nil, err
	}
	return write(m, pkg, []writer[*model]{
		{"zz_generated_types.go", writeTypes},
		{"zz_generated_enums.go", writeEnums},
		{"zz_generated_decode.go", writeDecoders},
		{"zz_generated_service.go", writeService},
	})
}

// writer makes one file of a package.
type writer[M any] struct {
	name  string
	write func(*printer, M)
}

// write makes the files of a package from a model.
func write[M any](m M, pkg string, writers []writer[M]) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, f := range writers {
		p := &printer{}
		f.write(p, m)
		var err error
		if files[f.name], err = p.file(pkg); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return files, nil
}
