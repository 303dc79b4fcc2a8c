package style_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/compat/style"
	"slipway/functions/internal/hostile"
)

func outline(s *style.Sheet) []string {
	var out []string
	for _, p := range s.AtRules {
		out = append(out, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Text))
	}
	for _, p := range s.Selectors {
		out = append(out, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Text))
	}
	for _, d := range s.Declarations {
		out = append(out, fmt.Sprintf("%d:%d [%d] %s = %s", d.Line, d.Column, d.Block, d.Property, d.Value))
	}
	if s.Unclosed != nil {
		out = append(out, fmt.Sprintf("%d:%d unclosed", s.Unclosed.Line, s.Unclosed.Column))
	}
	return out
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, src string
		want      []string
	}{
		{"rule", ".a, .b > c {\n  Color: red;\n  width: 1px\n}", []string{"1:1 .a, .b > c", "2:3 [1] color = red", "3:3 [1] width = 1px"}},
		{"media", "@media (min-width: 1px) { .a { b: c } }", []string{"1:1 @media (min-width: 1px)", "1:27 .a", "1:32 [2] b = c"}},
		{"import and charset", "@charset 'x'; @import url(//a/b;c.css);", []string{"1:1 @charset 'x'", "1:15 @import url(//a/b;c.css)"}},
		{"comments", "/* .x { y: z } */ .a /* b */ .c { d /**/: e /* } */; }", []string{"1:19 .a   .c", "1:35 [1] d = e"}},
		{"strings", `.a { content: "}; b: c"; d: 'e\'f' }`, []string{"1:1 .a", `1:6 [1] content = "}; b: c"`, `1:26 [1] d = 'e\'f'`}},
		{"addresses", ".a { background: url( data:image/png;base64,AA== ); c: url('x;y') }", []string{"1:1 .a", "1:6 [1] background = url(data:image/png;base64,AA== )", "1:53 [1] c = url('x;y')"}},
		{"nested and line comments", "// .no { a: b }\n.a { &:hover { b: c } d: e; }", []string{"2:1 .a", "2:6 &:hover", "2:16 [2] b = c", "2:23 [1] d = e"}},
		{"variables", "@c: red; .a { --b: 1; color: @c }", []string{"1:1 @c: red", "1:10 .a", "1:15 [1] --b = 1", "1:23 [1] color = @c"}},
		{"columns count characters", "/* 购物 */ .a { b: c }", []string{"1:10 .a", "1:15 [1] b = c"}},
		{"unclosed block", ".a { b: c", []string{"1:1 .a", "1:6 [1] b = c", "1:4 unclosed"}},
		{"unclosed string", ".a { b: 'c\n; d: e }", []string{"1:1 .a", "1:6 [1] b = 'c", "2:3 [1] d = e", "1:9 unclosed"}},
		{"unclosed comment", ".a { b: c } /* d", []string{"1:1 .a", "1:6 [1] b = c", "1:13 unclosed"}},
		{"stray braces", "} .a { b: c }", []string{"1:3 .a", "1:8 [1] b = c"}},
		{"empty", " \n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, outline(style.Parse([]byte(tt.src)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestHostile holds the parser linear in what nests, repeats or never ends.
func TestHostile(t *testing.T) {
	for _, part := range []string{"{", "}", "(", "url(", "'", "/*", "a:b;", "\\", "@a{", "//", "a{b:c"} {
		src := []byte(strings.Repeat(part, 1<<18/len(part)))
		if growth := hostile.Growth(len(src), func(n int) { style.Parse(src[:n]) }); growth > hostile.MaxGrowth {
			t.Errorf("%q: eight times the input took %.0f times as long", part, growth)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("@import 'a'; .b { c: url(d;e) \"f\" /* g */ }")
	f.Fuzz(func(t *testing.T, src string) {
		for _, d := range style.Parse([]byte(src)).Declarations {
			if d.Line < 1 || d.Column < 1 || d.Property == "" || d.Block < 1 {
				t.Fatalf("%+v", d)
			}
		}
	})
}
