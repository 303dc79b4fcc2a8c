package less_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slipway/functions/internal/build/less"
)

func TestOnlyWhatNothingNamesIsLeftOut(t *testing.T) {
	const theme = "@a: 1px; @b: @a * 2; @c: #fff; @d: fade(@c, 50%); @e: var(--e, @b) @c; @f: fade(@a, 1%); @g: url(x); @h: @nowhere; @i: @i; @a2: @c + 1; @k: rgba(1, 2, 3, .5);"
	for _, tc := range []struct{ name, sheet, theme, want string }{
		{"what is named, and what that names", ".x { top: @e }", theme, "@a: 1px; @b: @a * 2; @c: #fff; @e: var(--e, @b) @c; @f: fade(@a, 1%); @g: url(x); @h: @nowhere; @i: @i; @a2: @c + 1;"},
		{"what might have a fault stays", "", theme, "@a: 1px; @c: #fff; @f: fade(@a, 1%); @g: url(x); @h: @nowhere; @i: @i; @a2: @c + 1;"},
		{"in a text", ".x { a: '@{k}' }", "@k: 1px; @l: 2px;", "@k: 1px;"},
		{"in a comment", "// @k", "@k: 1px; @l: 2px;", "@k: 1px;"},
		{"in a selector", ".@{k} { top: 0 }", "@k: a; @l: b;", "@k: a;"},
		{"by a name that is computed", ".x { top: @@k }", "@k: a; @l: b;", "all"},
		{"by a script", ".x { top: `1` }", "@l: b;", "all"},
		{"twice", "", "@k: 1px; @k: 2px; @l: @k; @m: 1px;", "@k: 1px; @k: 2px; @l: @k;"},
		{"also by a mixin", ".m() { @k: red; } .m();", "@k: 1px; @l: @k * 2; @m: 2px;", "@k: 1px; @l: @k * 2;"},
		{"in a block", "", ".x { @k: 1px; top: 0; } @l: 1px;", ".x { @k: 1px; top: 0; }"},
		{"in a comment of its own", "", "/* @k: 1px; */ @l: 1px; // @m: 1px;\n", "/* @k: 1px; */ // @m: 1px;"},
		{"behind quotes", "", "@k: 'a;'; @l: \"@m: 1px;\"; @m: 1px;", "@k: 'a;'; @l: \"@m: 1px;\"; @m: 1px;"},
		{"a rule of a page box", "", "@page :first { margin: 0; } @l: 1px;", "@page :first { margin: 0; }"},
		{"plain rules", "", "page, :root { --a: rgba(1, 2, 3, .5); /* } */ color: red; } .a { top: 0; } view { top: @b; } text { .a; }", ".a { top: 0; } view { top: @b; } text { .a; }"},
		{"plain rules that may be extended", ".x:extend(page) {}", "page { color: red; }", "page { color: red; }"},
		{"an import in a block", "@media print { @import 'other'; }", "@l: 1px;", "all"},
		{"an import under a condition", "@import 'other' screen;", "@l: 1px;", "all"},
		{"an import of text", "@import (inline) 'other';", "@l: 1px;", "all"},
		{"an import of CSS", "@import 'other.css';", "@l: 1px;", "all"},
		{"an import whose name is computed", "@import '@{l}';", "@l: other;", "all"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := less.New(finder(map[string]string{"theme.less": tc.theme, "other.less": "", "other.css": ""}), time.Minute, nil)
			texts := c.Without("a.less", "@import (reference) 'theme'; "+tc.sheet)
			text, got := texts["theme.less"], "all"
			if texts != nil {
				got = strings.Join(strings.Fields(text), " ")
			}
			if got != tc.want {
				t.Errorf("is\n%s\nwant\n%s", got, tc.want)
			}
			if texts != nil && (len(text) != len(tc.theme) || strings.Count(text, "\n") != strings.Count(tc.theme, "\n")) {
				t.Errorf("%q has moved", text)
			}
		})
	}
}

func TestRulesOfWhatIsShownStay(t *testing.T) {
	files := map[string]string{"theme.less": "page { color: red; }", "other.less": "@import 'theme';"}
	c := less.New(finder(files), time.Minute, nil)
	for _, sheet := range []string{"@import 'theme';", "@import (reference) 'theme'; @import 'other';", "@import (reference) 'theme'; @import (reference) 'other';"} {
		if got := c.Without("a.less", sheet)["theme.less"]; got != files["theme.less"] {
			t.Errorf("%s: %q", sheet, got)
		}
	}
}

// TestAnImportThatWasNotForeseen: less.js may ask for other files than the text says.
func TestAnImportThatWasNotForeseen(t *testing.T) {
	asked := 0
	c := less.New(func(name, _ string) (string, string, bool) { // another file each time
		if asked++; asked == 1 {
			return "one.less", "@a: 1px; @b: 2px;", true
		}
		return "two.less", "@a: 3px; .b { top: @a; }", true
	}, time.Minute, nil)
	css, problem, err := c.Render(context.Background(), "a.less", "@import 'x';")
	if err != nil || problem != nil || strings.Join(strings.Fields(css), "") != ".b{top:3px;}" {
		t.Error(css, problem, err)
	}
}

// statements are what random sheets are made of; N and M are variables.
var statements = []string{
	"@N: 1px;", "@N: #fff;", "@N: red;", "@N: @M;", "@N: @M * 2;", "@N: @M + @N;", "@N: @M - 1px;", "@N: fade(@M, 50%);", "@N: var(--x, @M);", "@N: var(--x);",
	"@N: ~'@{M}';", "@N: { top: @M; }", "@N: darken(#fff, 10%);", "@N: rgba(1, 2, 3, .5);", "@N: rgb(1, 2);", "@N: 1px @M;", "@N: @M, @M;", "@N: @@M;", "@N: '@{M}';",
	"@N: var(--x, var(--y, @M)) 2px;", "@N:1px;", "@N : 1px ;", "@N: -1px;", "@N: 1px -@M;", "@N: 1px - @M, 2px;", "@N: url(a);", "@N: 1 / 0;", "@N: a b c;", "@N: @M !important;",
	"@N: fade(@M, 50);", "@N: 1px\n  2px;", "@N: 1px /* @M */;", "@N: .5em;", "@N: #ffff;", "@N: #12345;", "@N: 1e3;", "@N: 50%;",
	".c { width: @N; }", "page { color: red; --x: 1px; }", "view { top: 1px }", ".@{N} { top: 0; }", "// @N: 1px;\n", "/* @N: 2px; */", "/*! @N: 2px; */",
	".m(@N) { width: @N; @M: 3px; }", ".m(@N; @M: 2px) { left: @M; }", ".m(1px);", ".k { .m(1px); .q; }", "@media (min-width: @N) { .q { left: @M; } }", "@N();", ".e { &:extend(page all); }",
	"@import (reference) 'y';", "@import 'y';", "@import (optional) 'z';", "@media print { @import 'y'; }", "@import (multiple) 'y';", "@import 'y' screen;", "@import (css) 'y';", "@import (inline) 'y';",
	"a:hover, b > c { color: #fff; }", "@page :first { margin: 1px; }", ".q { @N: 1px; top: @N; }", "#n() { @N: 1px; .i { top: @N; } }", ".u { top: #n[@N]; }", ".g when (@N > 1) { left: 0; }",
	".d { @N(); }", "each(@N, { .s-@{value} { top: @value; } });", ".v { $x: 1; width: @N; height: $width; }", "page { background: url('a.png'); }", "text { --y: { a: b }; }", "text { color: red + 1; }", ".", "}",
}

// TestWhatIsLeftOutIsNotMissed compiles random sheets with and without what they do not need.
func TestWhatIsLeftOutIsNotMissed(t *testing.T) {
	files := map[string]string{}
	lean, whole := less.New(finder(files), time.Minute, nil), less.New(finder(files), time.Minute, nil).Whole()
	text := rapid.Custom(func(t *rapid.T) string {
		var out strings.Builder
		for range rapid.IntRange(0, 6).Draw(t, "length") {
			name := rapid.SampledFrom([]string{"a", "b", "c", "d"})
			out.WriteString(strings.NewReplacer("N", name.Draw(t, "N"), "M", name.Draw(t, "M")).Replace(rapid.SampledFrom(statements).Draw(t, "statement")) + "\n")
		}
		return out.String()
	})
	rapid.Check(t, func(t *rapid.T) {
		files["x.less"], files["y.less"] = text.Draw(t, "x"), text.Draw(t, "y")
		sheet := rapid.SampledFrom([]string{"@import 'x';\n", "@import (reference) 'x';\n", "@import (reference) 'y';\n@import 'x';\n"}).Draw(t, "import") + text.Draw(t, "sheet")
		want, wantProblem, wantErr := whole.Render(context.Background(), "a.less", sheet)
		got, problem, err := lean.Render(context.Background(), "a.less", sheet)
		if wantErr != nil || err != nil {
			t.Fatal(wantErr, err)
		}
		if diff := cmp.Diff(want, got) + cmp.Diff(wantProblem, problem); diff != "" {
			t.Fatalf("%v\n%s\n%s", files, sheet, diff)
		}
	})
}
