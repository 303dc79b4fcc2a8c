package compat

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says how much a finding weighs.
type Severity string

// The severities, heaviest first.
const (
	Fail Severity = "fail" // will not work for someone
	Warn Severity = "warn" // may not work, or works worse
	Info Severity = "info" // worth knowing; does not weigh
)

// Verdicts and cells of the matrix are pass, or a severity that weighs.
const Pass = "pass"

// Kinds of profiles.
const (
	KindSystem  = "system"
	KindDevice  = "device"
	KindNetwork = "network"
	KindLibrary = "library"
)

// Report is the outcome of a compatibility test.
type Report struct {
	Verdict  string    `json:"verdict"` // pass, warn or fail: the heaviest finding
	Summary  Summary   `json:"summary"`
	Profiles []Profile `json:"profiles"` // the columns of the matrix
	Matrix   []Row     `json:"matrix"`   // a row for each page, in declared order
	Findings []Finding `json:"findings"` // heaviest first, then by place
	NotDone  []string  `json:"notDone"`  // what a reader must not take as tested
	Since    Change    `json:"since,omitzero"`
}

// Summary counts.
type Summary struct {
	Pages    int `json:"pages"`
	Profiles int `json:"profiles"`
	Passed   int `json:"passed"` // pages by their worst cell
	Warned   int `json:"warned"`
	Failed   int `json:"failed"`
	Fails    int `json:"fails"` // findings
	Warns    int `json:"warns"`
	Infos    int `json:"infos"`
	LeftOut  int `json:"leftOut,omitempty"`  // findings beyond what a report keeps; they weigh all the same
	TooLarge int `json:"tooLarge,omitempty"` // how many of those, because all together take too many bytes
}

// Profile is one thing tested against.
type Profile struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// Row is a page against every profile.
type Row struct {
	Page       string   `json:"page"`
	SubPackage string   `json:"subPackage,omitempty"`
	Results    []string `json:"results"` // pass, warn or fail, in the order of Report.Profiles
}

// Finding is one thing to tell.
type Finding struct {
	Severity Severity `json:"severity"`
	Rule     string   `json:"rule"` // stable, kebab-case
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`     // 1-based, 0 when unknown
	Column   int      `json:"column,omitempty"`   // 1-based, 0 when unknown
	Pages    []string `json:"pages,omitempty"`    // that it concerns; none: all
	Profiles []string `json:"profiles,omitempty"` // that it concerns; none: all
	Message  string   `json:"message"`            // what is wrong
	Advice   string   `json:"advice,omitempty"`   // what would be right
	New      bool     `json:"new,omitempty"`      // not found by the run before; see Compare

	MorePages    int `json:"morePages,omitempty"`    // concerned beyond those listed
	MoreProfiles int `json:"moreProfiles,omitempty"` // the same; profiles are left out of a report that is too large only
}

// Bounds keep the report of a hostile or hopeless project readable.
const (
	maxFindings     = 2000
	maxRuleFindings = 25  // of one rule in one file
	maxText         = 400 // characters of a message or an advice
	maxPages        = 50  // listed in one finding
)

// findings collects, each thing once.
type findings struct {
	list    []Finding
	seen    map[string]int // by what makes it one thing, the place in list
	perRule map[string]int
	leftOut int
	heavier []Finding // left out, and yet they weigh
}

func newFindings() *findings { return &findings{seen: map[string]int{}, perRule: map[string]int{}} }

func (s *findings) add(f Finding) {
	f.Message, f.Advice = short(f.Message, maxText), short(f.Advice, maxText)
	key := fmt.Sprintf("%s\x00%s\x00%d\x00%d\x00%s\x00%v", f.Rule, f.File, f.Line, f.Column, f.Message, f.Profiles)
	if at, again := s.seen[key]; again {
		s.list[at].Pages = union(s.list[at].Pages, f.Pages)
		return
	}
	rule := f.Rule + "\x00" + f.File
	s.perRule[rule]++
	if s.perRule[rule] > maxRuleFindings || len(s.list) >= maxFindings {
		if s.leftOut++; len(s.heavier) < maxFindings {
			s.heavier = append(s.heavier, f)
		}
		return
	}
	s.seen[key] = len(s.list)
	s.list = append(s.list, f)
}

// union of two lists of pages; none means all.
func union(a, b []string) []string {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	all := slices.Clone(a)
	for _, page := range b {
		if !slices.Contains(all, page) {
			all = append(all, page)
		}
	}
	return all
}

// full says whether another finding of a rule in a file would be left out, so that nothing is worked out for it.
func (s *findings) full(rule, file string) bool {
	return s.perRule[rule+"\x00"+file] >= maxRuleFindings || len(s.list) >= maxFindings
}

// lines are the places of what was found so far, by rule, with their weight: a rule and the run may see one thing.
func (s *findings) lines() map[string]int {
	heaviest := map[string]int{}
	for _, f := range s.list {
		if f.Line > 0 {
			at := f.line()
			heaviest[at] = max(heaviest[at], 1+weight[f.Severity])
		}
	}
	return heaviest
}

func (f Finding) line() string { return fmt.Sprintf("%s\x00%s\x00%d", f.Rule, f.File, f.Line) }

var weight = map[Severity]int{Fail: 2, Warn: 1, Info: 0}

// result is how a weight is written.
var result = [...]string{Pass, string(Warn), string(Fail)}

func (t *test) report() *Report {
	list := t.found.list
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(weight[b.Severity], weight[a.Severity]), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message), slices.Compare(a.Profiles, b.Profiles))
	})
	most := fit(list)
	t.found.list, t.found.heavier = list[:most.findings], append(t.found.heavier, list[most.findings:]...)
	t.found.leftOut += len(list) - most.findings
	r := &Report{Profiles: t.profiles, Findings: make([]Finding, 0, most.findings), NotDone: t.notDone()}
	r.Matrix = t.matrix()
	t.count(r)
	r.Summary.TooLarge = len(list) - most.findings
	for _, f := range t.found.list { // the matrix has all of them
		r.Findings = append(r.Findings, f.listing(most.pages, most.profiles))
	}
	return r
}

func (t *test) count(r *Report) {
	r.Summary = Summary{Pages: len(r.Matrix), Profiles: len(r.Profiles), LeftOut: t.found.leftOut}
	worst := 0
	for _, f := range slices.Concat(t.found.list, t.found.heavier) {
		worst = max(worst, weight[f.Severity])
	}
	r.Verdict = result[worst]
	for _, f := range t.found.list {
		switch f.Severity {
		case Fail:
			r.Summary.Fails++
		case Warn:
			r.Summary.Warns++
		default:
			r.Summary.Infos++
		}
	}
	for _, row := range r.Matrix {
		switch {
		case slices.Contains(row.Results, string(Fail)):
			r.Summary.Failed++
		case slices.Contains(row.Results, string(Warn)):
			r.Summary.Warned++
		default:
			r.Summary.Passed++
		}
	}
}

func (t *test) matrix() []Row {
	rows := make([]Row, len(t.p.Pages))
	cells := make([][]int, len(rows))
	rowOf, columnOf := map[string]int{}, map[string]int{}
	for i, page := range t.p.Pages {
		rows[i] = Row{Page: page.Path, SubPackage: page.SubPackage}
		cells[i] = make([]int, len(t.profiles))
		rowOf[page.Path] = i
	}
	for i, p := range t.profiles {
		columnOf[p.ID] = i
	}
	for _, f := range slices.Concat(t.found.list, t.found.heavier) {
		if weight[f.Severity] == 0 {
			continue
		}
		columns := indices(f.Profiles, columnOf, len(t.profiles))
		for _, row := range indices(f.Pages, rowOf, len(rows)) {
			for _, column := range columns {
				cells[row][column] = max(cells[row][column], weight[f.Severity])
			}
		}
	}
	for i := range rows {
		rows[i].Results = make([]string, len(t.profiles))
		for j, c := range cells[i] {
			rows[i].Results[j] = result[c]
		}
	}
	return rows
}

// indices finds names; none means all of n.
func indices(names []string, of map[string]int, n int) []int {
	var list []int
	if len(names) == 0 {
		for i := range n {
			list = append(list, i)
		}
		return list
	}
	for _, name := range names {
		if i, ok := of[name]; ok {
			list = append(list, i)
		}
	}
	return list
}

func (t *test) notDone() []string {
	list := []string{
		"Nothing was rendered, tapped or photographed: results for operating systems and devices come from rules about what their engines support.",
		"No network was used: times come from sizes, bandwidth and round trips, and no server of the mini program was asked anything.",
		"Values that are known only when the mini program runs (computed addresses, API names and handlers) were not followed.",
	}
	if t.in.Smoke == nil {
		list = append(list, "The package was not run: errors that show only at run time are not in this report.")
	} else {
		list = append(list, "The package was run without a screen: pages lived their life once for each kind of reply, components were loaded and not drawn, and no event was sent.")
	}
	if _, brought, _ := t.in.ownFixtures(); brought && t.in.Smoke != nil {
		list = append(list, "Replies, queries and storage of the run came from the project's own "+FixturesFile+", which the merchant wrote.")
	}
	if t.in.Built == nil {
		list = append(list, "Sizes were not judged, because the built package was not at hand.")
	}
	return list
}
