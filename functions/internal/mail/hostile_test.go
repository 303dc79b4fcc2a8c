package mail_test

import (
	"html"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slipway/functions/internal/mail"
)

// fragments are what an attacker would build a name or a reason from.
var fragments = []string{"Coffee", " ", "1.2.0", "\r\nBcc: eve@evil.example", "\r\n\r\n", "\nSubject: free", "\u2028", "\u0085", "\x00", "\x1b[2J",
	"\u202e", "\u2066", "\u200f", "\u061c", "\u200b", "\ufeff", "\u00ad", "\U000e0041", "\xff\xfe", "<script>alert(1)</script>", "</style>", "</title>",
	`"><img src=x onerror=alert(1)>`, "<!--", "]]>", "{{.Link}}", "&lt;", "javascript:alert(1)", "\nReview and decide:\nhttps://evil.example/", "\n-- \n",
	"\nReference: other", "قهوة", "👩\u200d💻", "> quoted", strings.Repeat("x", 5000), strings.Repeat("long ", 3000), strings.Repeat("\n", 500)}

func hostile() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 1, 6).Draw(t, "fragments"), "")
	}))
}

// words are fields with a fixed vocabulary; rendering refuses other values.
var words = []string{"Category", "Outcome", "Next", "Environment", "From", "To"}

func poison(t *rapid.T, v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.String:
		if v.String() != "" && !slices.Contains(words, name) {
			// A letter in front keeps required fields present, whatever else is stripped.
			v.SetString("n" + hostile().Draw(t, name))
		}
	case reflect.Slice:
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(fresh, v)
		for i := range fresh.Len() {
			poison(t, fresh.Index(i), name)
		}
		v.Set(fresh)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type() != reflect.TypeFor[time.Time]() {
				poison(t, v.Field(i), v.Type().Field(i).Name)
			}
		}
	}
}

var (
	tag     = regexp.MustCompile(`<[^>]*>`)
	sheet   = regexp.MustCompile(`(?s)<style>.*?</style>`)
	content = regexp.MustCompile(`(?s)<title>.*?</title>`)
)

// tags is every tag of a mail, whole, so that not even an attribute can be added unseen.
func tags(doc string) []string {
	return tag.FindAllString(content.ReplaceAllString(sheet.ReplaceAllString(doc, ""), ""), -1)
}

func hidden(r rune) bool {
	return r != '\n' && r != '\u200c' && r != '\u200d' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Whatever people call themselves and whatever they write, a mail has our headers, our markup and our lines only.
func TestNothingCanBeInjected(t *testing.T) {
	ours := map[string]bool{}
	for _, c := range samples() {
		m, err := c.Message(to, reference, link)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range tags(m.HTML) {
			ours[x] = true
		}
	}
	names := make([]string, 0, len(samples()))
	for name := range samples() {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "mail")
		original := samples()[name]
		v := reflect.New(reflect.TypeOf(original)).Elem()
		v.Set(reflect.ValueOf(original))
		poison(t, v, "")
		kind, data, err := mail.Encode(v.Interface().(mail.Content))
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.Render(kind, data, to, reference, link)
		if err != nil {
			t.Fatal(err)
		}
		checkSubject(t, m.Subject)
		checkText(t, original, m.Text)
		for _, x := range tags(m.HTML) {
			if !ours[x] {
				t.Fatalf("a value made the tag %q", x)
			}
		}
		if rest := tag.ReplaceAllString(sheet.ReplaceAllString(m.HTML, ""), ""); strings.ContainsAny(rest, "<>") {
			t.Fatalf("a bare angle bracket in %q", rest)
		}
		if i := strings.IndexFunc(m.HTML, hidden); i >= 0 {
			t.Fatalf("a hidden character in the HTML at %d", i)
		}
		if !utf8.ValidString(m.HTML) || !utf8.ValidString(m.Text) || len(m.HTML) > 200_000 {
			t.Fatalf("the HTML is %d bytes, or not UTF-8", len(m.HTML))
		}
	})
}

func checkSubject(t *rapid.T, s string) {
	if strings.ContainsFunc(s, unicode.IsControl) || strings.ContainsFunc(s, hidden) || utf8.RuneCountInString(s) > 250 {
		t.Fatalf("the subject is unsafe: %q", s)
	}
	if !regexp.MustCompile(`^(Review requested|Approved|Rejected|Expired without a decision|Withdrawn|Force removed|Taken offline|Build failed): `).MatchString(s) {
		t.Fatalf("the subject does not begin with what happened: %q", s)
	}
}

// Lines that only we may write are there as often as in the harmless mail.
func checkText(t *rapid.T, original mail.Content, text string) {
	m, err := original.Message(to, reference, link)
	if err != nil {
		t.Fatal(err)
	}
	for _, start := range []string{"Review and decide:", "-- ", "Reference: ", "http", "Subject: ", "Bcc: "} {
		if got, want := begins(text, start), begins(m.Text, start); got != want {
			t.Fatalf("%d lines begin with %q, want %d:\n%s", got, start, want, text)
		}
	}
	if i := strings.IndexFunc(text, hidden); i >= 0 {
		t.Fatalf("a hidden character at %d of %q", i, text)
	}
}

func begins(text, start string) int {
	return strings.Count("\n"+text, "\n"+start)
}

func TestRenderLeavesItsInputAlone(t *testing.T) {
	m := samples()["build_failed"].(mail.BuildFailed)
	m.Faults[0].Message = "two\nlines"
	if _, err := m.Message(to, reference, link); err != nil {
		t.Fatal(err)
	}
	if m.Faults[0].Message != "two\nlines" {
		t.Error("rendering cleaned the caller's own data")
	}
}

// Joiners make emoji and letters of several scripts; they are not attacks.
func TestLegitimateScriptsStay(t *testing.T) {
	m := review
	m.MiniProgram = "قهوة 👩\u200d💻 क्\u200dष 咖啡"
	got, err := m.Message(to, reference, link)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.Subject, m.MiniProgram) || !strings.Contains(html.UnescapeString(got.HTML), m.MiniProgram) {
		t.Errorf("the name was changed: %q", got.Subject)
	}
}

func TestLongReasonsAreCut(t *testing.T) {
	for name, c := range map[string]struct{ reason, want string }{
		"endless":     {strings.Repeat("word ", 2000), strings.TrimSpace(strings.Repeat("word ", 800)) + "…"},
		"empty lines": {"\n\nfirst" + strings.Repeat("\r\n \t", 300) + "\r\nlast\n", "first\n> \n> last"},
	} {
		m := samples()["offline_done"].(mail.OfflineDone)
		m.Reason = c.reason
		got, err := m.Message(to, reference, link)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(got.Text, "\n> "+c.want+"\n\n") {
			t.Errorf("%s: the text is\n%s", name, got.Text)
		}
	}
}

// On a laptop links are http, and must work there.
func TestLaptopLinks(t *testing.T) {
	local := "http://127.0.0.1:8080/approvals/Zm9v"
	m, err := review.Message(to, reference, local)
	if err != nil || !strings.Contains(m.Text, "\n"+local+"\n") {
		t.Errorf("the link is not in the text: %v", err)
	}
}

// An address and a reference may hold whatever can be typed, and must come through to the letter without leaving their place.
func TestLinkStaysInItsPlace(t *testing.T) {
	const hostile = `https://slipway.example/a?x="><script>alert(1)</script>&y='&amp;z=1`
	const name = `req/"><img/src=x/onerror=alert(1)>'`
	for kind, c := range samples() {
		m, err := c.Message(to, name, hostile)
		if err != nil {
			t.Fatal(err)
		}
		links := regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(m.HTML, -1)
		if len(links) != 1 || html.UnescapeString(links[0][1]) != hostile {
			t.Errorf("%s: links are %q, want only the given one", kind, links)
		}
		if strings.Contains(m.HTML, "<script") || strings.Contains(m.HTML, "<img") {
			t.Errorf("%s: an address or a reference made an element", kind)
		}
		if !strings.Contains(html.UnescapeString(m.HTML), "Reference: "+name) {
			t.Errorf("%s: the reference is changed", kind)
		}
	}
	for _, bad := range []string{"javascript:alert(1)", "JAVASCRIPT://slipway.example/%0aalert(1)", "data:text/html,x", "vbscript:x", "//evil.example", "/path"} {
		if m, err := review.Message(to, reference, bad); err == nil {
			t.Errorf("the link %q is in a mail: %v", bad, strings.Contains(m.HTML, bad))
		}
	}
}

// A mail program may fetch nothing for us: opening a mail must not tell anybody.
func TestNothingIsFetched(t *testing.T) {
	for name, c := range samples() {
		m, err := c.Message(to, reference, link)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"<img", "<link", "<script", "<iframe", "src=", "url(", "@import", "background="} {
			if strings.Contains(m.HTML, bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
		if links := regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(m.HTML, -1); len(links) != 1 || html.UnescapeString(links[0][1]) != link {
			t.Errorf("%s: links are %v, want only the given one", name, links)
		}
	}
}

// Both parts of a mail say the same, so that nobody decides on less than others saw.
func TestTextAndHTMLAgree(t *testing.T) {
	for name, c := range samples() {
		m, err := c.Message(to, reference, link)
		if err != nil {
			t.Fatal(err)
		}
		rich := flat(html.UnescapeString(tag.ReplaceAllString(sheet.ReplaceAllString(m.HTML, ""), " ")))
		for _, l := range strings.Split(m.Text, "\n") {
			if label, value, ok := strings.Cut(l, ": "); ok && len(label) <= 20 && !strings.Contains(rich, flat(value)) {
				t.Errorf("%s: the HTML does not say %q", name, l)
			}
			if quoted, ok := strings.CutPrefix(l, "> "); ok && !strings.Contains(rich, flat(quoted)) {
				t.Errorf("%s: the HTML does not quote %q", name, quoted)
			}
		}
	}
}

// flat ignores how text is spaced and how arrows are drawn.
func flat(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), ""), "->", "→")
}

func TestManyFaultsAreCounted(t *testing.T) {
	m := samples()["build_failed"].(mail.BuildFailed)
	m.Faults, m.Total = make([]mail.Fault, 40), 0
	for i := range m.Faults {
		m.Faults[i].Message = "fault"
	}
	got := []int{len(m.First()), m.Count(), m.More()}
	if diff := cmp.Diff([]int{10, 40, 30}, got); diff != "" {
		t.Error(diff)
	}
}
