package srp_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"preamp/internal/userpool/srp"
)

func TestParsePublic(t *testing.T) {
	t.Parallel()
	plus := func(n int64) string { return new(big.Int).Add(bigN, big.NewInt(n)).Text(16) }
	for _, tt := range []struct{ name, in, want string }{
		{"one digit", "5", "5"},
		{"odd", "abc", "abc"},
		{"capitals", "ABC", "abc"},
		{"padded", "00ff", "ff"},
		{"padded to the group", strings.Repeat("0", 766) + "ff", "ff"},
		{"largest", plus(-1), plus(-1)},
		{"largest, padded", "00" + plus(-1), plus(-1)},
		{"empty", "", ""},
		{"zero", "0", ""},
		{"zeros", strings.Repeat("0", 768), ""},
		{"N", plus(0), ""},
		{"N + 1", plus(1), ""},
		{"2N", new(big.Int).Lsh(bigN, 1).Text(16), ""},
		{"of 3072 ones", strings.Repeat("f", 768), ""},
		{"too long", strings.Repeat("0", 770) + "5", ""},
		{"one digit too many", "1" + strings.Repeat("0", 768), ""},
		{"minus", "-5", ""},
		{"plus", "+5", ""},
		{"prefix", "0x5", ""},
		{"space", " 5", ""},
		{"line end", "5\n", ""},
		{"no digit", "5g", ""},
		{"underscore", "5_5", ""},
		{"zero byte", "5\x00", ""},
		{"other digits", "٥", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := server().ParsePublic(tt.in)
			if (err == nil) != (tt.want != "") {
				t.Fatalf("%v", err)
			}
			if err == nil && got.String() != tt.want {
				t.Errorf("%s", got)
			}
		})
	}
}

func TestParseTimestamp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in string
		ok bool
	}{
		{"Mon Nov 2 08:05:09 UTC 2026", true},
		{"Tue Nov 24 23:59:59 UTC 2026", true},
		{"Sat Feb 29 00:00:00 UTC 2020", true},
		{"", false},
		{"Mon Nov 02 08:05:09 UTC 2026", false},
		{"Mon Nov  2 08:05:09 UTC 2026", false},
		{"Mon Nov 2 8:05:09 UTC 2026", false},
		{"Mon Nov 2 08:05:09 GMT 2026", false},
		{"Mon Nov 2 08:05:09 UTC 26", false},
		{"Mon Nov 2 08:05:09.5 UTC 2026", false},
		{"Tue Nov 2 08:05:09 UTC 2026", false}, // it was a Monday
		{"mon nov 2 08:05:09 UTC 2026", false},
		{"Mon Nov 2 24:05:09 UTC 2026", false},
		{"Mon Nov 2 08:05:60 UTC 2026", false},
		{"Sun Feb 30 08:05:09 UTC 2026", false},
		{"Lun nov 2 08:05:09 UTC 2026", false},
		{"Mon Nov 2 08:05:09 UTC 2026 ", false},
		{"Mon Nov 2 08:05:09 UTC 2026\n", false},
		{"2026-11-02T08:05:09Z", false},
	} {
		at, err := srp.ParseTimestamp(tt.in)
		if (err == nil) != tt.ok {
			t.Errorf("%q: %v", tt.in, err)
		}
		if err == nil && at.Location().String() != "UTC" {
			t.Errorf("%q is in %s", tt.in, at.Location())
		}
	}
}

func TestParseProof(t *testing.T) {
	t.Parallel()
	block, signature := "cHJlYW1w", "tVCME5P2QiyvQjRdU1aHtvOydw4vw1JkBowV/1i9uUI="
	p, err := srp.ParseProof(block, timestamp, signature)
	if err != nil || string(p.SecretBlock) != "preamp" || p.Timestamp != timestamp || len(p.Signature) != 32 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, tt := range []struct{ name, block, timestamp, signature string }{
		{"no block", "", timestamp, signature},
		{"block that is not base64", "c*Jl", timestamp, signature},
		{"block with a line end", "cHJl\nYW1w", timestamp, signature},
		{"block without padding", "cHJlYW0", timestamp, signature},
		{"block with loose bits", "cHJlYW1=", timestamp, signature},
		{"block that is too long", strings.Repeat("AAAA", 2049), timestamp, signature},
		{"bad time", block, "now", signature},
		{"no signature", block, timestamp, ""},
		{"short signature", block, timestamp, "AAAA"},
		{"33 bytes", block, timestamp, base64.StdEncoding.EncodeToString(make([]byte, 33))},
		{"loose bits", block, timestamp, strings.Replace(signature, "UI=", "UJ=", 1)},
		{"base64url", block, timestamp, strings.Replace(signature, "/", "_", 1)},
		{"line end", block, timestamp, signature[:43] + "\n"},
	} {
		if _, err := srp.ParseProof(tt.block, tt.timestamp, tt.signature); err == nil {
			t.Errorf("%s: accepted", tt.name)
		}
	}
}

func TestParseHandshake(t *testing.T) {
	t.Parallel()
	s := server()
	a, err := s.ParsePublic("abc")
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.Begin(s.Verifier(srp.Identity{}, "p", nil), a, &stream{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := h.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.ParseHandshake(raw)
	if err != nil || again.B().String() != h.B().String() {
		t.Fatalf("%v", err)
	}
	if back, err := again.MarshalBinary(); err != nil || !bytes.Equal(back, raw) {
		t.Errorf("written again: %v", err)
	}
	change := func(at int, b byte) []byte {
		out := bytes.Clone(raw)
		for i := range srp.VerifierSize {
			out[at+i] = b
		}
		return out
	}
	for name, bad := range map[string][]byte{
		"none": nil, "short": raw[:len(raw)-1], "long": append(bytes.Clone(raw), 0),
		"other version": append([]byte{2}, raw[1:]...),
		"A = 0":         change(1, 0), "A above N": change(1, 0xff),
		"B = 0": change(1+srp.VerifierSize, 0), "B above N": change(1+srp.VerifierSize, 0xff),
	} {
		if _, err := s.ParseHandshake(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestPad(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "00", "00": "00", "0000": "00", "01": "01", "7f": "7f", "80": "0080", "0080": "0080", "00007f": "7f", "ff00": "00ff00",
	} {
		raw, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(srp.Pad(raw)); got != want {
			t.Errorf("pad(%s) = %s, want %s", in, got, want)
		}
	}
}

// FuzzParsePublic: what is accepted is a number of the group and is written as
// big.Int writes it.
func FuzzParsePublic(f *testing.F) {
	for _, seed := range []string{"", "0", "5", "00AbC", srp.Prime, strings.Repeat("f", 768), "-1", "0x1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := server().ParsePublic(text)
		if err != nil {
			return
		}
		n, ok := new(big.Int).SetString(text, 16)
		if !ok || n.Sign() != 1 || n.Cmp(bigN) >= 0 || p.String() != n.Text(16) {
			t.Errorf("%q was read as %s", text, p)
		}
	})
}

// FuzzParseProof: what is accepted is the only text of its value.
func FuzzParseProof(f *testing.F) {
	f.Add("cHJlYW1w", timestamp, "tVCME5P2QiyvQjRdU1aHtvOydw4vw1JkBowV/1i9uUI=")
	f.Add("", "Mon Nov 02 08:05:09 UTC 2026", "AAAA")
	f.Fuzz(func(t *testing.T, block, at, signature string) {
		p, err := srp.ParseProof(block, at, signature)
		if err != nil {
			return
		}
		encode := base64.StdEncoding.EncodeToString
		if encode(p.SecretBlock) != block || encode(p.Signature) != signature || p.Timestamp != at {
			t.Errorf("%q %q %q are read as %+v", block, at, signature, p)
		}
	})
}

// FuzzParseHandshake: nothing but what was written is accepted.
func FuzzParseHandshake(f *testing.F) {
	f.Add([]byte{1})
	f.Add(append([]byte{1}, bytes.Repeat([]byte{7}, 800)...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := server().ParseHandshake(raw)
		if err != nil {
			return
		}
		if back, err := h.MarshalBinary(); err != nil || !bytes.Equal(back, raw) {
			t.Errorf("%x is written as %x, %v", raw, back, err)
		}
	})
}
