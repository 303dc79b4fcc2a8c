package script

import (
	"encoding/json"
	"sort"
	"strings"
)

// mapping says that generated code from here on comes from a place in the source; all 0-based, columns in UTF-16 units.
type mapping struct {
	line, column int
	source       Pos // 1-based
}

// decodeMappings reads the "mappings" of a source map with one source (ECMA-426): segments of base64 VLQ numbers.
func decodeMappings(sourceMap []byte) []mapping {
	var m struct {
		Mappings string `json:"mappings"`
	}
	if json.Unmarshal(sourceMap, &m) != nil {
		return nil
	}
	var list []mapping
	sourceLine, sourceColumn := 0, 0
	for line, text := range strings.Split(m.Mappings, ";") {
		column := 0
		for _, segment := range strings.Split(text, ",") {
			var fields [5]int
			n := vlq(segment, &fields)
			column += fields[0]
			if n < 4 {
				continue
			}
			sourceLine += fields[2]
			sourceColumn += fields[3]
			list = append(list, mapping{line, column, Pos{sourceLine + 1, sourceColumn + 1}})
		}
	}
	return list
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

func vlq(s string, fields *[5]int) int {
	n, value, shift := 0, 0, 0
	for i := 0; i < len(s) && n < len(fields); i++ {
		digit := strings.IndexByte(base64Digits, s[i])
		if digit < 0 {
			return 0
		}
		value |= digit & 31 << shift
		if digit&32 != 0 {
			shift += 5
			continue
		}
		if fields[n] = value >> 1; value&1 == 1 {
			fields[n] = -fields[n]
		}
		n, value, shift = n+1, 0, 0
	}
	return n
}

func lineStarts(code string) []int {
	starts := []int{0}
	for i := range len(code) {
		if code[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// source finds where generated code comes from. What the compiler added (its helpers stand first) comes from nowhere.
// The code is ASCII, so that bytes are columns.
func (l *loweredScript) source(offset int) (Pos, bool) {
	line := sort.SearchInts(l.lines, offset+1) - 1
	column := offset - l.lines[line]
	i := sort.Search(len(l.maps), func(i int) bool {
		m := l.maps[i]
		return m.line > line || m.line == line && m.column > column
	}) - 1
	if i < 0 {
		return Pos{}, false
	}
	return l.maps[i].source, true
}
