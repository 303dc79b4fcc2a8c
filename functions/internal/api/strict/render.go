package strict

import (
	"bytes"
	"encoding/json"
	"regexp"
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

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

// join extends a path by a member: "information.en", or "hosts[\"a b\"]" when the name would be misread.
func join(path, name string) string {
	switch {
	case !plainName.MatchString(name):
		return path + "[" + string(quote(shorten(name))) + "]"
	case path == "":
		return shorten(name)
	}
	return path + "." + shorten(name)
}

func sorted(fields map[string][]int) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
