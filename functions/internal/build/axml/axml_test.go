package axml_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/build/axml"
	"slipway/functions/internal/hostile"
)

// outline writes a document as nested names, so that a test reads like the template.
func outline(nodes []axml.Node) string {
	var b strings.Builder
	for _, n := range nodes {
		switch {
		case n.Comment:
			b.WriteString("#")
		case n.Element == nil:
			if text := strings.TrimSpace(n.Text); text != "" {
				fmt.Fprintf(&b, "%q", text)
			}
		default:
			b.WriteString(n.Element.Name)
			for _, a := range n.Element.Attrs {
				fmt.Fprintf(&b, "[%s=%s]", a.Name, a.Value)
			}
			b.WriteString("(" + outline(n.Element.Children) + ")")
		}
	}
	return b.String()
}

func rules(problems []axml.Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, fmt.Sprintf("%d:%d %s", p.Line, p.Column, p.Rule))
	}
	return out
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, src, want string
		problems        []string
	}{
		{"nested", `<view><text>hi</text><image src="a.png"/></view>`, `view(text("hi")image[src=a.png]())`, nil},
		{"expression with tags in a string", `<view>{{ ok ? '<b>' : '</b>' }}</view>`, `view("{{ ok ? '<b>' : '</b>' }}")`, nil},
		{"less than in an expression", `<view a:if="{{a < b}}">{{a<b}}</view>`, `view[a:if={{a < b}}]("{{a<b}}")`, nil},
		{"same quotes inside an expression", `<view class="x {{ok ? "a" : "b"}} y"/>`, `view[class=x {{ok ? "a" : "b"}} y]()`, nil},
		{"apostrophes in two expressions", `<a b="{{ it's }}" c="{{ y's }}"/>`, `a[b={{ it's }}][c={{ y's }}]()`, nil},
		{"object literal", `<template is="x" data="{{a:{b:1}}}"/>`, `template[is=x][data={{a:{b:1}}}]()`, nil},
		{"spread", `<a {{...props}} b="1"/>`, `a[{{...props}}=][b=1]()`, nil},
		{"case is kept", `<my-Comp onTap="go" catchTouchStart='x'/>`, `my-Comp[onTap=go][catchTouchStart=x]()`, nil},
		{"value without quotes", `<a b={{c > d}} e=f></a>`, `a[b={{c > d}}][e=f]()`, []string{"1:6 template-unquoted-value", "1:18 template-unquoted-value"}},
		{"no space between attributes", `<a b="1"c="2"/>`, `a[b=1][c=2]()`, nil},
		{"value over lines", "<a style=\"x:1;\n y:2\"/>", "a[style=x:1;\n y:2]()", nil},
		{"bare attribute", `<input disabled focus="true"/>`, `input[disabled=][focus=true]()`, nil},
		{"comment with tags", `<!-- <view> --><a/>`, `#a()`, nil},
		{"cdata", `<a><![CDATA[<b>]]></a>`, `a("<b>")`, nil},
		{"declaration", `<?xml version="1.0"?><!DOCTYPE x><a/>`, `a()`, nil},
		{"byte order mark", "\ufeff<a></b></a>", `a()`, []string{"1:4 template-stray-end"}},
		{"textarea does not swallow", `<textarea/><view/>`, `textarea()view()`, nil},
		{"unclosed inside", `<view><image src="a"></view>`, `view(image[src=a]())`, []string{"1:7 template-unclosed-element"}},
		{"unclosed at the end", "<view>\n  <b>", `view(b())`, []string{"1:1 template-unclosed-element", "2:3 template-unclosed-element"}},
		{"stray end", `<view></text></view>`, `view()`, []string{"1:7 template-stray-end"}},
		{"duplicate attribute", `<a b="1" c="2" b="3"/>`, `a[b=1][c=2][b=3]()`, []string{"1:16 template-duplicate-attribute"}},
		{"literal less than", `<a>1 < 2</a>`, `a("1 < 2")`, []string{"1:6 template-stray-character"}},
		{"unclosed expression in text", `<a>{{ b </a><c/>`, `a("{{ b")c()`, []string{"1:4 template-unclosed-expression"}},
		{"unclosed expression in a value", `<a b="{{c" d="e}}"/>`, `a[b={{c][d=e}}]()`, []string{"1:7 template-unclosed-expression"}},
		{"value never closed", `<a b="c`, `a[b=c]()`, []string{"1:1 template-unclosed-tag", "1:1 template-unclosed-element", "1:7 template-unclosed-value"}},
		{"missing quote", "<a b=\"c>\n<d e=\"f\"/></a>", "a[b=c>\n<d e=][f=]()", []string{"1:7 template-unclosed-value", "2:8 template-stray-character", "2:11 template-stray-end"}},
		{"tag never ends", `<a b <c/></a>`, `a[b=](c())`, []string{"1:1 template-unclosed-tag"}},
		{"end tag never ends", `<a></a <b/>`, `a()b()`, []string{"1:4 template-unclosed-tag"}},
		{"comment never ends", `<a/><!-- b`, `a()#`, []string{"1:5 template-unclosed-tag"}},
		{"columns count characters", `<a>购物车</b></a>`, `a("购物车")`, []string{"1:7 template-stray-end"}},
		{"not utf-8", "<a>\xff</a>", `a("\xff")`, []string{"1:1 template-not-utf8"}},
		{"empty", ``, ``, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, problems := axml.Parse("x.axml", []byte(tt.src))
			if diff := cmp.Diff(tt.want, outline(doc.Nodes)); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.problems, rules(problems)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReferencesAndHandlers(t *testing.T) {
	src := `<import src="./t.axml"/><include src="/h.axml"/>
<import-sjs name="fmt" from="./f.sjs"/>
<view onTap="go" catchTap="{{ok ? 'a' : ''}}" once="x" on="y" catchall="z"><card onDone=" done "/></view>`
	doc, problems := axml.Parse("x.axml", []byte(src))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var got []string
	for _, r := range doc.References() {
		got = append(got, fmt.Sprintf("%s %s %s %d:%d", r.Kind, r.Src, r.Name, r.Pos.Line, r.Pos.Column))
	}
	for _, h := range doc.Handlers() {
		got = append(got, fmt.Sprintf("%s.%s %q catch=%v dynamic=%v", h.Element.Name, h.Event, h.Method, h.Catch, h.Dynamic))
	}
	want := []string{
		"import ./t.axml  1:1", "include /h.axml  1:25", "import-sjs ./f.sjs fmt 2:1",
		`view.Tap "go" catch=false dynamic=false`, `view.Tap "" catch=true dynamic=true`, `card.Done "done" catch=false dynamic=false`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"card", "import", "import-sjs", "include", "view"}, doc.Tags()); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestMinify(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"spaces and comments", "<view  class=\"a\"\n  onTap='b' >\n  <!-- c -->\n  <a />\n</view>\n", `<view class="a" onTap='b'> <a/> </view>`},
		{"text is verbatim", "<text>\n a  b\n <text> </text></text>", "<text>\n a  b\n <text> </text></text>"},
		{"faulty stays", "<view>  <b>", "<view>  <b>"},
		{"the last end tag", "<view>\n<a/></view \n", "<view> <a/></view>"},
		{"the last end tag alone", "<view>  <b></view", "<view>  <b></view>"},
		{"cdata stays", "<a><![CDATA[ <b> ]]></a>", "<a><![CDATA[ <b> ]]></a>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, string(axml.Minify([]byte(tt.src)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestHostile holds shapes that make a careless scanner quadratic or overflow its stack. Each is about a megabyte.
func TestHostile(t *testing.T) {
	repeat := func(s string) string { return strings.Repeat(s, 1<<20/len(s)) }
	shapes := map[string]string{
		"nested":                  strings.Repeat("<view>", 100_000) + strings.Repeat("</view>", 100_000),
		"unclosed":                repeat("<view>"),
		"stray ends":              strings.Repeat("<a>", 50_000) + repeat("</b>"),
		"expressions":             repeat("{{"),
		"expressions with tags":   repeat("{{</a>") + "}}",
		"expressions with quotes": repeat("{{'}}'"),
		"quotes in values":        `<a b="` + repeat(`{{"`) + `}}"/>`,
		"values":                  repeat(`<a b="{{"`) + "}}",
		"unclosed quotes":         repeat(`<a b='`),
		"attributes":              "<a " + repeat("b=1 ") + ">",
		"less than":               repeat("<"),
		"one value":               `<a b="` + repeat("{{a}} ") + `"/>`,
		"comments":                repeat("<!--"),
	}
	for name, src := range shapes {
		t.Run(name, func(t *testing.T) {
			doc, problems := axml.Parse("x.axml", []byte(src))
			all := []byte(src)
			if growth := hostile.Growth(len(all)/4, func(n int) { axml.Parse("x.axml", all[:n]); axml.Minify(all[:n]) }); growth > hostile.MaxGrowth {
				t.Errorf("eight times the input took %.0f times as long", growth)
			}
			if len(problems) > 200 {
				t.Errorf("%d problems", len(problems))
			}
			if depth := depth(doc.Nodes); depth > axml.MaxDepth+1 {
				t.Errorf("depth %d", depth)
			}
		})
	}
}

func depth(nodes []axml.Node) int {
	most := 0
	for _, n := range nodes {
		if n.Element != nil {
			most = max(most, 1+depth(n.Element.Children))
		}
	}
	return most
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`<view a:if="{{a < "b"}}" onTap='c'>{{ {d:1} }}</view>`, `<a {{...b}} c=d/><!-- e -->`, "\ufeff<a\n></b>{{"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, problems := axml.Parse("x.axml", src)
		last := 0
		for _, p := range problems {
			if p.Offset < last || p.Offset > len(src) || p.Line < 1 || p.Column < 1 {
				t.Fatalf("problem out of place: %+v", p)
			}
			last = p.Offset
		}
		for _, e := range doc.Elements {
			if src[e.Pos.Offset] != '<' {
				t.Fatalf("element %s is not at %d", e.Name, e.Pos.Offset)
			}
			for _, a := range e.Attrs {
				if a.HasValue && string(src[a.ValuePos.Offset:][:len(a.Value)]) != a.Value {
					t.Fatalf("value of %s is not at %d", a.Name, a.ValuePos.Offset)
				}
			}
		}
		small := axml.Minify(src)
		if again, more := axml.Parse("x.axml", small); len(problems) == 0 && (len(more) > 0 || len(again.Elements) != len(doc.Elements)) {
			t.Fatalf("minified %q to %q", src, small)
		}
	})
}
