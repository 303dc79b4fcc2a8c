package phone

import (
	"reflect"
	"strings"
)

// Longest makes the texts of a value as long as length says for the fields that hold them, without a space to break at;
// 0 leaves a text as it is: one of few words, or an address. Empty texts stay empty.
func Longest[T any](v T, length func(field string) int) T {
	return deep(reflect.ValueOf(v), "", length).Interface().(T)
}

func deep(v reflect.Value, field string, length func(string) int) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		if n := length(field); n > 0 && v.Len() > 0 {
			out.SetString(strings.Repeat("W", n))
		}
	case reflect.Slice:
		out = reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(deep(v.Index(i), field, length))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Type.String() != "time.Time" {
				out.Field(i).Set(deep(v.Field(i), f.Name, length))
			}
		}
	}
	return out
}
