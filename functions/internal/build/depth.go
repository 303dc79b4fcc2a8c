package build

// Deep nesting makes a recursive parser use stack for every byte, and a Go program whose stack is full cannot recover.
// Real code, generated code included, stays far below these.
const (
	maxBrackets = 2_000
	maxChain    = 8_000
)

// tooDeep estimates how deep a parser would recurse, without parsing: brackets that are open at once, and runs of what
// nests without brackets (prefix operators, arrows, conditionals, else-ifs) within one statement. It looks at text and
// comments too; to be wrong there takes thousands of unbalanced brackets in a string.
func tooDeep(src []byte) bool {
	depth, chain := 0, 0
	for i := 0; i < len(src); i++ {
		switch src[i] {
		case '(', '[', '{':
			if depth++; depth > maxBrackets {
				return true
			}
		case ')', ']', '}':
			depth = max(0, depth-1)
			chain = 0
		case ';', ',':
			chain = 0
		case '!', '~', '?', '-', '+', '>', '=', '<', '*':
			chain++
		case ' ', '\n', '\t':
			if i > 0 && letter(src[i-1]) {
				chain++
			}
		}
		if chain > maxChain {
			return true
		}
	}
	return false
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' }
