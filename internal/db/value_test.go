package db_test

import (
	"database/sql"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preamp/internal/db"
)

type (
	label string
	count int32
	blob  []byte
)

// Everything that one dialect stores and reads, the other does in the same way.
func TestValuesRoundTrip(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		for i, c := range []struct {
			name, column string
			in           any
			out          any // pointer that is scanned into
			want         any
		}{
			{"string", "body", "a\u00fc\U0001F600'\"\\", new(string), "a\u00fc\U0001F600'\"\\"},
			{"string as bytes", "body", "x", new([]byte), []byte("x")},
			{"empty string", "body", "", new(string), ""},
			{"named string", "body", label("x"), new(label), label("x")},
			{"json", "body", json.RawMessage(`{"a": 1}`), new(json.RawMessage), json.RawMessage(`{"a": 1}`)},
			{"json as string", "body", json.RawMessage(`[1]`), new(string), "[1]"},
			{"nil json", "body", json.RawMessage(nil), new(*string), (*string)(nil)},
			{"pointer", "body", new("x"), new(*string), new("x")},
			{"nil pointer", "body", (*string)(nil), new(*string), (*string)(nil)},
			{"nil", "body", nil, new(*string), (*string)(nil)},
			{"null string", "body", sql.NullString{}, new(sql.NullString), sql.NullString{}},
			{"valid null string", "body", sql.NullString{String: "x", Valid: true}, new(sql.NullString), sql.NullString{String: "x", Valid: true}},
			{"any string", "body", "x", new(any), any("x")},
			{"int", "n", 42, new(int), 42},
			{"min int64", "n", int64(math.MinInt64), new(int64), int64(math.MinInt64)},
			{"max int64", "n", int64(math.MaxInt64), new(int64), int64(math.MaxInt64)},
			{"uint32", "n", uint32(math.MaxUint32), new(uint32), uint32(math.MaxUint32)},
			{"named int", "n", count(-3), new(count), count(-3)},
			{"int pointer", "n", 7, new(*int64), new(int64(7))},
			{"any int", "n", 7, new(any), any(int64(7))},
			{"bytes", "raw", []byte{0, 1, 0xff}, new([]byte), []byte{0, 1, 0xff}},
			{"named bytes", "raw", blob{7}, new(blob), blob{7}},
			{"nil bytes", "raw", []byte(nil), new([]byte), []byte(nil)},
			{"true", "yes", true, new(bool), true},
			{"false", "yes", false, new(bool), false},
			{"no bool", "yes", nil, new(*bool), (*bool)(nil)},
			{"bool pointer", "yes", true, new(*bool), new(true)},
			{"float", "ratio", 0.5, new(float64), 0.5},
			{"whole float", "ratio", 3.0, new(float64), 3.0},
			{"no float", "ratio", nil, new(*float64), (*float64)(nil)},
		} {
			id := string(rune('a' + i))
			err := d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec("INSERT INTO env.item (id, "+c.column+") VALUES ($1, $2)", id, c.in)
				return err
			})
			if err != nil {
				t.Errorf("%s: store: %v", c.name, err)
				continue
			}
			err = d.Row(t.Context(), "SELECT "+c.column+" FROM env.item WHERE id = $1", id).Scan(c.out)
			if err != nil {
				t.Errorf("%s: read: %v", c.name, err)
				continue
			}
			if diff := cmp.Diff(c.want, deref(c.out)); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
	})
}

func deref(p any) any {
	switch p := p.(type) {
	case *string:
		return *p
	case *label:
		return *p
	case *json.RawMessage:
		return *p
	case **string:
		return *p
	case *sql.NullString:
		return *p
	case *any:
		return *p
	case *int:
		return *p
	case *int64:
		return *p
	case *uint32:
		return *p
	case *count:
		return *p
	case **int64:
		return *p
	case *[]byte:
		return *p
	case *blob:
		return *p
	case *bool:
		return *p
	case **bool:
		return *p
	case *float64:
		return *p
	case **float64:
		return *p
	}
	panic("no case")
}

// What one dialect refuses, the other refuses as well.
func TestValuesRefused(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		insert(t, d, "a", 300)
		for _, c := range []struct {
			name string
			arg  any
		}{
			{"time", time.Now()},
			{"huge uint64", uint64(math.MaxUint64)},
			{"struct", struct{}{}},
			{"map", map[string]string{}},
			{"list", []string{"a"}},
			{"function", func() {}},
		} {
			err := d.Row(t.Context(), "SELECT id FROM env.item WHERE id = $1", c.arg).Scan(new(string))
			if err == nil || !strings.Contains(err.Error(), "argument $1") {
				t.Errorf("argument %s: %v", c.name, err)
			}
		}
		for _, c := range []struct {
			name, column string
			dest         any
		}{
			{"NULL into string", "body", new(string)},
			{"NULL into int", "yes", new(int)},
			{"NULL into bool", "yes", new(bool)},
			{"text into int", "id", new(int)},
			{"too large", "n", new(int8)},
			{"not a pointer", "n", 5},
		} {
			if err := d.Row(t.Context(), "SELECT "+c.column+" FROM env.item").Scan(c.dest); err == nil {
				t.Errorf("scan %s succeeded", c.name)
			}
		}
		if err := d.Row(t.Context(), "SELECT id, n FROM env.item").Scan(new(string)); err == nil {
			t.Error("two columns were scanned into one destination")
		}
		for _, args := range [][]any{nil, {"a", "b"}} {
			err := d.Row(t.Context(), "SELECT id FROM env.item WHERE id = $1", args...).Scan(new(string))
			if err == nil {
				t.Errorf("a statement with one placeholder ran with %d arguments", len(args))
			}
		}
	})
}

func TestPlaceholdersBindByNumber(t *testing.T) {
	each(t, func(t *testing.T, _ *db.Set, d *db.DB) {
		got, err := d.Text(t.Context(), "SELECT CAST($2 AS text) || '-' || CAST($1 AS text) || '-' || CAST($2 AS text)", "a", "b")
		if err != nil || string(got) != "b-a-b" {
			t.Errorf("%q, %v", got, err)
		}
	})
}
