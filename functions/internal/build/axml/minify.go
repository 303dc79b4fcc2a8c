package axml

import (
	"bytes"
	"strings"

	"slipway/functions/internal/pattern"
)

// lastEnd is an end tag with which a file ends before it does.
var lastEnd = pattern.New(`</[A-Za-z_][\w.:-]*\s*$`)

// Minify writes a template smaller without changing what it shows: comments go, space inside tags shrinks, and text
// that is only space becomes one space. What has any problem is given back as it is, and so is what <text> holds; only the
// ">" that a file's last end tag lacks is put there, because everything says where it belongs.
func Minify(src []byte) []byte {
	if last := lastEnd.Find(src); last != nil {
		src = append(src[:len(src)-len(last):len(src)-len(last)], string(bytes.TrimSpace(last))+">"...)
	}
	if _, problems := Parse("", src); len(problems) > 0 {
		return src
	}
	l := newLexer(src)
	var out strings.Builder
	out.Grow(len(src))
	verbatim := 0 // open <text> elements
	for {
		t := l.next()
		switch t.kind {
		case endToken:
			return []byte(strings.TrimSpace(out.String()))
		case textToken:
			writeText(&out, t, verbatim > 0)
		case openToken:
			writeTag(&out, t)
			if t.text == "text" && !t.selfClosing {
				verbatim++
			}
		case closeToken:
			out.WriteString("</" + t.text + ">")
			if t.text == "text" {
				verbatim--
			}
		}
	}
}

func writeText(out *strings.Builder, t token, verbatim bool) {
	switch {
	case t.raw:
		out.WriteString("<![CDATA[" + t.text + "]]>")
	case !verbatim && strings.TrimSpace(t.text) == "":
		if t.text != "" && !strings.HasSuffix(out.String(), " ") {
			out.WriteByte(' ')
		}
	default:
		out.WriteString(t.text)
	}
}

func writeTag(out *strings.Builder, t token) {
	out.WriteString("<" + t.text)
	for _, a := range t.attrs {
		out.WriteString(" " + a.Name)
		if a.HasValue {
			out.WriteString("=" + string(a.Quote) + a.Value + string(a.Quote))
		}
	}
	if t.selfClosing {
		out.WriteByte('/')
	}
	out.WriteByte('>')
}
