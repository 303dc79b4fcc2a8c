package less_test

import (
	"context"
	"errors"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/build/less"
)

func compiler(files map[string]string) *less.Compiler {
	return less.New(func(name, dir string) (string, string, bool) {
		for _, ext := range []string{"", ".less"} {
			if src, ok := files[path.Join(dir, name)+ext]; ok {
				return path.Join(dir, name) + ext, src, true
			}
		}
		return "", "", false
	}, time.Minute)
}

func TestRender(t *testing.T) {
	files := map[string]string{
		"styles/vars.less": "@c: #ff0000; .round(@r) { border-radius: @r; } .pic { background: url(./a.png); }",
	}
	for name, tc := range map[string]struct{ src, want string }{
		"variables": {"@a: 10rpx; .x { width: @a * 2; }", ".x{width:20rpx;}"},
		"nesting":   {".x { &:active { color: red; } .y { top: 0; } }", ".x:active{color:red;}.x.y{top:0;}"},
		"imports":   {"@import '../styles/vars'; .x { color: @c; .round(4rpx); }", ".pic{background:url(../styles/a.png);}.x{color:#ff0000;border-radius:4rpx;}"},
		"functions": {".x { color: darken(#fff, 10%); }", ".x{color:#e6e6e6;}"},
		"loops":     {".m(@i) when (@i > 0) { .w-@{i} { width: @i * 1px; } .m(@i - 1); } .m(2);", ".w-2{width:2px;}.w-1{width:1px;}"},
		"plain CSS": {"page { width: 750rpx; }", "page{width:750rpx;}"},
	} {
		t.Run(name, func(t *testing.T) {
			css, problem, err := compiler(files).Render(context.Background(), "pages/a.less", tc.src)
			if err != nil || problem != nil {
				t.Fatal(problem, err)
			}
			if got := strings.Join(strings.Fields(css), ""); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestProblemsHaveAPlace(t *testing.T) {
	for name, tc := range map[string]struct {
		src  string
		line int
	}{
		"undefined variable": {"\n.x { color: @nope; }", 2},
		"not closed":         {".x {\n  color: red;\n", 3},
		"import missing":     {"\n\n@import 'gone';", 3},
		"import from disk":   {"@import '/etc/passwd';", 1},
		"inline from disk":   {"@import (inline) '/etc/passwd';", 1},
		"plugin":             {"\n@plugin 'evil';", 2},
		"script":             {".x { width: `1 + 1`; }", 1},
		"endless mixin":      {".m() { .m(); } .x { .m(); }", -1},
	} {
		t.Run(name, func(t *testing.T) {
			css, problem, err := compiler(nil).Render(context.Background(), "a.less", tc.src)
			if err != nil {
				t.Fatal(err)
			}
			if problem == nil {
				t.Fatalf("accepted: %s", css)
			}
			if tc.line >= 0 && problem.Line != tc.line || problem.Message == "" {
				t.Errorf("%+v, want line %d", problem, tc.line)
			}
		})
	}
}

func TestRenderStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, problem, err := compiler(nil).Render(ctx, "a.less", ".m(@i) when (@i > 0) { .w-@{i} { width: @i; } .m(@i - 1); } "+strings.Repeat(".m(300); ", 4000))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v", problem, err)
	}
}

// TestASheetHasItsOwnTime holds an endless sheet beside others that wait for the engine longer than their time.
func TestASheetHasItsOwnTime(t *testing.T) {
	c := less.New(func(string, string) (string, string, bool) { return "", "", false }, 2*time.Second)
	if _, _, err := c.Render(context.Background(), "warm.less", "a { b: c }"); err != nil {
		t.Fatal(err)
	}
	endless := ".m(@i) when (@i > 0) { .w-@{i} { width: @i; } .m(@i - 1); } " + strings.Repeat(".m(300); ", 4000)
	var all sync.WaitGroup
	for _, src := range []string{endless, "a { b: c }", endless, "a { b: c }"} {
		all.Go(func() {
			_, _, err := c.Render(context.Background(), "a.less", src)
			if took := errors.Is(err, less.ErrTime); took != (src == endless) {
				t.Errorf("%.20s: %v", src, err)
			}
		})
	}
	all.Wait()
}
