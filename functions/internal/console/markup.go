package console

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// Here is all markup that is not made by a template, so everything that could let a value pass unescaped; a test of the
// layout holds that templ.Raw is called nowhere else.

// words is a sentence of our words and of values: components stand as they are, everything else is escaped.
func words(parts ...any) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, p := range parts {
			c, ok := p.(templ.Component)
			if !ok {
				c = templ.Raw(templ.EscapeString(fmt.Sprint(p)))
			}
			if err := c.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// only is a part of a sentence that is there on a condition.
func only(there bool, s string) string {
	if there {
		return s
	}
	return ""
}

// after is a name with the words before it, or nothing when there is none.
func after(before, name string) templ.Component {
	if name == "" {
		return templ.NopComponent
	}
	return words(before, say(name))
}

// on is a time with the words before it, or nothing when it is not known.
func on(before string, t time.Time) templ.Component {
	if t.IsZero() {
		return templ.NopComponent
	}
	return words(before, when(t))
}

// say shows one value inside a sentence: isolated, so that a right-to-left name leaves the words around it alone, and
// with characters one cannot see written out, so that a reviewer decides about what is really there.
func say(s string) templ.Component {
	return templ.Raw("<bdi>" + reveal(strings.Join(strings.Fields(spaced(s)), " ")) + "</bdi>")
}

// paragraph is say for text of several lines. Of several empty lines one stays: hundreds would push the form away.
func paragraph(s string) templ.Component {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)
	var lines []string
	for l := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		l = strings.TrimSpace(spaced(l))
		if l == "" && len(lines) > 0 && lines[len(lines)-1] == "" {
			continue
		}
		lines = append(lines, reveal(l))
	}
	return templ.Raw(strings.Join(lines, "<br>\n"))
}

// reveal escapes s and writes hidden characters out by their number.
func reveal(s string) string {
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, `<span class="hidden-character">U+%04X</span>`, r)
			continue
		}
		b.WriteString(templ.EscapeString(string(r)))
	}
	return b.String()
}

// when shows a time in UTC, spelled out, and readable by machines.
func when(t time.Time) templ.Component {
	if t.IsZero() {
		return templ.NopComponent
	}
	t = t.UTC()
	return templ.Raw(`<time datetime="` + t.Format(time.RFC3339) + `">` + t.Format("Monday 2 January 2006, 15:04 UTC") + `</time>`)
}

// sheet is our own embedded file, whose hash the policy names.
func sheet() templ.Component { return templ.Raw("<style>" + styleSheet + "</style>") }

// framed is a mail for srcdoc, where it is a document of its own: the attribute is escaped, the document is not.
func framed(mail string) templ.Component { return templ.Raw(mail) }
