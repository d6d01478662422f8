package codegen_test

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"preamp/internal/graphql/codegen"
)

// TestBatch answers the compile requests in the file PREAMP_REQUESTS, one JSON
// object per line, into the file PREAMP_ANSWERS: the differential tests run a
// corpus through it. It is no test by itself and does nothing without them.
func TestBatch(t *testing.T) {
	in, out := os.Getenv("PREAMP_REQUESTS"), os.Getenv("PREAMP_ANSWERS")
	if in == "" {
		return
	}
	src, err := os.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dst, err := os.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	defer dst.Close()
	enc := json.NewEncoder(dst)
	lines := bufio.NewScanner(src)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r codegen.Request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if err := enc.Encode(r.Answer()); err != nil {
			t.Fatal(err)
		}
	}
}
