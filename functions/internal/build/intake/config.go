package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

// MaxNesting bounds the depth of brackets in JSON that is read leniently; the lenient parser recurses.
const MaxNesting = 200

var bom = []byte("\xef\xbb\xbf")

// TrimMark removes the byte order mark that some editors write before a text.
func TrimMark(src []byte) []byte { return bytes.TrimPrefix(src, bom) }

// Report collects diagnostics. It is not safe for concurrent use; what runs concurrently collects apart and merges.
type Report struct {
	List []Diagnostic
	told map[string]int // by severity
}

// Err adds what makes a build fail.
func (r *Report) Err(rule, file string, line, column int, advice, format string, args ...any) {
	r.add(Diagnostic{Severity: "error", Rule: rule, File: file, Line: line, Column: column, Message: fmt.Sprintf(format, args...), Advice: advice})
}

// Warn adds what does not.
func (r *Report) Warn(rule, file string, line, column int, advice, format string, args ...any) {
	r.add(Diagnostic{Severity: "warning", Rule: rule, File: file, Line: line, Column: column, Message: fmt.Sprintf(format, args...), Advice: advice})
}

// beyond refuses to look at a list that no project needs, member by member.
func beyond(r *Report, file string, line, column int, what string, n, most int) {
	r.Err("too-many", file, line, column, "Generated code is best left out of configuration.", "%s has %d members; at most %d are read.", what, n, most)
}

// add gives what is about a file as a whole the file's beginning, so that every editor can go there.
func (r *Report) add(d Diagnostic) {
	if r.told == nil {
		r.told = map[string]int{}
	}
	if r.told[d.Severity]++; r.told[d.Severity] > maxTold {
		return
	}
	if d.File != "" && d.Line == 0 {
		d.Line, d.Column = 1, 1
	}
	r.List = append(r.List, d)
}

// readObject reads a JSON file as an object. What editors tolerate (a byte order mark, comments, trailing commas) is
// tolerated with a warning; anything else is an error diagnostic with its position, and ok is false.
func readObject(r *Report, file string, src []byte, limit int64) (m map[string]any, ok bool) {
	std, ok := Standard(r, file, src, limit)
	if !ok {
		return nil, false
	}
	var v any
	if err := json.Unmarshal(std, &v); err != nil {
		line, column := JSONPosition(std, err)
		r.Err("bad-json", file, line, column, "Correct the JSON there.", "The file is not valid JSON: %s.", JSONMessage(err))
		return nil, false
	}
	m, ok = v.(map[string]any)
	if !ok {
		r.Err("bad-config", file, 1, 1, "Begin the file with { and end it with }.", "The file must hold a JSON object, not %s.", kindName(v))
	}
	return m, ok
}

// Standard gives src as strict JSON with every position kept.
func Standard(r *Report, file string, src []byte, limit int64) ([]byte, bool) {
	if int64(len(src)) > limit {
		r.Err("config-too-large", file, 0, 0, "Move data out of configuration files.", "The file is %s; at most %s of JSON is read.", BytesText(int64(len(src))), BytesText(limit))
		return nil, false
	}
	var odd []string
	if bytes.HasPrefix(src, bom) {
		src, odd = TrimMark(src), append(odd, "a byte order mark")
	}
	if !utf8.Valid(src) {
		notUTF8(r, file, src)
		return nil, false
	}
	if len(bytes.TrimSpace(src)) == 0 {
		r.Warn("lenient-json", file, 1, 1, "Write {} or remove the file.", "The file is empty and is read as {}.")
		return []byte("{}"), true
	}
	if Nesting(src) > MaxNesting {
		r.Err("bad-json", file, 0, 0, "Flatten the configuration.", "The file is nested deeper than %d levels.", MaxNesting)
		return nil, false
	}
	if !json.Valid(src) {
		if std, err := hujson.Standardize(src); err == nil {
			src, odd = std, append(odd, "comments or trailing commas")
		}
	}
	if len(odd) > 0 {
		r.Warn("lenient-json", file, 1, 1, "Remove it: other tools will refuse the file.", "The file has %s; it is read all the same.", strings.Join(odd, ", "))
	}
	return src, true
}

// Nesting is the deepest level of brackets outside strings.
func Nesting(src []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
			deepest = max(deepest, depth)
		case c == ']' || c == '}':
			depth--
		}
	}
	return deepest
}

func notUTF8(r *Report, file string, src []byte) {
	at := 0
	for at < len(src) {
		c, n := utf8.DecodeRune(src[at:])
		if c == utf8.RuneError && n <= 1 {
			break
		}
		at += n
	}
	line, column := Position(src, at)
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		r.Err("not-utf8", file, line, column, "Save the file as UTF-8.", "The file is UTF-16 text, not UTF-8.")
		return
	}
	r.Err("not-utf8", file, line, column, "Save the file as UTF-8; editors on Chinese systems often save as GBK.", "The file is not UTF-8 text.")
}

// Position turns a byte offset into a 1-based line and column (in bytes).
func Position(src []byte, at int) (line, column int) {
	at = max(0, min(at, len(src)))
	line = bytes.Count(src[:at], []byte("\n")) + 1
	return line, at - (bytes.LastIndexByte(src[:at], '\n') + 1) + 1
}

// JSONPosition is where an error of encoding/json is about; its message is JSONMessage.
func JSONPosition(src []byte, err error) (line, column int) {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return Position(src, int(syntax.Offset)-1)
	}
	return Position(src, len(src))
}

// JSONMessage says what is wrong with JSON, without the position.
func JSONMessage(err error) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Error()
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends too early"
	}
	return err.Error()
}

func kindName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a truth value"
	case float64:
		return "a number"
	case string:
		return "a text"
	case []any:
		return "an array"
	}
	return "something else"
}

// lineOf finds where a JSON file names a value, for diagnostics about it; 0 when it does not name it literally.
func lineOf(src []byte, value string) (line, column int) {
	quoted, _ := json.Marshal(value)
	at := bytes.Index(src, quoted)
	if at < 0 {
		return 0, 0
	}
	return Position(src, at)
}

// stringsOf reads a list of texts, telling about members of another kind. src is the file's text.
func stringsOf(r *Report, file string, src []byte, key string, v any, most int) []string {
	line, column := lineOf(src, key[strings.LastIndexByte(key, '.')+1:])
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return []string{v}
	case []any:
		if len(v) > most {
			beyond(r, file, line, column, key, len(v), most)
			return nil
		}
		var list []string
		for i, x := range v {
			s, ok := x.(string)
			if !ok {
				r.Err("bad-config", file, line, column, "Write a text in quotes.", "%s[%d] must be a text, not %s.", key, i, kindName(x))
				continue
			}
			list = append(list, s)
		}
		return list
	}
	r.Err("bad-config", file, line, column, "Write a list of texts.", "%s must be a list, not %s.", key, kindName(v))
	return nil
}

// componentsOf reads a usingComponents object. src is the file's text.
func componentsOf(r *Report, file string, src []byte, m map[string]any) map[string]string {
	v, there := m["usingComponents"]
	if !there || v == nil {
		return nil
	}
	object, ok := v.(map[string]any)
	if !ok {
		line, column := lineOf(src, "usingComponents")
		r.Err("bad-config", file, line, column, `Write { "name": "/path/of/component" }.`, "usingComponents must be an object, not %s.", kindName(v))
		return nil
	}
	if len(object) > maxPages {
		line, column := lineOf(src, "usingComponents")
		beyond(r, file, line, column, "usingComponents", len(object), maxPages)
		return nil
	}
	out := make(map[string]string, len(object))
	for _, name := range sortedKeys(object) {
		path, ok := object[name].(string)
		if !ok || path == "" {
			line, column := lineOf(src, name)
			r.Err("bad-config", file, line, column, "Write the component's path as a text.", "usingComponents.%s must be a path, not %s.", name, kindName(object[name]))
			continue
		}
		out[name] = path
	}
	return out
}
