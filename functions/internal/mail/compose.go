package mail

import (
	"bytes"
	"embed"
	html "html/template"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	plain "text/template"

	"slipway/functions/internal/fault"
)

//go:embed templates
var files embed.FS

// view is what a template sees: M is the cleaned content.
type view struct {
	M         Content
	Link      string
	Reference string
	Subject   string // the subject line, for the HTML title
	Short     string // the targets, as short as a subject needs them
	Facts     []fact
}

// written is the two templates of one mail.
type written struct {
	plain *plain.Template
	html  *html.Template
}

// templates are parsed for the first mail, because most functions that know them never write one, and all would pay
// for it at their start. Tests render every mail. A sync.OnceValue here would tie them to the package's init, and so
// link them into every function.
func templates() map[string]written {
	parsing.Do(func() { parsed = parse() })
	return parsed
}

var (
	parsing sync.Once
	parsed  map[string]written
)

func parse() map[string]written {
	funcs := map[string]any{"utc": utc, "status": status, "headline": Subject.headline,
		"quote": quote, "lines": lines, "table": table}
	all := map[string]written{}
	for kind := range kinds {
		all[kind] = written{
			plain: plain.Must(plain.New(kind+".txt").Funcs(funcs).
				ParseFS(files, "templates/layout.txt", "templates/"+kind+".txt")),
			html: html.Must(html.New("layout.html").Funcs(funcs).
				ParseFS(files, "templates/layout.html", "templates/"+kind+".html")),
		}
	}
	return all
}

// compose renders one mail. The text template is the whole message, its subject line first.
func compose[T Content](content T, to, reference, link string) (Message, error) {
	if err := checkEnvelope(to, reference, link); err != nil {
		return Message{}, err
	}
	if wrong := content.check(); len(wrong) > 0 {
		return Message{}, fault.Fields(wrong)
	}
	m := cleaned(content)
	v := view{M: m, Link: link, Reference: reference, Short: where(m.targets(), maxTargets), Facts: present(m.facts())}
	var text, rich bytes.Buffer
	if err := templates()[m.Kind()].plain.Execute(&text, v); err != nil {
		return Message{}, fault.Wrap(fault.Internal, "internal", err, "The mail %q cannot be written.", m.Kind())
	}
	head, body, ok := strings.Cut(text.String(), "\n\n")
	subject, found := strings.CutPrefix(head, "Subject: ")
	if !ok || !found {
		return Message{}, fault.New(fault.Internal, "internal", "The mail %q does not begin with its subject.", m.Kind())
	}
	v.Subject = line(subject, maxSubject)
	if err := templates()[m.Kind()].html.Execute(&rich, v); err != nil {
		return Message{}, fault.Wrap(fault.Internal, "internal", err, "The mail %q cannot be written.", m.Kind())
	}
	return Message{To: to, Subject: v.Subject, Text: tidy(body), HTML: rich.String(), Reference: reference}, nil
}

// checkEnvelope refuses what could not be sent, or what could be read as more than one header, address or link.
func checkEnvelope(to, reference, link string) error {
	if a, err := mail.ParseAddress(to); err != nil || a.Address != to || len(to) > 254 || !ascii(to) {
		return fault.New(fault.Unprocessable, "address_refused", "%q is not a plain mail address such as ada@example.com.", cut(to, 100))
	}
	if reference == "" || len(reference) > 200 || !ascii(reference) {
		return fault.New(fault.Invalid, "invalid", "A mail's reference must be 1 to 200 printable ASCII characters without spaces.")
	}
	if link == "" {
		return nil
	}
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || len(link) > 2000 || !ascii(link) {
		return fault.New(fault.Invalid, "invalid", "A mail's link must be a whole http or https address.")
	}
	return nil
}

// ascii says whether s is printable ASCII without a space.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func present(rows []fact) []fact {
	var kept []fact
	for _, r := range rows {
		if r.Value != "" {
			kept = append(kept, r)
		}
	}
	return kept
}

// quote marks every line that somebody else wrote, so that a reason cannot pass for our own words.
func quote(s string) string { return "> " + strings.ReplaceAll(s, "\n", "\n> ") }

// tidy closes the gaps that untaken branches leave in a text template.
func tidy(s string) string {
	for strings.Contains(s, "\n\n\n") {
		s = strings.ReplaceAll(s, "\n\n\n", "\n\n")
	}
	return strings.TrimSpace(s) + "\n"
}

func lines(s string) []string { return strings.Split(s, "\n") }

// table is the facts in aligned columns.
func table(rows []fact) string {
	width := 0
	for _, r := range rows {
		width = max(width, len(r.Label))
	}
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(r.Label + ":" + strings.Repeat(" ", width-len(r.Label)+1) + r.Value + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}
