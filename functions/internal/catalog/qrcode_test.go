package catalog_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"slipway/functions/internal/catalog"
)

func TestQRCodeValidate(t *testing.T) {
	pages := []string{"pages/index/index", "order/pages/menu/menu", strings.Repeat("p", 256)}
	for _, c := range []struct {
		name  string
		kind  catalog.MiniProgramType
		code  catalog.QRCode
		wrong []string
		says  string
	}{
		{"a page", catalog.DSL, catalog.QRCode{Page: "pages/index/index"}, nil, ""},
		{"a page of a subpackage, with all", catalog.DSL, catalog.QRCode{Page: "order/pages/menu/menu", Query: "table=12&x=é", Description: "On the tables"}, nil, ""},
		{"the longest of all", catalog.DSL, catalog.QRCode{Page: pages[2], Query: strings.Repeat("é", 64), Description: strings.Repeat("店", 64)}, nil, ""},
		{"no page", catalog.DSL, catalog.QRCode{}, []string{"page"}, "pages/index/index"},
		{"an unknown page", catalog.DSL, catalog.QRCode{Page: "pages/menu"}, []string{"page"}, "version 1.2.0 does not have"},
		{"a query in the page", catalog.DSL, catalog.QRCode{Page: "pages/index/index?a=1"}, []string{"page"}, "belongs into query"},
		{"a page too long", catalog.DSL, catalog.QRCode{Page: strings.Repeat("p", 257)}, []string{"page"}, "257 characters"},
		{"all too long", catalog.DSL, catalog.QRCode{Page: pages[0], Query: strings.Repeat("q", 65), Description: strings.Repeat("d", 65)}, []string{"query", "description"}, "65 characters"},
		{"a question mark", catalog.DSL, catalog.QRCode{Page: pages[0], Query: "?a=1"}, []string{"query"}, "question mark"},
		{"hidden characters", catalog.DSL, catalog.QRCode{Page: pages[0], Query: "a\u202eb", Description: "a\nb"}, []string{"query", "description"}, ""},
		{"h5", catalog.H5, catalog.QRCode{Query: "a=1"}, nil, ""},
		{"h5 with a page", catalog.H5, catalog.QRCode{Page: "index.html"}, []string{"page"}, "entrance URL"},
	} {
		var fields []string
		found := c.code.Validate(c.kind, "1.2.0", pages)
		for _, f := range found {
			fields = append(fields, f.Field)
		}
		if !slices.Equal(fields, c.wrong) {
			t.Errorf("%s: wrong are %v, not %v", c.name, fields, c.wrong)
		} else if len(found) > 0 && !strings.Contains(found[0].Detail, c.says) {
			t.Errorf("%s: says %q, without %q", c.name, found[0].Detail, c.says)
		}
	}
}

// TestDeepLink reads links back with the standard library: what an app is handed is what was typed.
func TestDeepLink(t *testing.T) {
	for _, c := range []catalog.QRCode{
		{MiniProgram: "mp_1", Environment: catalog.Production, Page: "pages/index/index", Query: "table=12"},
		{MiniProgram: "mp_1", Environment: catalog.Sandbox, Page: "pages/index/index", Query: "a=1&b=%41+2 #é?/\\\""},
		{MiniProgram: "mp_1", Environment: catalog.Production},
	} {
		link := c.DeepLink("demowallet", c.Page)
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		env := string(c.Environment)
		if c.Environment == catalog.Production {
			env = ""
		}
		if u.Scheme != "demowallet" || u.Host != "mini-program" || u.Path != "/mp_1" || q.Get("page") != c.Page || q.Get("query") != c.Query || q.Get("env") != env {
			t.Errorf("%+v leads to %s", c, link)
		}
		if strings.ContainsAny(link, " +\"\\é#") {
			t.Errorf("%s has characters that some apps read otherwise", link)
		}
	}
	if got, want := (catalog.QRCode{MiniProgram: "mp_1", Environment: catalog.Production}).DeepLink("demowallet", ""), "demowallet://mini-program/mp_1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
