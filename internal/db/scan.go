package db

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

var errNull = errors.New("column is NULL")

// liteRow is the present row of a SQLite answer. Its values belong to the
// caller: the driver has copied them.
type liteRow []driver.Value

func (r liteRow) Scan(dest ...any) error {
	if len(dest) != len(r) {
		return fmt.Errorf("db: %d columns scanned into %d destinations", len(r), len(dest))
	}
	for i, src := range r {
		if err := assign(dest[i], src); err != nil {
			return fmt.Errorf("db: scan column %d: %w", i+1, err)
		}
	}
	return nil
}

// assign stores one value. It accepts only what PostgreSQL's driver accepts as
// well (no number into a string, no text into a number), so that a mistake shows
// on either dialect; the one exception is 0 and 1 into a bool, because SQLite
// has no boolean.
func assign(dest any, src driver.Value) error {
	switch d := dest.(type) {
	case *string:
		return assignString(d, src)
	case *[]byte:
		return assignBytes(d, src)
	case *int64:
		if v, ok := src.(int64); ok {
			*d = v
			return nil
		}
	case *int:
		if v, ok := src.(int64); ok {
			*d = int(v)
			return nil
		}
	case *bool:
		if v, ok := src.(int64); ok && (v == 0 || v == 1) {
			*d = v == 1
			return nil
		}
	case *float64:
		switch v := src.(type) {
		case float64:
			*d = v
			return nil
		case int64:
			*d = float64(v)
			return nil
		}
	case *json.RawMessage:
		return assignBytes((*[]byte)(d), src)
	case *any:
		*d = src
		return nil
	case sql.Scanner:
		return d.Scan(src)
	}
	return assignReflect(dest, src)
}

func assignString(d *string, src driver.Value) error {
	switch v := src.(type) {
	case string:
		*d = v
		return nil
	case []byte:
		*d = string(v)
		return nil
	}
	return mismatch(d, src)
}

func assignBytes(d *[]byte, src driver.Value) error {
	switch v := src.(type) {
	case nil:
		*d = nil
		return nil
	case string:
		*d = []byte(v)
		return nil
	case []byte:
		*d = v
		return nil
	}
	return mismatch(d, src)
}

// assignReflect handles named types, other widths and pointers to pointers.
func assignReflect(dest any, src driver.Value) error {
	pv := reflect.ValueOf(dest)
	if pv.Kind() != reflect.Pointer || pv.IsNil() {
		return fmt.Errorf("destination %T is not a pointer", dest)
	}
	dv := pv.Elem()
	if dv.Kind() == reflect.Pointer {
		if src == nil {
			dv.SetZero()
			return nil
		}
		fresh := reflect.New(dv.Type().Elem())
		if err := assign(fresh.Interface(), src); err != nil {
			return err
		}
		dv.Set(fresh)
		return nil
	}
	switch dv.Kind() {
	case reflect.String:
		var s string
		if err := assignString(&s, src); err != nil {
			return err
		}
		dv.SetString(s)
		return nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if v, ok := src.(int64); ok && !dv.OverflowInt(v) {
			dv.SetInt(v)
			return nil
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v, ok := src.(int64); ok && v >= 0 && !dv.OverflowUint(uint64(v)) {
			dv.SetUint(uint64(v))
			return nil
		}
	case reflect.Bool:
		if v, ok := src.(int64); ok && (v == 0 || v == 1) {
			dv.SetBool(v == 1)
			return nil
		}
	case reflect.Slice:
		if dv.Type().Elem().Kind() == reflect.Uint8 {
			var b []byte
			if err := assignBytes(&b, src); err != nil {
				return err
			}
			dv.SetBytes(b)
			return nil
		}
	}
	return mismatch(dest, src)
}

func mismatch(dest any, src driver.Value) error {
	if src == nil {
		return fmt.Errorf("%w: scan it into a pointer, not %T", errNull, dest)
	}
	return fmt.Errorf("cannot store %T in %T", src, dest)
}
