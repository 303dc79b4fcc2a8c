package mail

import (
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"slipway/functions/internal/fault"
)

// Limits in characters. They are wider than what the API accepts: they exist so that nothing, whatever its history, can
// make a mail that no server takes.
const (
	maxLine     = 120
	maxSentence = 400
	maxText     = 4000
	maxSubject  = 250
	maxTargets  = 3 // named in a subject; the table names them all
)

// fact is one row of a mail's table; rows without a value are left out.
type fact struct {
	Label, Value string
	Mono         bool
}

// fields collects what is wrong with content; entries without a detail are right.
type fields []fault.Field

func (f fields) all() []fault.Field {
	var wrong []fault.Field
	for _, x := range f {
		if x.Detail != "" {
			wrong = append(wrong, x)
		}
	}
	return wrong
}

func missing(name, value string) fault.Field {
	if strings.TrimSpace(value) == "" {
		return fault.Field{Field: name, Detail: "must not be empty"}
	}
	return fault.Field{}
}

func missingTime(name string, t time.Time) fault.Field {
	if t.IsZero() {
		return fault.Field{Field: name, Detail: "must be a time"}
	}
	return fault.Field{}
}

func (s Subject) check(category string) fields {
	wrong := fields{missing("miniProgram", s.MiniProgram)}
	switch category {
	case Release, Offline:
		wrong = append(wrong, missing("version", s.Version))
	case ForceRemoval:
	default:
		wrong = append(wrong, fault.Field{Field: "category", Detail: "must be release, offline or force_removal"})
	}
	if len(s.Targets) == 0 {
		wrong = append(wrong, fault.Field{Field: "targets", Detail: "must name at least one target"})
	}
	for _, t := range s.Targets {
		wrong = append(wrong, missing("targets", t.App))
	}
	return wrong
}

func (s Subject) facts() []fact {
	name := "Target"
	if len(s.Targets) > 1 {
		name = "Targets"
	}
	return []fact{
		{Label: "Mini program", Value: s.MiniProgram},
		{Label: "ID", Value: s.MiniProgramID, Mono: true},
		{Label: "Version", Value: s.Version},
		{Label: name, Value: s.Where()},
	}
}

// Where names all targets.
func (s Subject) Where() string { return where(s.Targets, len(s.Targets)) }

// What is the mini program with its version, if it has one.
func (s Subject) What() string { return strings.TrimSpace(s.MiniProgram + " " + s.Version) }

// headline is what a subject says after the colon: what is, or was, to be decided.
func (s Subject) headline(category string) string {
	short := where(s.Targets, maxTargets)
	switch category {
	case Offline:
		return "taking " + s.What() + " offline in " + short
	case ForceRemoval:
		return "force removal of " + s.MiniProgram + " from " + short
	}
	return s.What() + " for " + short
}

func where(targets []Target, most int) string {
	var names []string
	for i, t := range targets {
		if i == most {
			names = append(names, number(len(targets)-most)+" more")
			break
		}
		names = append(names, t.String())
	}
	return list(names)
}

// String is the target as people say it: "Demo Wallet (production)".
func (t Target) String() string {
	if t.Environment == "" {
		return t.App
	}
	return t.App + " (" + t.Environment + ")"
}

// list joins as in speech: "a", "a and b", "a, b and c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func number(n int) string { return strconv.Itoa(n) }

func count(n int) string {
	if n == 0 {
		return ""
	}
	return number(n)
}

// utc spells a time out: reviewers sit in other time zones, and 04/05 means two days.
func utc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("Monday 2 January 2006, 15:04 UTC")
}

// status is a status as the console shows it: new_version_created → New Version Created.
func status(s string) string {
	words := strings.Split(s, "_")
	for i, w := range words {
		if r, n := utf8.DecodeRuneInString(w); n > 0 {
			words[i] = string(unicode.ToUpper(r)) + w[n:]
		}
	}
	return strings.Join(words, " ")
}

func outcomeLabel(own, whole string) string {
	if own == "" {
		own = whole
	}
	return status(own) + " by"
}

// cleaned is a copy of content in which every string is safe to show. It walks the type instead of trusting each
// template to ask for it, so a field added tomorrow is clean as well.
func cleaned(content Content) Content {
	v := reflect.New(reflect.TypeOf(content)).Elem()
	v.Set(reflect.ValueOf(content))
	clean(v, "")
	return v.Interface().(Content)
}

func clean(v reflect.Value, tag string) {
	switch v.Kind() {
	case reflect.String:
		switch tag {
		case "text":
			v.SetString(text(v.String()))
		case "sentence":
			v.SetString(line(v.String(), maxSentence))
		default:
			v.SetString(line(v.String(), maxLine))
		}
	case reflect.Slice:
		if v.Len() == 0 {
			return
		}
		// The copy keeps the caller's slice as it was.
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(fresh, v)
		for i := range fresh.Len() {
			clean(fresh.Index(i), tag)
		}
		v.Set(fresh)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			clean(v.Field(i), v.Type().Field(i).Tag.Get("mail"))
		}
	}
}

// line makes one line of at most limit characters.
func line(s string, limit int) string {
	return cut(strings.Join(strings.Fields(visible(s)), " "), limit)
}

// text keeps line breaks and nothing else that moves the cursor. Of several empty lines one stays: hundreds would push
// what follows out of sight.
func text(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n").Replace(s)
	var lines []string
	for l := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		l = strings.Join(strings.Fields(visible(l)), " ")
		if l == "" && len(lines) > 0 && lines[len(lines)-1] == "" {
			continue
		}
		lines = append(lines, l)
	}
	return cut(strings.TrimSpace(strings.Join(lines, "\n")), maxText)
}

// visible drops what a reader cannot see: control characters, and format characters such as direction overrides, with
// which a name could make the rest of a sentence read backwards. The two joiners stay, since scripts and emoji need them.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u200c' || r == '\u200d':
			return r
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs), r == '\u034f', r == '\u115f',
			r == '\u1160', r == '\u3164', r == '\uffa0':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:limit-1])) + "…"
}
