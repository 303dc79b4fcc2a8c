package compat

import (
	_ "embed"
	"html/template"
	"io"
	"strconv"
	"strings"
)

//go:embed report.html
var reportHTML string

var page = template.Must(template.New("report").Funcs(template.FuncMap{
	"join":   func(list []string) string { return strings.Join(list, ", ") },
	"column": func(p []Profile, i int) string { return p[i].Name },
	"groups": groups,
	"count":  count,
	"mark":   func(result string) string { return marks[result] },
}).Parse(reportHTML))

// marks are read by people who do not see colours, and by printers that have none.
var marks = map[string]string{Pass: "✓", string(Warn): "!", string(Fail): "✕"}

// Heading is what a page about a report says above it; the report itself knows no names.
type Heading struct {
	Title    string // "Coffee Shop 1.2.0"
	Subtitle string // "Demo Wallet, production, tested on 20 November 2026"
	Language string // of the page, "" is English; the words of the rules are English
}

// WriteHTML writes a report as one page that needs nothing else: no script, no font, no fetch. It can be printed, and
// served under a policy that allows inline styles only.
func WriteHTML(w io.Writer, h Heading, r *Report) error {
	if h.Language == "" {
		h.Language = "en"
	}
	return page.Execute(w, struct {
		Heading
		*Report
	}{h, r})
}

// group is a run of columns of one kind.
type group struct {
	Name  string
	Count int
}

var kindNames = map[string]string{KindSystem: "Operating systems", KindDevice: "Devices", KindNetwork: "Networks", KindLibrary: "Base library"}

func groups(profiles []Profile) []group {
	var list []group
	for _, p := range profiles {
		if name := kindNames[p.Kind]; len(list) > 0 && list[len(list)-1].Name == name {
			list[len(list)-1].Count++
		} else {
			list = append(list, group{name, 1})
		}
	}
	return list
}

// count writes "1 page" and "2 pages".
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}
