package smoke_test

import (
	"strings"
	"testing"

	"github.com/dop251/goja"

	"slipway/functions/internal/compat/smoke"
)

// TestExpressionsMadeOfTextsAreWhatTheyWere runs scripts as the run compiles them and as they stand.
func TestExpressionsMadeOfTextsAreWhatTheyWere(t *testing.T) {
	for _, src := range []string{
		`new RegExp("^a/b\\S+$", "gi")`,
		`RegExp("a\nb")`,
		`RegExp("")`,
		`new RegExp("[\\s\\S]*?(\\d+)", "m")`,
		`new RegExp("(", "i")`,
		`RegExp("a", "x")`,
		`RegExp("é", "i")`,
		`[new RegExp("a").constructor === RegExp, new RegExp("a") instanceof RegExp, Object.prototype.toString.call(RegExp("a"))]`,
		`var out = []; for (var i = 0; i < 3; i++) { var r = new RegExp("a", "g"); r.test("aa"); out.push(r.lastIndex, r.test("a")) } out`,
		`var a = new RegExp("x"), b = new RegExp("x"); a === b`,
		`(function (RegExp) { return new RegExp("a", "i") })(function (a, b) { this.made = a + b })`,
		`var RegExp = function (a) { return { made: typeof a } }; new RegExp("a")`,
		`(function () { function RegExp(a) { return { made: typeof a } } return RegExp("a") })()`,
		`(function () { class RegExp { constructor(a) { this.made = typeof a } } return new RegExp("a") })()`,
		`({ RegExp } = { RegExp(a) { return typeof a } }); RegExp("a")`,
		`let { b: RegExp } = { b: (a) => typeof a }; RegExp("a")`,
		`((RegExp) => RegExp("a"))((a) => typeof a)`,
		`(RegExp => RegExp("a"))((a) => typeof a)`,
		`((a, RegExp = (a) => typeof a) => RegExp("a"))()`,
		`try { throw (a) => typeof a } catch (RegExp) { RegExp("a") }`,
	} {
		want, wantErr := evaluated(src, func(name, src string) (*goja.Program, error) { return goja.Compile(name, src, false) })
		got, gotErr := evaluated(src, smoke.CompileScript)
		if got != want || gotErr != wantErr {
			t.Errorf("%s\nis %s %q, and was %s %q", src, got, gotErr, want, wantErr)
		}
	}
}

// evaluated runs a script twice, each time in a world of its own, and gives all that can be seen of the second value.
func evaluated(src string, compile func(name, src string) (*goja.Program, error)) (seen, thrown string) {
	program, err := compile("x.js", src)
	if err != nil {
		return "", "compile: " + err.Error()
	}
	for range 2 {
		vm := goja.New()
		look := goja.MustCompile("look.js", `(v) => v instanceof RegExp ? [v.source, v.flags, v.lastIndex, "a/bx".replace(v, "-"), Object.keys(v)] + "" : JSON.stringify(v)`, false)
		v, err := vm.RunProgram(program)
		if err != nil {
			thrown = err.Error()
			continue
		}
		f, err := vm.RunProgram(look)
		if err != nil {
			return "", err.Error()
		}
		call, _ := goja.AssertFunction(f)
		text, err := call(nil, v)
		if err != nil {
			return "", err.Error()
		}
		seen = text.String()
	}
	return seen, thrown
}

// TestAnExpressionMadeOfTextIsCompiledOnce: what is made a literal of, the runs of all pages share.
func TestAnExpressionMadeOfTextIsCompiledOnce(t *testing.T) {
	for src, want := range map[string]int{
		`new RegExp("a", "i")`:                         1,
		`var a = 1; if (a) RegExp('a')`:                1,
		`x instanceof RegExp && new RegExp("a")`:       1,
		`class A { b = () => [new RegExp("a", "i")] }`: 1,
		`new RegExp("a" + x)`:                          0,
		`var RegExp = 1; new RegExp("a")`:              0,
		`new RegExp("é")`:                              0,
		strings.Repeat(`new RegExp("a");`, 1000):       100,
	} {
		if got := smoke.Literals(src); got != want {
			t.Errorf("%.60s: %d", src, got)
		}
	}
}
