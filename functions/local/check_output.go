package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/compat"
)

// checked is what check found; with --json it is written as it stands.
type checked struct {
	Build  buildOutcome   `json:"build"`
	Report *compat.Report `json:"report"`           // null when it did not build
	Before bool           `json:"before,omitempty"` // an earlier check found it, and nothing has changed since
}

type buildOutcome struct {
	Failed      bool                `json:"failed"`
	Diagnostics []intake.Diagnostic `json:"diagnostics"`
	SHA256      string              `json:"sha256,omitempty"` // of the package
	Size        int64               `json:"size,omitempty"`   // of the package, bytes
	Files       int                 `json:"files,omitempty"`
	Pages       []build.PageSize    `json:"pages,omitempty"`
}

func outcomeOf(r *build.Result) buildOutcome {
	o := buildOutcome{Failed: r.Failed, Diagnostics: r.Diagnostics, SHA256: r.SHA256, Size: r.Size, Files: len(r.Files), Pages: r.Pages}
	if o.Diagnostics == nil {
		o.Diagnostics = []intake.Diagnostic{}
	}
	return o
}

func (c *checking) write(done *checked) error {
	c.progress.clear()
	if c.asJSON {
		e := json.NewEncoder(c.out)
		e.SetIndent("", "  ")
		return e.Encode(done)
	}
	var b strings.Builder
	writeBuild(&b, done.Build)
	if done.Before {
		b.WriteString("Nothing has changed since an earlier check; this is what it found. (--cache= checks anew.)\n")
	}
	if done.Report != nil {
		writeReport(&b, done.Report)
	}
	_, err := io.WriteString(c.out, b.String())
	return err
}

func writeBuild(b *strings.Builder, o buildOutcome) {
	if o.Failed {
		b.WriteString("The build failed.\n")
	} else {
		fmt.Fprintf(b, "Built: %s, %s, a package of %d KiB.\n", compat.Count(len(o.Pages), "page"), compat.Count(o.Files, "file"), (o.Size+1023)/1024)
	}
	for _, d := range o.Diagnostics {
		writeLine(b, d.Severity, d.File, d.Line, d.Column, d.Message, d.Advice, d.Rule)
	}
}

var verdicts = map[string]string{compat.Pass: "Passed", string(compat.Warn): "Passed with warnings", string(compat.Fail): "Failed"}

func writeReport(b *strings.Builder, r *compat.Report) {
	s := r.Summary
	fmt.Fprintf(b, "\n%s: %s against %s; %d passed, %d with warnings, %d failed.\n", verdicts[r.Verdict], compat.Count(s.Pages, "page"), compat.Count(s.Profiles, "profile"), s.Passed, s.Warned, s.Failed)
	for _, f := range r.Findings {
		message := f.Message
		if len(f.Profiles) > 0 {
			message += " (On " + strings.Join(f.Profiles, ", ")
			if f.MoreProfiles > 0 {
				message += fmt.Sprintf(" and %d more", f.MoreProfiles)
			}
			message += ".)"
		}
		writeLine(b, string(f.Severity), f.File, f.Line, f.Column, message, f.Advice, f.Rule)
	}
	if s.LeftOut > 0 {
		fmt.Fprintf(b, "  %d more findings of the same kinds are left out.\n", s.LeftOut)
	}
	b.WriteString("\nWhat this does not tell:\n")
	for _, n := range r.NotDone {
		fmt.Fprintf(b, "  %s\n", n)
	}
}

// writeLine puts the place first, in the form that editors and CI systems make a link of.
func writeLine(b *strings.Builder, severity, file string, line, column int, message, advice, rule string) {
	fmt.Fprintf(b, "  %-7s ", severity)
	if file != "" {
		b.WriteString(plain(file))
		if line > 0 {
			fmt.Fprintf(b, ":%d", line)
			if column > 0 {
				fmt.Fprintf(b, ":%d", column)
			}
		}
		b.WriteString(": ")
	}
	b.WriteString(plain(strings.TrimSpace(message + " " + advice)))
	fmt.Fprintf(b, " [%s]\n", rule)
}

// plain takes away what would move a terminal's cursor or change its title: names and messages come from the project.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' {
			return ' '
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '�'
		}
		return r
	}, s)
}

// progress is one line on a terminal that says what is being done; it is silent anywhere else, so that logs stay short.
type progress struct {
	to    io.Writer
	mu    sync.Mutex // what runs side by side tells how far it is
	shown string
}

func newProgress(f *os.File) *progress {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || os.Getenv("TERM") == "dumb" {
		return &progress{}
	}
	return &progress{to: f}
}

// clearLine goes back to the line's begin and empties it (ECMA-48, EL).
const clearLine = "\r\x1b[K"

func (p *progress) say(format string, args ...any) {
	if p.to == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	line := []rune(plain(fmt.Sprintf(format, args...)))
	if text := string(line[:min(len(line), 76)]); text != p.shown {
		fmt.Fprintf(p.to, "%s%s…", clearLine, text)
		p.shown = text
	}
}

func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown != "" {
		fmt.Fprint(p.to, clearLine)
		p.shown = ""
	}
}
