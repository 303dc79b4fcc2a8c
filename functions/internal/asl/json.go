package asl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds nesting in definitions, so that hostile ones cannot exhaust the stack.
const maxDepth = 100

// object is a JSON object that remembers the order of its keys, so that problems are told in reading order.
type object struct {
	keys []string
	vals map[string]any
}

func (o *object) has(key string) bool { _, ok := o.vals[key]; return ok }

// decodeStrict reads one JSON document into *object, []any, string, json.Number, bool and nil. Unlike encoding/json it
// refuses duplicate keys and bytes that are not UTF-8.
func decodeStrict(data []byte) (any, []Problem) {
	if !utf8.Valid(data) {
		return nil, []Problem{{Path: "/", Detail: "is not UTF-8; save the definition as UTF-8"}}
	}
	d := &strictDecoder{dec: json.NewDecoder(bytes.NewReader(data))}
	d.dec.UseNumber()
	v, err := d.value("", 0)
	if err == nil {
		if _, more := d.dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the JSON document; remove it")
		}
	}
	if err != nil {
		line := 1 + bytes.Count(data[:min(int(d.dec.InputOffset()), len(data))], []byte("\n"))
		return nil, append(d.problems, Problem{Path: "/", Detail: fmt.Sprintf("is not JSON: line %d: %v", line, err)})
	}
	return v, d.problems
}

type strictDecoder struct {
	dec      *json.Decoder
	problems []Problem
}

func (d *strictDecoder) value(path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	tok, err := d.dec.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	switch tok {
	case json.Delim('{'):
		return d.object(path, depth)
	case json.Delim('['):
		return d.array(path, depth)
	}
	return tok, nil
}

func (d *strictDecoder) object(path string, depth int) (any, error) {
	o := &object{vals: map[string]any{}}
	for d.dec.More() {
		tok, err := d.dec.Token()
		if err != nil {
			return nil, err
		}
		key := tok.(string) // the decoder itself refuses keys that are not strings
		at := path + "/" + key
		v, err := d.value(at, depth+1)
		if err != nil {
			return nil, err
		}
		if o.has(key) {
			d.problems = append(d.problems, Problem{Path: at, Detail: "is given twice; keep one of them"})
			continue
		}
		o.keys = append(o.keys, key)
		o.vals[key] = v
	}
	_, err := d.dec.Token()
	return o, err
}

func (d *strictDecoder) array(path string, depth int) (any, error) {
	a := []any{}
	for d.dec.More() {
		v, err := d.value(fmt.Sprintf("%s/%d", path, len(a)), depth+1)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
	_, err := d.dec.Token()
	return a, err
}

// plain turns what decodeStrict read into what decode reads.
func plain(v any) any {
	switch v := v.(type) {
	case *object:
		m := make(map[string]any, len(v.keys))
		for _, k := range v.keys {
			m[k] = plain(v.vals[k])
		}
		return m
	case []any:
		a := make([]any, len(v))
		for i := range v {
			a[i] = plain(v[i])
		}
		return a
	}
	return v
}

// decode reads a payload into map[string]any, []any, string, json.Number, bool and nil. Numbers keep their digits.
func decode(b []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON document")
	}
	return v, nil
}

// encode writes a payload: compact, keys sorted, no HTML escapes.
func encode(v any) raw {
	if r, ok := v.(raw); ok {
		return r
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		// Payloads are made of decoded JSON only, which always encodes.
		panic("asl: encode: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// canonical checks that b is one JSON document and gives its canonical bytes.
func canonical(b []byte) (raw, error) {
	v, err := decode(b)
	if err != nil {
		return nil, err
	}
	return encode(v), nil
}

// kindOf names a JSON value for a person.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case []any:
		return "an array"
	}
	return "an object"
}

// brief shortens a value for a sentence.
func brief(v any) string {
	const most = 60
	s := string(encode(v))
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strings.ToValidUTF8(s, "")
}
