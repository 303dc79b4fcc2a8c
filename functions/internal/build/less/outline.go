package less

import (
	"slices"
	"strings"

	"slipway/functions/internal/pattern"
)

// outline is what has to be known of one file.
type outline struct {
	variables []variable
	blocks    []span   // of plain rules, which mean nothing where the file is imported for reference
	names     []string // of variables, wherever else in the file they stand, comments included
	declared  []string // of variables, in a way that is not one of these
	imports   []importing
	extends   bool
	opaque    bool // what it needs cannot be told from the text
}

type span struct{ from, to int }

type importing struct {
	name      string
	reference bool
}

// variable is a declaration that could be left out.
type variable struct {
	span
	name string
	value
}

var (
	nameOf     = pattern.New(`@\{?([\w-]+)`)
	declares   = pattern.New(`@([\w-]+)\s*:`)
	importWord = pattern.New(`@import\b`)
	imported   = pattern.New(`^@import\s*(?:\(\s*(reference|less|once|multiple|optional)\s*\)\s*)?(?:"([^"\\\n@]+)"|'([^'\\\n@]+)')\s*;`)
	styleName  = pattern.New(`[#.&?]css`) // of what less.js leaves as an import of CSS
	unreadable = pattern.New("@@|`|@plugin\\b|@\\\\|\\\\@")
	variableOf = pattern.New(`^@([\w-]+)[ \t]*:`)
	selectorOf = pattern.New(`^[a-zA-Z:*][\w\s,:*>-]*\{`)
	propertyOf = pattern.New(`^(-{0,2}[a-zA-Z][\w-]*)[ \t]*:([^;{}]*);`)
	ownValue   = pattern.New(`^[\w\s#%.,()+-]*$`)
)

// outlined reads a file.
func outlined(src string) *outline {
	o := &outline{opaque: unreadable.MatchString(src), extends: strings.Contains(src, ":extend")}
	for _, at := range importWord.FindAllStringIndex(src, -1) {
		m := imported.FindStringSubmatch(src[at[0]:])
		if m == nil || styleName.MatchString(m[2]+m[3]) {
			o.opaque = true
			break
		}
		o.imports = append(o.imports, importing{m[2] + m[3], m[1] == "reference"})
	}
	if o.opaque {
		return o
	}
	rest, found := 0, 0
	comments := scan(src, func(at int) int {
		if importWord.MatchString(src[at:min(len(src), at+8)]) {
			found++
		}
		if v, ok := declaration(src, at); ok {
			o.variables = append(o.variables, v)
			o.mention(src[rest:at])
			rest = v.to
			return v.to
		}
		end := block(src, at)
		if end > 0 {
			o.blocks = append(o.blocks, span{at, end})
		}
		return end
	})
	o.mention(src[rest:])
	o.declarations(src, comments)
	o.opaque = found != len(o.imports) // one stands in a block, whose own its variables are, or in a comment
	return o
}

func (o *outline) mention(text string) {
	for _, m := range nameOf.FindAllStringSubmatch(text, -1) {
		o.names = append(o.names, m[1])
	}
}

// declarations finds those that are no variables of the outline.
func (o *outline) declarations(src string, comments []span) {
	within := func(at int) func(span) bool { return func(s span) bool { return s.from <= at && at < s.to } }
	own := make([]span, len(o.variables))
	for i, v := range o.variables {
		own[i] = v.span
	}
	for _, at := range declares.FindAllStringSubmatchIndex(src, -1) {
		if !slices.ContainsFunc(comments, within(at[0])) && !slices.ContainsFunc(own, within(at[0])) {
			o.declared = append(o.declared, src[at[2]:at[3]])
		}
	}
}

// scan goes through a text and calls look where a statement begins that no block is around. It goes on where look says, or
// else behind what stands there. It gives the comments.
func scan(src string, look func(at int) int) (comments []span) {
	for at, depth, begins := 0, 0, true; at < len(src); {
		end, comment := token(src, at)
		space := strings.IndexByte(" \t\r\n", src[at]) >= 0
		if depth == 0 && begins && !comment && !space {
			if next := look(at); next > 0 {
				at = next
				continue
			}
		}
		switch c := src[at]; {
		case comment:
			comments = append(comments, span{at, end})
		case space:
		case c == '{':
			depth, begins = depth+1, true
		case c == '}':
			depth, begins = depth-1, true
		default:
			begins = c == ';'
		}
		at = end
	}
	return comments
}

// declaration reads a variable whose value has no fault in itself, up to and with its semicolon.
func declaration(src string, at int) (v variable, ok bool) {
	m := variableOf.FindStringSubmatch(src[at:])
	if m == nil {
		return v, false
	}
	begin := at + len(m[0])
	length := strings.IndexAny(src[begin:], ";{}")
	if length < 0 || src[begin+length] != ';' {
		return v, false
	}
	v = variable{name: m[1], span: span{at, begin + length + 1}}
	v.value, ok = valueOf(src[begin : begin+length])
	return v, ok
}

// block gives the end of plain rules: elements and their properties, with values that have no fault. Classes, which could
// be called, are none.
func block(src string, at int) int {
	selector := selectorOf.FindString(src[at:])
	if selector == "" {
		return 0
	}
	for at += len(selector); at < len(src); {
		end, comment := token(src, at)
		switch c := src[at]; {
		case comment || strings.IndexByte(" \t\r\n", c) >= 0:
			at = end
			continue
		case c == '}':
			return at + 1
		}
		m := propertyOf.FindStringSubmatch(src[at:])
		if m == nil {
			return 0
		}
		if strings.HasPrefix(m[1], "--") {
			if !ownValue.MatchString(m[2]) {
				return 0
			}
		} else if v, ok := valueOf(m[2]); !ok || len(v.names) > 0 {
			return 0
		}
		at += len(m[0])
	}
	return 0
}
