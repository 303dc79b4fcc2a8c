package strict

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// render writes a node as JSON again, for types that read themselves.
func (n node) render() []byte {
	switch n.kind {
	case kindNull:
		return []byte("null")
	case kindBool:
		return strconv.AppendBool(nil, n.truth)
	case kindNumber:
		return []byte(n.text)
	case kindString:
		return quote(n.text)
	}
	return bytes.Clone(n.raw)
}

func quote(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // strings always marshal
		panic(err)
	}
	return b
}

// join extends a path by a member: "information.en", or "hosts[\"a b\"]" when the name would be misread.
func join(path, name string) string {
	switch {
	case !plain(name):
		return path + "[" + string(quote(shorten(name))) + "]"
	case path == "":
		return shorten(name)
	}
	return path + "." + shorten(name)
}

// plain says whether a name can stand in a path as it is: letters, digits, _ and -, and a letter or _ first.
func plain(name string) bool {
	for i, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return name != ""
}

func sorted(fields map[string][]int) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
