package less_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/build/less"
)

// shelf is files that many sheets import, with everything that depends on who imports them.
var shelf = map[string]string{
	"lib/vars.less": "@c: #ff0000; @w: 10rpx * 2; @self: @c; @pic: url(./vars.png); @name: \"theme\"; @rules: { top: 0; } @f: fade(@c, 50%); @loop: @later; @later: @w;",
	"lib/all.less": "@import './vars'; .round(@r: @w) when (@r > 0) { border-radius: @r; .in { margin: @r / 2; } } .plain { color: @c; background: url('./a.png'); }\r\n" +
		".@{name}-x { &:extend(.plain); width: ~'calc(1px + @{w})'; } @media (min-width: @w) { .m { top: @w; } } .twice { color: @c !important; }",
	"lib/deep/more.less":     "@import (multiple) '../all'; @import '../vars'; .deep { .round(); background: @pic; }",
	"lib/wrong.less":         "@a: @b; @b: @a; .fine { top: 1px; }",
	"lib/broken.less":        ".x {\n  color: red;\n",
	"lib/deep/node/all.less": ".other { color: blue; }",
}

// sheets import them in every way, from folders of their own.
var sheets = [][2]string{
	{"a.less", "@import './lib/all'; .a { .round(4rpx); color: @self; width: @loop; }"},
	{"pages/a/a.less", "@import '../../lib/all'; .a { .plain; background: @pic; color: @f; @rules(); }"},
	{"pages/b.less", "@c: blue; @import (reference) '../lib/all'; .b { &:extend(.plain all); color: @self; .twice; }"},
	{"pages/b2.less", "@import (reference) '../lib/all'; @import '../lib/all'; .b { color: @self; }"},
	{"pages/c.less", "@import '../lib/deep/more'; @import (multiple) '../lib/all'; @c: green; .c { .twice !important; }"},
	{"pages/d.less", "@import '../lib/all' screen; .d { color: @c; }"},
	{"pages/e.less", "\n@import '../lib/wrong'; .e { color: @a; }"},
	{"pages/f.less", "@import '../lib/wrong'; @b: 2px; .f { left: @a; }"},
	{"pages/g.less", "@import '../lib/broken';"},
	{"pages/h.less", "@import (inline) '../lib/all'; .h { top: 0; }"},
	{"pages/i.less", "@import '../lib/all'; .i { .round(@nope); }"},
	{"lib/deep/j.less", "@import 'more'; @import './node/all'; .j { .plain; }"},
	{"pages/k.less", "@import (css) '../lib/all.css'; @import (optional) '../lib/none'; @import '../lib/vars'; @media print { @import '../lib/all'; }"},
}

// TestWhatIsImportedByManyIsAsIfImportedOnce compiles sheets after each other, forwards and backwards, in one compiler, and
// each in a compiler of its own: what one sheet does to a tree that it imports is never seen by another.
func TestWhatIsImportedByManyIsAsIfImportedOnce(t *testing.T) {
	type outcome struct {
		CSS     string
		Problem *less.Problem
	}
	render := func(c *less.Compiler, sheet [2]string) outcome {
		css, problem, err := c.Render(context.Background(), sheet[0], sheet[1])
		if err != nil {
			t.Fatal(err)
		}
		return outcome{css, problem}
	}
	together := less.New(finder(shelf), time.Minute, nil)
	want := map[string]outcome{}
	for _, sheet := range sheets {
		want[sheet[0]] = render(less.New(finder(shelf), time.Minute, nil), sheet)
	}
	for i := range 4 * len(sheets) {
		sheet := sheets[i%len(sheets)]
		if i/len(sheets)%2 == 1 {
			sheet = sheets[len(sheets)-1-i%len(sheets)]
		}
		if diff := cmp.Diff(want[sheet[0]], render(together, sheet)); diff != "" {
			t.Errorf("%s, sheet %d of the compiler (- alone, + together):\n%s", sheet[0], i, diff)
		}
	}
}
