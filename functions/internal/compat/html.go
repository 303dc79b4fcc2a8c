package compat

import (
	_ "embed"
	"errors"
	"html/template"
	"io"
	"strconv"
	"sync"
)

//go:embed report.html
var reportHTML string

// page is parsed when the first report is written: reading it at the start would be a tenth of that.
var page = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report").Funcs(template.FuncMap{
		"count": Count,
		"mark":  func(result string) string { return marks[result] },
	}).Parse(reportHTML))
})

// marks are read by people who do not see colours, and by printers that have none.
var marks = map[string]string{Pass: "✓", string(Warn): "!", string(Fail): "✕"}

// Heading is what a page about a report says above it; the report itself knows no names.
type Heading struct {
	Title    string // "Coffee Shop 1.2.0"
	Subtitle string // "Demo Wallet, production, tested on 20 November 2026"
	Language string // of the page, "" is English; the words of the rules are English
}

// WriteHTML writes a report as one page that needs nothing else: no script, no font, no fetch. It can be printed, and
// served under a policy that allows inline styles only. Wide screens and paper show the matrix; on narrow ones each page
// with findings is a card. What does not fit into an answer is left out, and its number is told: pages first, those that
// passed before others, then findings.
func WriteHTML(w io.Writer, h Heading, r *Report) error {
	if h.Language == "" {
		h.Language = "en"
	}
	rows, found := len(r.Matrix), len(r.Findings)
	for {
		v := newView(r, rows, found)
		v.Heading = h
		var out bounded
		err := page().Execute(&out, v)
		switch {
		case err == nil:
			_, err = w.Write(out.text)
			return err
		case !errors.Is(err, errTooLarge) || rows+found == 0:
			return err
		case rows > fewRows || rows > 0 && found <= fewRows:
			rows /= 2
		default:
			found /= 2
		}
	}
}

// Count writes "1 page" and "2 pages".
func Count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}
