package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

const events = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    noise of a test that passes\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- PASS: TestA (0.00s)\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:1: the reason\n"}
{"Action":"output","Package":"p","Test":"TestB/sub","Output":"    --- FAIL: TestB/sub (0.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestB/sub"}
{"Action":"output","Package":"p","Test":"TestB","Output":"--- FAIL: TestB (0.00s)\n"}
{"Action":"fail","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:1: switched off by PREAMP_TEST_WITHOUT=c\n"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"Action":"output","Package":"p","Test":"TestD/sub","Output":"    d_test.go:1: no such tool\n"}
{"Action":"skip","Package":"p","Test":"TestD/sub"}
{"Action":"pass","Package":"p","Test":"TestD"}
{"Action":"output","Package":"p","Output":"FAIL\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
{"ImportPath":"q","Action":"build-output","Output":"q.go:1:1: broken\n"}
`

func TestReport(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	skipped, err := report(strings.NewReader(events+"not JSON\n"), &out)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(skipped, []string{"p TestD/sub"}) {
		t.Errorf("skipped %q", skipped)
	}
	text := out.String()
	for _, want := range []string{"--- PASS: TestA", "b_test.go:1: the reason", "--- FAIL: TestB/sub", "--- SKIP: p TestC: switched off by name", "FAIL\tp\t0.1s", "q.go:1:1: broken", "not JSON"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if strings.Contains(text, "noise") {
		t.Errorf("the output of a test that passes is printed:\n%s", text)
	}
}
