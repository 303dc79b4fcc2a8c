package less_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"slipway/functions/internal/build/less"
)

func compiler(files map[string]string) *less.Compiler {
	return less.New(finder(files), time.Minute, nil)
}

func finder(files map[string]string) less.Find {
	return func(name, dir string) (string, string, bool) {
		for _, ext := range []string{"", ".less"} {
			if src, ok := files[path.Join(dir, name)+ext]; ok {
				return path.Join(dir, name) + ext, src, true
			}
		}
		return "", "", false
	}
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
	c := less.New(func(string, string) (string, string, bool) { return "", "", false }, 2*time.Second, nil)
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

// counting is a cache that counts what it is given.
type counting struct {
	less.Cache
	kept atomic.Int32
}

func (c *counting) Keep(key string, entry []byte) {
	c.kept.Add(1)
	c.Cache.Keep(key, entry)
}

func TestACompiledSheetIsUsedAgainOnlyWhereAllItReadIsTheSame(t *testing.T) {
	cache := &counting{Cache: less.NewMemory(1 << 20)}
	files := map[string]string{"vars.less": "@c: red;", "more/vars.less": "@c: blue;"}
	const sheet = "@import (optional) './own'; @import './vars'; a { color: @c; }"
	render := func(file, src string) string {
		css, problem, err := less.New(finder(files), time.Minute, cache).Render(context.Background(), file, src)
		if problem != nil || err != nil {
			t.Fatal(problem, err)
		}
		return strings.Join(strings.Fields(css), "")
	}
	for i, tc := range []struct {
		change    map[string]string
		file, src string
		want      string
		kept      int32 // sheets compiled so far
	}{
		{nil, "x.less", sheet, "a{color:red;}", 1},
		{nil, "x.less", sheet, "a{color:red;}", 1},
		{map[string]string{"unrelated.less": "b{}"}, "x.less", sheet, "a{color:red;}", 1},
		{nil, "more/x.less", sheet, "a{color:blue;}", 2},
		{map[string]string{"vars.less": "@c: green;"}, "x.less", sheet, "a{color:green;}", 3},
		{map[string]string{"own.less": "b { top: 0; }"}, "x.less", sheet, "b{top:0;}a{color:green;}", 4},
		{nil, "x.less", sheet + " ", "b{top:0;}a{color:green;}", 5},
		{nil, "x.less", sheet, "b{top:0;}a{color:green;}", 5},
	} {
		maps.Copy(files, tc.change)
		if got := render(tc.file, tc.src); got != tc.want || cache.kept.Load() != tc.kept {
			t.Errorf("%d: got %s after %d compilations, want %s after %d", i, got, cache.kept.Load(), tc.want, tc.kept)
		}
	}
	if _, problem, _ := less.New(finder(files), time.Minute, cache).Render(context.Background(), "y.less", "a { color: @gone; }"); problem == nil || cache.kept.Load() != 5 {
		t.Error("a sheet with a fault was kept")
	}
}

func TestABrokenEntryIsAsGoodAsNone(t *testing.T) {
	cache := less.NewMemory(1 << 20)
	cache.Keep(less.Key("x.less", "a { b: c }"), []byte(`{"CSS": "e`))
	css, problem, err := less.New(finder(nil), time.Minute, cache).Render(context.Background(), "x.less", "a { b: c }")
	if err != nil || problem != nil || !strings.Contains(css, "b: c") {
		t.Errorf("got %q, %v, %v", css, problem, err)
	}
}

func TestMemoryIsBoundedAndKeepsWhatIsAskedFor(t *testing.T) {
	m := less.NewMemory(1000)
	m.Keep("used", make([]byte, 50))
	for i := range 200 {
		m.Keep(fmt.Sprint("k", i), make([]byte, 50))
		if m.Load("used") == nil {
			t.Fatalf("forgot after %d others what is asked for all the time", i)
		}
	}
	held := 0
	for i := range 200 {
		held += len(m.Load(fmt.Sprint("k", i)))
	}
	if held > 1000 || held == 0 {
		t.Errorf("holds %d bytes of at most 1000", held)
	}
	m.Keep("large", make([]byte, 900))
	if m.Load("large") != nil || m.Load("used") == nil {
		t.Error("one large entry drives out all others")
	}
}
