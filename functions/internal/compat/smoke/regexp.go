package smoke

import (
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/unistring"

	"slipway/functions/internal/compat/script"
	"slipway/functions/internal/pattern"
)

// A regular expression that ignores case and has a class as wide as \S takes the engine ten milliseconds to compile. As a
// literal that happens once per script; made of a text, in every one of a page's runs, because each has a world of its own.
// Validators that everybody uses are full of such texts. So new RegExp("a", "i") is run as new RegExp(/a/i), which makes
// the same of it.

// maxRewritten bounds how many are compiled of one script before it runs, in which it may not need them.
const maxRewritten = 100

var (
	madeOfText = pattern.New(`\bRegExp\(["']`)
	// A RegExp that is not called, not asked for a member and not compared with may be a name that the script gives.
	otherRegExp = pattern.New(`\b(?:function\*?|class|get|set|static|async)\s+RegExp\b|\bRegExp\s*[^(.\s\])&|?:;]|[,({\[]\s*RegExp\s*[^(.\s]`)
)

// compileScript compiles a wrapped script of the mini program.
func compileScript(name, src string) (*goja.Program, error) {
	tree, err := parse(name, src)
	if err != nil {
		return nil, err
	}
	if properties(tree, src)+literals(tree, src) > 0 {
		if program, err := goja.CompileAST(tree, false); err == nil {
			return program, nil
		}
		return compile(name, src) // one of them is wrong: that shows when the script comes to it
	}
	return goja.CompileAST(tree, false)
}

// properties writes out the properties in patterns with the flag u and says of how many.
func properties(tree *ast.Program, src string) (n int) {
	if !strings.Contains(src, `\p{`) && !strings.Contains(src, `\P{`) {
		return 0
	}
	longer := 0
	longest := func(from string) string {
		to := expand(from)
		if to == from || longer+len(to) > maxExpanded {
			return from
		}
		longer += len(to)
		n++
		return to
	}
	theirs := otherRegExp.MatchString(src)
	script.Each(tree, func(node ast.Node) {
		switch node := node.(type) {
		case *ast.RegExpLiteral:
			if strings.Contains(node.Flags, "u") {
				node.Pattern = longest(node.Pattern)
			}
		case *ast.NewExpression:
			if made := ofTexts(node.Callee, node.ArgumentList); made != nil && !theirs {
				made[0].Value = unistring.NewFromString(longest(made[0].Value.String()))
			}
		case *ast.CallExpression:
			if made := ofTexts(node.Callee, node.ArgumentList); made != nil && !theirs {
				made[0].Value = unistring.NewFromString(longest(made[0].Value.String()))
			}
		}
	})
	return n
}

// ofTexts are the two texts of an expression with the flag u, nil when it is another.
func ofTexts(callee ast.Expression, arguments []ast.Expression) (texts []*ast.StringLiteral) {
	if id, ok := callee.(*ast.Identifier); !ok || id.Name != "RegExp" || len(arguments) != 2 {
		return nil
	}
	for _, a := range arguments {
		s, ok := a.(*ast.StringLiteral)
		if !ok {
			return nil
		}
		texts = append(texts, s)
	}
	if !strings.Contains(texts[1].Value.String(), "u") {
		return nil
	}
	return texts
}

// literals makes literals of the texts of a script and says of how many.
func literals(tree *ast.Program, src string) (n int) {
	if !madeOfText.MatchString(src) || otherRegExp.MatchString(src) {
		return 0
	}
	script.Each(tree, func(node ast.Node) {
		made := false
		switch node := node.(type) {
		case *ast.NewExpression:
			made = n < maxRewritten && rewrite(node.Callee, &node.ArgumentList)
		case *ast.CallExpression:
			made = n < maxRewritten && rewrite(node.Callee, &node.ArgumentList)
		}
		if made {
			n++
		}
	})
	return n
}

func rewrite(callee ast.Expression, arguments *[]ast.Expression) bool {
	id, ok := callee.(*ast.Identifier)
	if !ok || id.Name != "RegExp" || len(*arguments) == 0 || len(*arguments) > 2 {
		return false
	}
	var texts [2]string
	for i, a := range *arguments {
		s, ok := a.(*ast.StringLiteral)
		if !ok || !ascii(s.Value.String()) {
			return false
		}
		texts[i] = s.Value.String()
	}
	if texts[0] == "" { // which has no form as a literal
		return false
	}
	*arguments = []ast.Expression{&ast.RegExpLiteral{Idx: (*arguments)[0].Idx0(), Literal: "/" + texts[0] + "/" + texts[1], Pattern: texts[0], Flags: texts[1]}}
	return true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
