package smoke_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/dop251/goja"

	"slipway/functions/internal/compat/smoke"
)

func TestPropertiesOfCharacters(t *testing.T) {
	for src, want := range map[string]string{
		`/^[\p{L}\d_-]+$/u.test("Zoë_张三-7")`:                                                                    "true",
		`/^\p{L}+$/u.test("p{L}")`:                                                                              "false",
		`"a1é中".replace(/\P{L}/gu, "") + /[^\p{L}]/u.test("é")`:                                                 "aé中false",
		`/^[\P{L}x]$/u.test("1") + "" + /^[\P{L}x]$/u.test("b")`:                                                "truefalse",
		`/\p{Script=Han}\p{sc=Hani}\p{scx=Han}/u.test("你好吗")`:                                                   "true",
		`/\p{General_Category=Uppercase_Letter}\p{gc=Lu}/u.test("AÉ")`:                                          "true",
		`"hi \u{1F600}!".replace(/\p{Emoji_Presentation}|\p{Extended_Pictographic}/gu, "")`:                     "hi !",
		`/^\p{ID_Start}\p{ID_Continue}*$/u.test("naïve1") && /\p{White_Space}\p{ASCII}/u.test("\u3000a")`:       "true",
		`/^\p{Lu}$/iu.test("a") && /(?=\p{L})./u.test("ж")`:                                                     "true",
		`/\\p{L}/u.test("\\p{L}") || /\p{L}/.test("p{L}")`:                                                      "true",
		`/[\]\p{L}]/u.test("é") && /\u{41}\p{L}/u.test("AB")`:                                                   "true",
		`new RegExp("^[\\p{L}“]+$", "u").test("é“")`:                                                            "true",
		`RegExp("\\p{L}", "u").test("é") + "" + new RegExp("\\p{L}").test("é")`:                                 "truefalse",
		`(function (RegExp) { return RegExp("\\p{L}", "u") })(function (a) { return a })`:                       `\p{L}`,
		`/^\p{Alphabetic}\p{Alpha}$/u.test("éⅣ") + "" + /[^\P{Any}]\p{Any}/u.test("ab") + /\P{Any}/u.test("a")`: "truetruefalse",
		`/\p{Nope}/u.source + /\p{Other_Math}/u.source`:                                                         `\p{Nope}\p{Other_Math}`,
	} {
		program, err := smoke.CompileScript("x.js", src)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := goja.New().RunProgram(program); err != nil || got.String() != want {
			t.Errorf("%s\nis %v %v, want %s", src, got, err, want)
		}
	}
}

// TestPropertiesAreBounded: a line of properties does not become a gigabyte of ranges.
func TestPropertiesAreBounded(t *testing.T) {
	program, err := smoke.CompileScript("x.js", strings.Repeat(`/\p{L}/u;`, 300)+`/\p{L}/u.test("é")`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := goja.New().RunProgram(program); err != nil || got.String() != "false" {
		t.Errorf("%v %v: the last of them is written out as well", got, err)
	}
}

// TestNodeAgreesOnProperties asks both engines which of some characters have a property: those that the standard library
// knows, because each engine is of another year.
func TestNodeAgreesOnProperties(t *testing.T) {
	names := strings.Fields(`L Letter Lu Ll Lt Lm Lo LC M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp C Cc Cf Co Cs
Script=Han Script=Latin sc=Cyrl sc=Grek sc=Arabic sc=Hebr sc=Hira sc=Katakana sc=Hangul sc=Thai sc=Common sc=Zinh gc=Nd General_Category=Punctuation
ASCII Assigned Uppercase Lowercase White_Space ID_Start IDC Ideographic Hex_Digit Dash
Emoji Emoji_Presentation Extended_Pictographic Emoji_Modifier Emoji_Modifier_Base Emoji_Component Regional_Indicator`)
	var characters []string
	for r := rune(0); r < 0x30000; r += 1 + min(r/64, 400) {
		if !unicode.In(r, unicode.Cn, unicode.Cs) {
			characters = append(characters, string(r))
		}
	}
	list, err := json.Marshal(characters)
	if err != nil {
		t.Fatal(err)
	}
	src := fmt.Sprintf("const all = %s; exports.sum = (r) => all.reduce((n, c, i) => (r.test(c) ? (n * 31 + i) %% 1000003 : n), 0)", list)
	for some := range slices.Chunk(names, 20) {
		t.Run(some[0], func(t *testing.T) {
			files := map[string]string{"sum.js": src}
			for i, page := range []string{"a/a.js", "b/b.js"} {
				var sums []string
				for _, name := range some[i*len(some)/2 : (i+1)*len(some)/2] {
					sums = append(sums, fmt.Sprintf(`sum(/^\p{%s}$/u), sum(/^[^\P{%s}]$/u)`, name, name))
				}
				files[page] = "const { sum } = require('../sum'); Page({onLoad() { my.request({url: 'https://a.example.com/' + [" + strings.Join(sums, ",") + "], fail() {}}) }})"
			}
			agree(t, input(files))
		})
	}
}
