package less_test

import (
	"context"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"slipway/functions/internal/build/less"
)

func TestOnlyCommentsBecomePlain(t *testing.T) {
	for src, want := range map[string]string{
		"/* 按钮 */ a{b:c}":                     "/*    */ a{b:c}",
		"// 按\n.按 { c: d } // 😀x":             "//  \n.按 { c: d } //   x",
		"/*! 版权 */ /* 按 */":                   "/*! 版权 */ /*   */",
		"/* 按 @license MIT */":                "/* 按 @license MIT */",
		`a { content: "// 按 /* 按"; } /* 按 */`: `a { content: "// 按 /* 按"; } /*   */`,
		`a { content: '\'// 按'; }`:            `a { content: '\'// 按'; }`,
		"a { b: url(//按.example/x); }":        "a { b: url(//按.example/x); }",
		"a { b: url( '//按' ) } // 按":          "a { b: url( '//按' ) } //  ",
		"@import url(http://x/按);":            "@import url(http://x/按);",
		"a { --b: http://按; }":                "a { --b: http://按; }",
		"/* 按":                                "/*  ",
		`a { content: "按`:                     `a { content: "按`,
	} {
		if got := less.Plain(src); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", src, got, want)
		}
	}
}

// TestWhatIsPlainMeansTheSame compiles sheets made of pieces, once with ASCII in their comments, texts and addresses and
// once without.
func TestWhatIsPlainMeansTheSame(t *testing.T) {
	piece := rapid.SampledFrom([]string{"/* %s */", "// %s\n", ".a { b: c; }", ".x { y: \"%s\"; /* %s */ }", ".m() { top: 1px; // %s'\n }", "@v: 3px;\n", ".q { .m(); width: @v; }", ".u { b: url(//%s/x); }", "\n"})
	rapid.Check(t, func(t *rapid.T) {
		src := "@v: 1px; .m() { left: 0; }\n"
		for _, p := range rapid.SliceOfN(piece, 1, 8).Draw(t, "pieces") {
			src += p
		}
		// less.js keeps block comments, so what is compared differs in them alone.
		got, want := css(t, strings.ReplaceAll(src, "%s", "按x")), css(t, strings.ReplaceAll(src, "%s", "kx"))
		got = strings.NewReplacer("/*  x */", "/* kx */", "按x", "kx").Replace(got)
		if got != want {
			t.Fatalf("%q\nbecame %q\nwant   %q", src, got, want)
		}
	})
}

func css(t *rapid.T, src string) string {
	out, problem, err := shared.Render(context.Background(), "x.less", src)
	if err != nil || problem != nil {
		t.Fatal(src, problem, err)
	}
	return out
}

var shared = compiler(nil)
