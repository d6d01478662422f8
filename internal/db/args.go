package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"time"
)

// bindArgs turns arguments into the few types that both drivers store in the
// same way: nil, int64, float64, bool, string and []byte. out is reused.
func bindArgs(args, out []any) ([]any, error) {
	for i, a := range args {
		v, err := bindValue(a)
		if err != nil {
			return nil, fmt.Errorf("argument $%d: %w", i+1, err)
		}
		out = append(out, v)
	}
	return out, nil
}

func bindValue(a any) (any, error) {
	switch v := a.(type) {
	case nil, string, int64, bool, float64:
		return v, nil
	case int:
		return int64(v), nil
	case []byte:
		if v == nil {
			return nil, nil
		}
		return v, nil
	case json.RawMessage:
		// JSON is text in every schema. Bound as bytes it would become a blob on
		// SQLite, which compares and converts differently.
		if v == nil {
			return nil, nil
		}
		return string(v), nil
	case time.Time:
		return nil, fmt.Errorf("times are stored as bigint milliseconds, not as %T", a)
	case driver.Valuer:
		if rv := reflect.ValueOf(a); rv.Kind() == reflect.Pointer && rv.IsNil() {
			return nil, nil
		}
		w, err := v.Value()
		if err != nil {
			return nil, err
		}
		if _, again := w.(driver.Valuer); again {
			return nil, fmt.Errorf("type %T cannot be stored", a)
		}
		return bindValue(w)
	}
	return bindReflect(a)
}

// bindReflect handles named types and pointers.
func bindReflect(a any) (any, error) {
	rv := reflect.ValueOf(a)
	switch rv.Kind() {
	case reflect.Pointer:
		if rv.IsNil() {
			return nil, nil
		}
		return bindValue(rv.Elem().Interface())
	case reflect.String:
		return rv.String(), nil
	case reflect.Bool:
		return rv.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return rv.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if u := rv.Uint(); u <= math.MaxInt64 {
			return int64(u), nil
		}
		return nil, fmt.Errorf("%d does not fit into a bigint", rv.Uint())
	case reflect.Float32, reflect.Float64:
		return rv.Float(), nil
	case reflect.Slice:
		if rv.Type().Elem().Kind() == reflect.Uint8 {
			if rv.IsNil() {
				return nil, nil
			}
			return rv.Bytes(), nil
		}
	}
	return nil, fmt.Errorf("type %T cannot be stored", a)
}
