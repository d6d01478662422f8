package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/notify"
)

func TestInbox(t *testing.T) {
	t.Parallel()
	messages := []notify.Stored{
		{ID: "e-1", At: time.UnixMilli(0).UTC(), Channel: notify.Email, To: "ann@example.com", Subject: "Your\x1b[2J code", Text: "The code\nis 123456", HTML: "<b>123456</b>", Code: "123456"},
		{ID: "e-2", At: time.UnixMilli(1).UTC(), Channel: notify.SMS, To: "+15550100", Text: "654321", Code: "654321"},
	}
	for _, tc := range []struct {
		name  string
		inbox []notify.Stored
		args  []string
		query string
		out   []string
	}{
		{"none", []notify.Stored{}, nil, "", []string{"no messages\n"}},
		{"text", messages, nil, "", []string{"email  ann@example.com  Your?[2J code\n    The code\n    is 123456\n", "sms    +15550100\n    654321\n"}},
		{"to somebody", messages, []string{"--to", "+15550100"}, "to=%2B15550100", nil},
		{"wait", messages, []string{"--wait", "--to", "a@b.c"}, "to=a%40b.c&wait=10000", nil},
		{"of an environment", messages, []string{"--app", "todo", "--env", "dev"}, "app=d1a2b3c4d5e6f7&env=dev", nil},
		{"of the only environment of an app", messages, []string{"--app", "todo"}, "app=d1a2b3c4d5e6f7&env=dev", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.inbox = tc.inbox
			r := run(t, nil, append([]string{"inbox", "--data", f.dir}, tc.args...)...)
			if r.code != 0 || r.err != "" {
				t.Fatalf("%d %s", r.code, r.err)
			}
			if got := f.seen(); len(got) != 1 || got[0] != tc.query {
				t.Errorf("asked %q, want %q", got, tc.query)
			}
			for _, want := range tc.out {
				if !strings.Contains(r.out, want) {
					t.Errorf("%q is not in\n%s", want, r.out)
				}
			}
		})
	}
	t.Run("JSON", func(t *testing.T) {
		t.Parallel()
		f := newFake(t)
		for _, inbox := range [][]notify.Stored{messages, {}} {
			f.inbox = inbox
			r := run(t, nil, "inbox", "--json", "--data", f.dir)
			var got []notify.Stored
			if err := json.Unmarshal([]byte(r.out), &got); err != nil || !cmp.Equal(got, inbox) || got == nil {
				t.Errorf("%v: %s", err, r.out)
			}
		}
		var fields []map[string]any
		f.inbox = messages
		if err := json.Unmarshal([]byte(run(t, nil, "inbox", "--json", "--data", f.dir).out), &fields); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"id", "at", "channel", "to", "subject", "text", "html", "code"} {
			if _, ok := fields[1][name].(string); !ok {
				t.Errorf("no %s in %v", name, fields[1])
			}
		}
	})
	if r := run(t, nil, "inbox", "--data", t.TempDir()); r.code != 3 {
		t.Errorf("no server: %d", r.code)
	}
	if r := run(t, nil, "inbox", "--app", "other", "--data", newFake(t).dir); r.code == 0 || !strings.Contains(r.err, "no app other") {
		t.Errorf("unknown app: %d %s", r.code, r.err)
	}
}

func TestRotateKeys(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := run(t, nil, "pool", "rotate-keys", "--pool", "us-east-1_AbCdEf123", "--data", f.dir)
	if r.code != 0 || r.out != "us-east-1_AbCdEf123 has new signing keys: https://x/us-east-1_AbCdEf123/.well-known/jwks.json\n" {
		t.Errorf("%d %s%s", r.code, r.out, r.err)
	}
	if r := run(t, nil, "pool", "rotate-keys", "--pool", "x", "--data", f.dir); r.code != 1 || !strings.Contains(r.err, "no such pool") {
		t.Errorf("%d %s", r.code, r.err)
	}
	if r := run(t, nil, "pool", "rotate-keys", "--data", f.dir); r.code != 2 {
		t.Errorf("no pool: %d", r.code)
	}
}

func TestPoolIssuer(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := run(t, nil, "pool", "issuer", "--data", f.dir, "--pool", "p", "aws")
	if r.code != 0 || r.out != "p is called aws in its tokens\n" || !strings.Contains(r.err, "warning: ") {
		t.Errorf("%d %s%s", r.code, r.out, r.err)
	}
	if r := run(t, nil, "pool", "issuer", "--data", f.dir, "--pool", "p", "self"); r.code != 0 || r.err != "" {
		t.Errorf("%d %s%s", r.code, r.out, r.err)
	}
	if r := run(t, nil, "pool", "issuer", "--data", f.dir, "--pool", "p", "other"); r.code != 2 {
		t.Errorf("%d %s%s", r.code, r.out, r.err)
	}
}

func TestFixedCodeFlag(t *testing.T) {
	t.Parallel()
	if r := run(t, nil, "dev", "--fixed-code", "123456"); r.dev == nil || r.dev.FixedCode != "123456" {
		t.Errorf("%+v", r)
	}
	for _, code := range []string{"12345", "123456789", "12345a"} {
		if r := run(t, nil, "dev", "--fixed-code", code); r.code != 2 || r.dev != nil {
			t.Errorf("%s: %+v", code, r)
		}
	}
}
