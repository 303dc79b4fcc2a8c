// Package strict reads JSON from strangers into a Go value and says everything that is wrong with it at once.
//
// It refuses what encoding/json lets pass: unknown and repeated fields, names in another case, trailing data, text that
// is not UTF-8 or has half a character, null where a value is expected. What a value means is not decided here; that is validation, in the
// domain packages.
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"slipway/functions/internal/fault"
)

// maxDepth bounds nesting, so that a body of brackets cannot exhaust the stack.
const maxDepth = 32

// maxFaults bounds what one answer lists.
const maxFaults = 50

// Decode reads one JSON value from data into v, a pointer. The error is a fault of kind Invalid: code "bad_json" with
// the byte position when data is not JSON, code "invalid" with the path of every wrong field when it is.
func Decode(data []byte, v any) error {
	root, err := parse(data)
	if err != nil {
		return err
	}
	a := &assigner{}
	a.assign("", root, reflect.ValueOf(v).Elem())
	return fault.Fields(a.wrong)
}

// kind is the JSON type of a node.
type kind string

const (
	kindNull   kind = "null"
	kindBool   kind = "a boolean"
	kindNumber kind = "a number"
	kindString kind = "a string"
	kindArray  kind = "an array"
	kindObject kind = "an object"
)

// node is a parsed value.
type node struct {
	kind    kind
	raw     []byte // of an array or object: its text
	text    string // of a string or number
	truth   bool   // of a boolean
	items   []node // of an array
	members []member
}

type member struct {
	name  string
	value node
}

func parse(data []byte) (node, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return node{}, fault.New(fault.Invalid, "bad_json", "The body is empty; a JSON object is expected.")
	}
	if !utf8.Valid(data) {
		return node{}, badJSON(invalidAt(data)+1, "the text is not UTF-8")
	}
	// One pass that only checks the grammar keeps the second from having to report it.
	var whole json.RawMessage
	if err := json.Unmarshal(data, &whole); err != nil {
		return node{}, grammar(data, err)
	}
	if at := halfAt(data); at >= 0 {
		return node{}, badJSON(at+1, "there is half a character here: \\ud800 to \\udbff and \\udc00 to \\udfff stand for one together")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	p := &parser{dec: dec, data: data}
	return p.value(1)
}

func grammar(data []byte, err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return badJSON(0, err.Error())
	}
	if syntax.Offset >= int64(len(data)) && endsEarly(data, syntax.Error()) {
		return badJSON(syntax.Offset, "the text ends too early")
	}
	return badJSON(syntax.Offset, syntax.Error())
}

// endsEarly knows the two ways in which encoding/json says it: inside a literal it complains of a blank that is not there.
func endsEarly(data []byte, message string) bool {
	return message == "unexpected end of JSON input" || strings.HasPrefix(message, "invalid character ' '") && data[len(data)-1] != ' '
}

// badJSON names a position, counted from 1 as editors do.
func badJSON(at int64, why string) error {
	return fault.New(fault.Invalid, "bad_json", "The body is not JSON at byte %d: %s.", at, why)
}

func invalidAt(data []byte) int64 {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return int64(i)
		}
		i += size
	}
	return int64(len(data))
}

// halfAt is where an escape stands for half of a pair of surrogates, -1 when there is none. encoding/json puts the same
// character in place of each, so that two texts become one. The grammar has been checked.
func halfAt(data []byte) int64 {
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' {
			continue
		}
		first, ok := escaped(data[i:])
		switch {
		case !ok:
			i++
		case !utf16.IsSurrogate(first):
			i += 5
		default:
			if second, _ := escaped(data[i+6:]); utf16.DecodeRune(first, second) == utf8.RuneError {
				return int64(i)
			}
			i += 11
		}
	}
	return -1
}

// escaped is the number in an escape of six characters, if data begins with one.
func escaped(data []byte) (rune, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	return rune(n), err == nil
}

type parser struct {
	dec  *json.Decoder
	data []byte
}

func (p *parser) value(depth int) (node, error) {
	if depth > maxDepth {
		return node{}, badJSON(p.dec.InputOffset(), fmt.Sprintf("values are nested deeper than %d", maxDepth))
	}
	token, err := p.dec.Token()
	if err != nil {
		return node{}, p.broken(err)
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return p.object(depth)
		}
		return p.array(depth)
	case string:
		return node{kind: kindString, text: t}, nil
	case json.Number:
		return node{kind: kindNumber, text: t.String()}, nil
	case bool:
		return node{kind: kindBool, truth: t}, nil
	}
	return node{kind: kindNull}, nil
}

// object reads members up to the closing brace. A name that comes twice is refused: readers disagree on which counts.
func (p *parser) object(depth int) (node, error) {
	start := p.dec.InputOffset() - 1
	n := node{kind: kindObject}
	seen := map[string]bool{}
	for p.dec.More() {
		token, err := p.dec.Token()
		if err != nil {
			return n, p.broken(err)
		}
		name, _ := token.(string)
		if seen[name] {
			return n, badJSON(p.dec.InputOffset(), fmt.Sprintf("the field %q comes twice in one object", shorten(name)))
		}
		seen[name] = true
		value, err := p.value(depth + 1)
		if err != nil {
			return n, err
		}
		n.members = append(n.members, member{name, value})
	}
	return p.closed(n, start)
}

func (p *parser) array(depth int) (node, error) {
	start := p.dec.InputOffset() - 1
	n := node{kind: kindArray}
	for p.dec.More() {
		value, err := p.value(depth + 1)
		if err != nil {
			return n, err
		}
		n.items = append(n.items, value)
	}
	return p.closed(n, start)
}

func (p *parser) closed(n node, start int64) (node, error) {
	if _, err := p.dec.Token(); err != nil {
		return n, p.broken(err)
	}
	n.raw = p.data[start:p.dec.InputOffset()]
	return n, nil
}

func (p *parser) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return badJSON(p.dec.InputOffset(), "the text ends too early")
	}
	return badJSON(p.dec.InputOffset(), err.Error())
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
