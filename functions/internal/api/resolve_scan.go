package api

// scanner reads JSON strictly and without copying. Its methods say whether what they were asked for stood there whole;
// after a no nothing it holds means anything.
type scanner struct {
	text string
	at   int
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// is takes one character, with space around it.
func (s *scanner) is(c byte) bool {
	s.space()
	if s.at == len(s.text) || s.text[s.at] != c {
		return false
	}
	s.at++
	s.space()
	return true
}

// word takes a literal.
func (s *scanner) word(w string) bool {
	if len(s.text)-s.at < len(w) || s.text[s.at:s.at+len(w)] != w {
		return false
	}
	s.at += len(w)
	return true
}

func (s *scanner) end() bool { return s.at == len(s.text) }

// object takes an object; member takes the value of each name. A name with escapes or letters beyond ASCII is a no.
func (s *scanner) object(member func(name string) bool) bool {
	if !s.is('{') {
		return false
	}
	if s.is('}') {
		return true
	}
	for {
		var name string
		if !s.plain(&name) || !s.is(':') || !member(name) {
			return false
		}
		if s.is('}') {
			return true
		}
		if !s.is(',') {
			return false
		}
	}
}

// plain takes a string that is written as it is meant: visible ASCII and spaces, no escapes.
func (s *scanner) plain(to *string) bool {
	if s.at == len(s.text) || s.text[s.at] != '"' {
		return false
	}
	for i := s.at + 1; i < len(s.text); i++ {
		c := s.text[i]
		if c == '"' {
			*to = s.text[s.at+1 : i]
			s.at = i + 1
			return true
		}
		if c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return false
}

// ignoreString passes over any string that encoding/json takes.
func (s *scanner) ignoreString() bool {
	if s.at == len(s.text) || s.text[s.at] != '"' {
		return false
	}
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			s.at = i + 1
			return true
		case c < ' ':
			return false
		case c == '\\':
			n := escape(s.text[i+1:])
			if n == 0 {
				return false
			}
			i += n
		}
	}
	return false
}

// escape is how long the escape is that begins after a back-slash, 0 for none.
func escape(rest string) int {
	if rest == "" {
		return 0
	}
	switch rest[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		if len(rest) > 4 && isHex(rest[1]) && isHex(rest[2]) && isHex(rest[3]) && isHex(rest[4]) {
			return 5
		}
	}
	return 0
}

// ignoreStrings passes over a list of strings.
func (s *scanner) ignoreStrings() bool {
	if !s.is('[') {
		return false
	}
	if s.is(']') {
		return true
	}
	for {
		if !s.ignoreString() {
			return false
		}
		if s.is(']') {
			return true
		}
		if !s.is(',') {
			return false
		}
	}
}

// count passes over a whole number above 0 that surely fits an int64.
func (s *scanner) count() bool {
	from := s.at
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
	}
	if n := s.at - from; n < 1 || n > 18 || s.text[from] == '0' {
		return false
	}
	return s.at == len(s.text) || s.text[s.at] != '.' && s.text[s.at] != 'e' && s.text[s.at] != 'E'
}
