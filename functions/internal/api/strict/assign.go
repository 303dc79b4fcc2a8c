package strict

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"slipway/functions/internal/fault"
)

// assigner puts nodes into Go values and collects what does not fit.
type assigner struct{ wrong []fault.Field }

func (a *assigner) add(path, format string, args ...any) {
	if len(a.wrong) < maxFaults {
		a.wrong = append(a.wrong, fault.Field{Field: path, Detail: fmt.Sprintf(format, args...)})
	}
}

var (
	rawType     = reflect.TypeFor[json.RawMessage]()
	unmarshaler = reflect.TypeFor[json.Unmarshaler]()
)

// assign puts n into v. The types that requests are made of are covered; another one is a bug and panics.
func (a *assigner) assign(path string, n node, v reflect.Value) {
	switch {
	case v.Type() == rawType:
		v.SetBytes(n.render())
		return
	case v.Addr().Type().Implements(unmarshaler):
		if err := v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(n.render()); err != nil {
			a.add(path, "is not valid: %v", err)
		}
		return
	case v.Kind() == reflect.Pointer:
		if n.kind == kindNull {
			v.SetZero()
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		a.assign(path, n, v.Elem())
		return
	}
	want := expects(v)
	if n.kind != want {
		a.add(path, "%s", mismatch(n, want))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		a.object(path, n, v)
	case reflect.Map:
		a.dictionary(path, n, v)
	case reflect.Slice:
		a.list(path, n, v)
	case reflect.String:
		v.SetString(n.text)
	case reflect.Bool:
		v.SetBool(n.truth)
	default:
		a.integer(path, n, v)
	}
}

func expects(v reflect.Value) kind {
	switch v.Kind() {
	case reflect.Struct, reflect.Map:
		return kindObject
	case reflect.Slice:
		return kindArray
	case reflect.String:
		return kindString
	case reflect.Bool:
		return kindBool
	case reflect.Int, reflect.Int64:
		return kindNumber
	}
	panic("strict: a request cannot hold " + v.Type().String())
}

func mismatch(n node, want kind) string {
	is := string(n.kind)
	if n.kind == kindNull {
		return fmt.Sprintf("is null; %s is expected, or leave the field out", want)
	}
	if n.kind == kindString && want == kindNumber {
		return "is a string; a number without quotes is expected"
	}
	return fmt.Sprintf("is %s; %s is expected", is, want)
}

// object fills a struct. Names count exactly as the json tags spell them.
func (a *assigner) object(path string, n node, v reflect.Value) {
	fields := fieldsOf(v.Type())
	for _, m := range n.members {
		index, ok := fields[m.name]
		if !ok {
			a.add(join(path, m.name), "is not a known field%s", hint(m.name, fields))
			continue
		}
		a.assign(join(path, m.name), m.value, v.FieldByIndex(index))
	}
}

// fieldsOf maps the JSON names of a struct, embedded ones included, to their place.
func fieldsOf(t reflect.Type) map[string][]int {
	out := map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		out[name] = f.Index
	}
	return out
}

// hint names the field that was probably meant, or all there are when they are few.
func hint(name string, fields map[string][]int) string {
	for known := range fields {
		if strings.EqualFold(known, name) {
			return fmt.Sprintf("; names are case-sensitive, %q exists", known)
		}
	}
	if len(fields) == 0 {
		return "; no fields are expected here"
	}
	if len(fields) > 12 {
		return ""
	}
	return "; known are " + strings.Join(sorted(fields), ", ")
}

func (a *assigner) dictionary(path string, n node, v reflect.Value) {
	v.Set(reflect.MakeMapWithSize(v.Type(), len(n.members)))
	for _, m := range n.members {
		value := reflect.New(v.Type().Elem()).Elem()
		a.assign(join(path, m.name), m.value, value)
		v.SetMapIndex(reflect.ValueOf(m.name).Convert(v.Type().Key()), value)
	}
}

func (a *assigner) list(path string, n node, v reflect.Value) {
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		a.assign(fmt.Sprintf("%s[%d]", path, i), item, v.Index(i))
	}
}

// integer takes whole numbers only, also when they are written 1.0 or 1e2.
func (a *assigner) integer(path string, n node, v reflect.Value) {
	if i, err := strconv.ParseInt(n.text, 10, 64); err == nil {
		v.SetInt(i)
		return
	}
	f, err := strconv.ParseFloat(n.text, 64)
	switch {
	case err != nil || math.Abs(f) > 1<<53:
		a.add(path, "is out of range; a whole number between -%d and %[1]d is expected", int64(1)<<53)
	case f != math.Trunc(f):
		a.add(path, "is %s; a whole number is expected", shorten(n.text))
	default:
		v.SetInt(int64(f))
	}
}
