package rollout

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Entry is what a manifest says of one mini program: enough for a client to decide by itself for everybody but
// testers, whose ids are nobody's business. MANIFEST.md is the algorithm for clients.
type Entry struct {
	Full      string     `json:"full,omitempty"` // version
	Grayscale EntryShare `json:"grayscale,omitzero"`
	Pilot     bool       `json:"pilot,omitempty"`   // some users get another version: resolve knows who
	Removed   bool       `json:"removed,omitempty"` // force removed
	Dropped
}

// EntryShare is a grayscale in a manifest.
type EntryShare struct {
	Version string `json:"version"`
	Percent int    `json:"percent"` // 1–99
	Salt    string `json:"salt"`
}

// Entry is what manifests say of a placement.
func (p *Placement) Entry() Entry {
	e := Entry{Full: p.Full.Version, Pilot: len(p.Pilots) > 0, Removed: p.Removed, Dropped: p.Dropped()}
	if g := p.Grayscale; g.Percent > 0 {
		e.Grayscale = EntryShare{g.Version, g.Percent, g.Salt.String()}
	}
	return e
}

// Decide is the rule as a client carries it out. The version is "" when there is none. Ask says that a pilot runs:
// resolve may know better, and what is answered here is for who cannot reach it.
func (e *Entry) Decide(user string) (version string, reason Reason, ask bool) {
	switch {
	case e.Removed:
		return "", ReasonRemoved, false
	case user == "" && e.Full == "":
		return "", ReasonNotAvailable, false
	case user == "":
		return e.Full, ReasonNoUser, false
	case e.Grayscale.Percent > 0 && InShare(Bucket(e.Grayscale.Salt, user), e.Grayscale.Percent):
		return e.Grayscale.Version, ReasonGrayscale, e.Pilot
	case e.Full == "":
		return "", ReasonNotAvailable, e.Pilot
	}
	return e.Full, ReasonFull, e.Pilot
}

// Line is an entry on its way into a manifest.
type Line struct {
	MiniProgram string
	Edition     int64  // of the placement
	Entry       []byte // as JSON
}

// silent is the JSON of an entry that says nothing: that something is under review is not for the public.
const silent = "{}"

// Says is whether the line says anything to the public.
func (l Line) Says() bool { return len(l.Entry) > len(silent) }

// Says is whether the public is told anything of the placement, as Line.Says is of its line.
func (p *Placement) Says() bool {
	return p.Removed || p.Full.Version != "" || p.Grayscale.Percent > 0 || len(p.Pilots) > 0 || len(p.Withdrawn) > 0 || p.WithdrawnUpTo != ""
}

// Compose writes a manifest: one line of JSON, the same bytes for the same lines and day wherever it is made. The
// lines are in the order of mini program ids. Sequence is the sum of the editions, so it grows with every change and
// nobody has to count; the day is there for clients who want to know how old a manifest can be at most.
func Compose(target Target, day time.Time, lines []Line) []byte {
	size, sequence := 256, int64(0)
	for _, l := range lines {
		size += len(l.MiniProgram) + len(l.Entry) + 4
		sequence += l.Edition
	}
	out := make([]byte, 0, size)
	out = fmt.Appendf(out, `{"format":1,"targetApp":%s,"environment":%s,"day":%q,"sequence":%d,"miniPrograms":{`,
		quoted(target.TargetApp), quoted(target.Environment), day.UTC().Format(time.DateOnly), sequence)
	first := true
	for _, l := range lines {
		if !l.Says() {
			continue
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		out = appendQuoted(out, l.MiniProgram)
		out = append(out, ':')
		out = append(out, l.Entry...)
	}
	return append(out, "}}"...)
}

// appendQuoted writes a JSON string; ids are plain letters and digits, which need no second look.
func appendQuoted(out []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return append(out, quoted(s)...)
		}
	}
	return append(append(append(out, '"'), s...), '"')
}

func quoted(s string) []byte {
	out, err := json.Marshal(s)
	if err != nil { // a string can always be written
		panic(err)
	}
	return out
}

// Manifest is a manifest as a client reads it.
type Manifest struct {
	Format       int              `json:"format"` // 1
	TargetApp    string           `json:"targetApp"`
	Environment  string           `json:"environment"`
	Day          string           `json:"day"` // on which it was made, in UTC: 2026-11-20
	Sequence     int64            `json:"sequence"`
	MiniPrograms map[string]Entry `json:"miniPrograms"`
}

// LineOf makes the line of a placement.
func LineOf(p *Placement) Line {
	entry, err := json.Marshal(p.Entry())
	if err != nil { // an entry is plain data
		panic("manifest entry " + strconv.Quote(p.MiniProgram) + ": " + err.Error())
	}
	return Line{MiniProgram: p.MiniProgram, Edition: p.Edition, Entry: entry}
}
