package build

import "bytes"

// Deep nesting makes a recursive parser use stack for every byte, and a Go program whose stack is full cannot recover;
// some chains take a time that grows with their square. Real code stays far below these, generated code included, and at
// them the compiler was measured to come through. A file made to evade them can still exhaust a process: whoever builds
// for strangers beside other work uses package isolate.
const (
	maxBrackets = 2_000  // open at once
	maxElses    = 5_000  // of else followed by if, in the whole file
	maxWords    = 60_000 // of prefix operators and keywords, in the whole file
	maxChain    = 50_000 // of operators, calls and members within one statement
	maxAsked    = 5_000  // of conditionals within one statement
)

// tooDeep gives the line, from 1, at which a source gets too deep, or 0. It bounds how deep a parser can recurse, without
// parsing. It counts in strings and comments too, because to tell strings from code is to parse; to be wrong takes
// thousands of brackets that nobody closes.
func tooDeep(src []byte) int {
	depth, words, elses, chain, asked := 0, 0, 0, 0, 0
	var before byte // the last byte that is not space
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '(', '[':
			depth, chain = depth+1, chain+1
		case ')', ']':
			depth = max(0, depth-1)
		case '{':
			depth, chain, asked = depth+1, 0, 0
		case '}':
			depth, chain, asked = max(0, depth-1), 0, 0
		case ';':
			chain, asked = 0, 0
		case '.', '=', '*', '`', '!', '~', '>':
			chain++
		case '?':
			asked++
		case '+', '-', '<':
			// As prefixes only: base64 is full of them after letters, and infix operators do not recurse.
			if !wordByte(before) && before != ')' && before != ']' {
				words++
			}
		default:
			if !wordByte(before) || i > 0 && src[i-1] != before {
				words += keyword(src[i:])
				elses += elseIf(src[i:min(len(src), i+64)])
			}
		}
		before = c
		if depth > maxBrackets || words > maxWords || elses > maxElses || chain > maxChain || asked > maxAsked {
			return 1 + bytes.Count(src[:i], []byte{'\n'})
		}
	}
	return 0
}

func elseIf(src []byte) int {
	after, ok := bytes.CutPrefix(src, []byte("else"))
	if ok && bytes.HasPrefix(bytes.TrimLeft(after, " \t\r\n"), []byte("if")) {
		return 1
	}
	return 0
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// keyword counts words that stand before an expression or statement and so can be piled up.
func keyword(src []byte) int {
	for _, word := range [...]string{"new", "typeof", "void", "delete", "await", "yield", "else", "do", "for", "while", "with"} {
		if len(src) > len(word) && string(src[:len(word)]) == word && !wordByte(src[len(word)]) {
			return 1
		}
	}
	return 0
}
