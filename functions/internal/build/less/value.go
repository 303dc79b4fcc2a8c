package less

import (
	"strings"

	"slipway/functions/internal/pattern"
)

// value is one that has no fault in itself: a list of numbers, colours, words and variables, or arithmetic with numbers.
type value struct {
	names   []string // of the variables in it
	kind    kind
	numbers []string // variables that have to be numbers
	colours []string // and colours
}

type kind int

const (
	list   kind = iota // or a word, or what only the host knows
	number             // also arithmetic
	colour
	same // as the only variable in it
)

var (
	numberText = pattern.New(`^-?(?:\d+(?:\.\d+)?|\.\d+)(?:%|[a-zA-Z]+)?$`)
	colourText = pattern.New(`^#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})$`)
	nameText   = pattern.New(`^@[\w-]+$`)
	wordText   = pattern.New(`^[a-zA-Z][\w-]*$`)
	hostText   = pattern.New(`^--[\w-]+$`)
	piece      = pattern.New(`^(?:[ \t\r\n]+|[,()]|[^ \t\r\n,()]+)`)
	changers   = map[string]bool{"fade": true, "darken": true, "lighten": true}
)

// valueOf reads a value.
func valueOf(text string) (v value, ok bool) {
	p := &valueParser{v: &v}
	for rest := text; rest != ""; {
		one := piece.FindString(rest)
		rest = rest[len(one):]
		p.pieces = append(p.pieces, one)
	}
	v.kind, ok = p.list(0)
	return v, ok && p.at == len(p.pieces)
}

type valueParser struct {
	v      *value
	pieces []string // spaces, commas, parentheses, and what is between
	at     int
}

func (p *valueParser) next() string {
	if p.at == len(p.pieces) {
		return ""
	}
	return p.pieces[p.at]
}

func (p *valueParser) take(piece string) bool {
	if p.next() != piece {
		return false
	}
	p.at++
	return true
}

func (p *valueParser) space() bool {
	if one := p.next(); one == "" || strings.Trim(one, " \t\r\n") != "" {
		return false
	}
	p.at++
	return true
}

// list reads items with spaces or commas between them, or operands with operators.
func (p *valueParser) list(depth int) (k kind, ok bool) {
	p.space()
	first := p.at
	if k, ok = p.item(depth); !ok {
		return k, false
	}
	if spaced := p.space(); spaced && operator(p.next()) {
		return p.sum(first)
	}
	for p.at < len(p.pieces) && p.next() != ")" {
		if p.take(",") {
			p.space()
		}
		if _, ok := p.item(depth); !ok {
			return list, false
		}
		k = list
		p.space()
	}
	return k, true
}

func operator(s string) bool { return s == "*" || s == "+" || s == "-" }

// sum reads what is made by arithmetic, again from its first operand.
func (p *valueParser) sum(first int) (kind, bool) {
	for p.at = first; ; {
		switch one := p.next(); {
		case nameText.MatchString(one):
			p.v.names = append(p.v.names, one[1:])
			p.v.numbers = append(p.v.numbers, one[1:])
		case !numberText.MatchString(one):
			return number, false
		}
		p.at++
		if spaced := p.space(); p.at == len(p.pieces) || p.next() == ")" {
			return number, true
		} else if !spaced || !operator(p.next()) {
			return number, false
		}
		p.at++
		if !p.space() {
			return number, false
		}
	}
}

func (p *valueParser) item(depth int) (kind, bool) {
	one := p.next()
	p.at++
	switch {
	case one == "" || depth > 8:
		return list, false
	case numberText.MatchString(one):
		return number, true
	case colourText.MatchString(one):
		return colour, true
	case nameText.MatchString(one):
		p.v.names = append(p.v.names, one[1:])
		return same, true
	case !wordText.MatchString(one):
		return list, false
	case !p.take("("):
		return list, true
	case one == "var":
		return list, p.host(depth)
	case one == "rgb" || one == "rgba":
		return colour, p.channels(one)
	case changers[one]:
		return colour, p.changed()
	}
	return list, false
}

// host reads a variable of the host, with or without what stands for it where it is not set.
func (p *valueParser) host(depth int) bool {
	p.space()
	if !hostText.MatchString(p.next()) {
		return false
	}
	p.at++
	p.space()
	if p.take(",") {
		if _, ok := p.list(depth + 1); !ok {
			return false
		}
	}
	return p.take(")")
}

// channels reads three numbers, or four.
func (p *valueParser) channels(function string) bool {
	for i := range len(function) { // rgb has three, rgba four
		p.space()
		if i > 0 && !p.take(",") {
			return false
		}
		p.space()
		if !numberText.MatchString(p.next()) {
			return false
		}
		p.at++
		p.space()
	}
	return p.take(")")
}

// changed reads a colour and by how much it is changed.
func (p *valueParser) changed() bool {
	p.space()
	switch one := p.next(); {
	case nameText.MatchString(one):
		p.v.names = append(p.v.names, one[1:])
		p.v.colours = append(p.v.colours, one[1:])
	case !colourText.MatchString(one):
		return false
	}
	p.at++
	p.space()
	if !p.take(",") {
		return false
	}
	p.space()
	if !numberText.MatchString(p.next()) {
		return false
	}
	p.at++
	p.space()
	return p.take(")")
}
