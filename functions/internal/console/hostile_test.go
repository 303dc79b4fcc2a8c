package console_test

import (
	"html"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"slipway/functions/internal/console"
)

// payload is what a hostile merchant would try as a name, a reason or an address.
const payload = "javascript:alert(1)//\u202eevil\u2066\u200b</title></style></textarea></bdi></iframe>\"' onclick=alert(1) x='<script>alert(1)</script><img src=x onerror=alert(1)>{{.}}\r\nSet-Cookie: a=b\x00\x1b\xff"

// words are fields with a fixed vocabulary, which callers take from constants.
var words = []string{"Category", "State", "Status", "Cause"}

// poison gives a copy in which every text is hostile.
func poison(p console.Page) console.Page {
	v := reflect.New(reflect.TypeOf(p)).Elem()
	v.Set(reflect.ValueOf(p))
	replace(v, "", func(name string) (string, bool) { return payload, !slices.Contains(words, name) })
	return v.Interface().(console.Page)
}

// replace puts another text into each field that has one, when with says so.
func replace(v reflect.Value, name string, with func(field string) (string, bool)) {
	switch v.Kind() {
	case reflect.String:
		if s, other := with(name); other && v.String() != "" {
			v.SetString(s)
		}
	case reflect.Slice:
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(fresh, v)
		for i := range fresh.Len() {
			replace(fresh.Index(i), name, with)
		}
		v.Set(fresh)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().PkgPath() != "time" {
				replace(v.Field(i), v.Type().Field(i).Name, with)
			}
		}
	}
}

// shape is an element without its values.
func shape(e element) string {
	return e.name + " " + strings.Join(slices.Sorted(maps.Keys(e.attributes)), " ")
}

// carried are the places that hold what was typed, or a mail, as it is; everything else must show hidden characters.
var carried = regexp.MustCompile(`(?s)<textarea.*?</textarea>|<pre.*?</pre>| (?:value|name)="[^"]*"| srcdoc="[^"]*"`)

func TestHostileValues(t *testing.T) {
	known := map[string]bool{}
	for _, p := range samples() {
		for _, e := range elements(page(t, p)) {
			known[shape(e)] = true
		}
	}
	// The marks of hidden characters, and what stands in the place of an address nobody should follow.
	for _, s := range []string{"span class", "li ", "span class id", "form method", "form class method", "form autocomplete method"} {
		known[s] = true
	}
	for name, p := range samples() {
		doc := page(t, poison(p))
		for _, e := range elements(doc) {
			if !known[shape(e)] {
				t.Errorf("%s: a value made an element: %v", name, e)
			}
			for _, a := range []string{"href", "src", "action"} {
				if u := strings.ToLower(e.attributes[a]); strings.Contains(u, "javascript:") || strings.Contains(u, "zgotmplz") {
					t.Errorf("%s: %s leads to %q", name, e.name, u)
				}
			}
		}
		for _, r := range carried.ReplaceAllString(doc, "") {
			if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf) {
				t.Errorf("%s: the hidden character %U is obeyed", name, r)
				break
			}
		}
		for key, value := range poison(p).Headers() {
			if strings.ContainsAny(value, "\r\n") || strings.Contains(value, "alert") {
				t.Errorf("%s: a value reached the header %s: %q", name, key, value)
			}
		}
	}
}

// Every attribute that a value can reach holds exactly that value, or an address nobody need fear: none ends early and
// none is anything that runs.
func TestHostileAddresses(t *testing.T) {
	for _, bad := range []string{"javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", " javascript:alert(1)", "\x01javascript:alert(1)",
		"vbscript:x", "data:text/html,<script>alert(1)</script>", "//evil.example/", "/\\evil.example/", "https://a@evil.example/", "ftp://evil.example/"} {
		for name, p := range samples() {
			for _, e := range elements(page(t, addressed(p, bad))) {
				for _, a := range []string{"href", "src", "action"} {
					if u, there := e.attributes[a]; there && !strings.HasPrefix(u, "#") && (strings.Contains(u, "script:") || strings.Contains(u, "evil") || strings.HasPrefix(u, "data:")) {
						t.Errorf("%s: the %s of %s is %q", name, a, e.name, u)
					}
				}
			}
		}
	}
	const quoted = `https://slipway.example/a?x="><script>alert(1)</script>&y='&amp;z=1`
	for name, p := range samples() {
		led := 0
		for _, e := range elements(page(t, addressed(p, quoted))) {
			if e.name == "script" {
				t.Errorf("%s: an address made an element", name)
			}
			for _, a := range []string{"href", "src", "action"} {
				if u, there := e.attributes[a]; there && !strings.HasPrefix(u, "#") {
					led++
					if u != quoted && !strings.HasPrefix(u, "http://127.0.0.1:8080/") { // the address in a mail's text
						t.Errorf("%s: the %s of %s is %q", name, a, e.name, u)
					}
				}
			}
		}
		if want := strings.Contains(page(t, p), `href="/`) || strings.Contains(page(t, p), `action="`); led == 0 && want {
			t.Errorf("%s leads nowhere", name)
		}
	}
}

// addressed gives a copy in which every address is s.
func addressed(p console.Page, s string) console.Page {
	v := reflect.New(reflect.TypeOf(p)).Elem()
	v.Set(reflect.ValueOf(p))
	replace(v, "", func(name string) (string, bool) {
		return s, slices.Contains([]string{"URL", "LogoURL", "ReportURL", "Action", "SignOut", "Back", "Home", "Bounce"}, name)
	})
	return v.Interface().(console.Page)
}

func TestWordsAreEscaped(t *testing.T) {
	var b strings.Builder
	if err := console.Words("a <b> & \"", 7, console.Words("'", "</p>")).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.ContainsAny(got, `<>"'`) || html.UnescapeString(got) != `a <b> & "7'</p>` {
		t.Errorf("got %s", got)
	}
}

// NUL has no character reference, and what browsers make of it differs from place to place.
func TestNULIsReplaced(t *testing.T) {
	p := console.ApprovalPage{Facts: release(), Form: console.Form{Confirm: "a\x00b", Reason: "c\x00d", Hidden: []console.Hidden{{Name: "e\x00f", Value: "g\x00h"}}}}
	mail := console.OutboxMail{Subject: "s", Text: "i\x00j", HTML: "<p>k\x00l</p>"}
	doc := page(t, p) + page(t, mail)
	if strings.Contains(doc, "\x00") {
		t.Error("a page holds NUL")
	}
	for _, want := range []string{"a\ufffdb", "c\ufffdd", "e\ufffdf", "g\ufffdh", "i\ufffdj", "k\ufffdl"} {
		if !strings.Contains(doc, want) {
			t.Errorf("no %q", want)
		}
	}
}

// A reviewer must see that a name hides something.
func TestHiddenCharactersAreShown(t *testing.T) {
	f := release()
	f.MiniProgram = "Coffee\u202eNow"
	doc := page(t, console.ApprovalPage{Facts: f})
	if !strings.Contains(doc, `Coffee<span class="hidden-character">U+202E</span>Now`) {
		t.Error("the direction override in the name is not shown")
	}
	if title := doc[strings.Index(doc, "<title>"):strings.Index(doc, "</title>")]; !strings.Contains(title, "CoffeeNow") {
		t.Errorf("the title keeps it: %q", title)
	}
}

func TestEmptyLinesAreClosed(t *testing.T) {
	f := offline()
	f.Reason = "first" + strings.Repeat("\r\n \t", 300) + "\u2028last\n\n"
	if doc := page(t, console.ApprovalPage{Facts: f}); !strings.Contains(doc, "first<br>\n<br>\nlast</blockquote>") {
		t.Error("the reason is not shown as two lines with one between")
	}
}

// Emoji and Indic scripts are made with joiners; those are not attacks.
func TestJoinersStay(t *testing.T) {
	f := release()
	f.MiniProgram = "Team 👩\u200d💻 क्\u200dष"
	if doc := page(t, console.ApprovalPage{Facts: f}); !strings.Contains(doc, "<bdi>Team 👩\u200d💻 क्\u200dष</bdi>") {
		t.Error("the name is not shown as it is")
	}
}

// What was typed must come back to the letter, or people lose their words over a typing mistake.
func TestTypedValuesComeBack(t *testing.T) {
	f := console.Form{Confirm: ` 1.2 "x" `, Decision: console.Reject, Reason: "\nFirst line is empty.\n</textarea><b>& more"}
	doc := page(t, console.ApprovalPage{Facts: release(), Form: f})
	var confirm string
	for _, e := range elements(doc) {
		if e.attributes["id"] == "confirm" {
			confirm = e.attributes["value"]
		}
		if _, checked := e.attributes["checked"]; checked != (e.attributes["id"] == "reject") && e.name == "input" && e.attributes["type"] == "radio" {
			t.Errorf("%s is checked: %v", e.attributes["id"], checked)
		}
	}
	if confirm != f.Confirm {
		t.Errorf("confirm came back as %q, want %q", confirm, f.Confirm)
	}
	_, rest, _ := strings.Cut(doc, "<textarea")
	_, rest, _ = strings.Cut(rest, ">")
	typed, _, _ := strings.Cut(rest, "</textarea>")
	// A browser drops one line break right after the tag.
	if got := strings.TrimPrefix(html.UnescapeString(typed), "\n"); got != f.Reason {
		t.Errorf("the reason came back as %q, want %q", got, f.Reason)
	}
}

func TestNothingIsChosenBeforehand(t *testing.T) {
	for _, name := range []string{"approval_release", "approval_offline", "approval_force_removal", "request_decide"} {
		if strings.Contains(page(t, samples()[name]), " checked") {
			t.Errorf("%s: a decision is chosen before anybody chose", name)
		}
	}
}

func TestTypeBack(t *testing.T) {
	for name, want := range map[string]string{"approval_release": "1.2.0", "approval_offline": "1.2.0", "approval_force_removal": "Coffee Now"} {
		if !strings.Contains(page(t, samples()[name]), `<span class="type-back"><bdi>`+want+`</bdi></span>`) {
			t.Errorf("%s: the page does not ask to type %q", name, want)
		}
	}
}

// Only who may decide is given the form.
func TestFormOnlyForDeciders(t *testing.T) {
	for name, p := range samples() {
		want := strings.HasPrefix(name, "approval_") && name != "approval_sign_in" || name == "request_decide"
		if got := strings.Contains(page(t, p), `name="decision"`); got != want {
			t.Errorf("%s: decision form shown: %v", name, got)
		}
	}
}

func TestOutboxNewestFirst(t *testing.T) {
	rows := []console.OutboxRow{{Subject: "mail-1", At: at(20, 8, 0)}, {Subject: "mail-3", At: at(22, 8, 0)}, {Subject: "mail-2", At: at(21, 8, 0)}}
	doc := style.ReplaceAllString(page(t, console.Outbox{Mails: rows}), "")
	if a, b, c := strings.Index(doc, "mail-3"), strings.Index(doc, "mail-2"), strings.Index(doc, "mail-1"); a > b || b > c {
		t.Errorf("the order is wrong: %d, %d, %d", a, b, c)
	}
	if rows[0].Subject != "mail-1" {
		t.Error("the caller's list was reordered")
	}
}

// The frame must hold the mail exactly, or the outbox shows another mail than was sent.
func TestFrameHoldsTheMail(t *testing.T) {
	mail := "<!doctype html><p title='a \"quoted\" &amp;amp; b'>Hi</p></iframe><script>alert(1)</script>"
	for _, e := range elements(page(t, console.OutboxMail{Subject: "s", HTML: mail})) {
		if e.name == "iframe" && e.attributes["srcdoc"] != mail {
			t.Errorf("the frame holds %q", e.attributes["srcdoc"])
		}
		if e.name == "script" {
			t.Error("the mail broke out of its frame")
		}
	}
}
