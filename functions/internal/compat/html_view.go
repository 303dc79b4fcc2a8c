package compat

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// view is a report as its page shows it.
type view struct {
	Heading
	*Report
	Groups   []group
	Rows     []viewRow
	Clean    []string // pages that passed everywhere
	Sections []section

	MoreRows, MoreFound int // of the report, and not on the page
}

// viewRow is a page of the matrix, and of the cards.
type viewRow struct {
	Page  string
	Worst string
	Cells []viewCell
	Kinds []viewKind
}

// viewCell is a page on a profile. At is the id of the heaviest finding that made it what it is, "" when there is none.
type viewCell struct {
	Result, At, Profile string
}

// viewKind is a page on all profiles of a kind: the worst of its cells.
type viewKind struct {
	Name, Result, At string
	Text             string // which profiles: "iOS 12 and 2 more"
}

// section is the findings of one severity.
type section struct {
	Severity Severity
	One      string // what one of them is called
	Findings []viewFinding
}

type viewFinding struct {
	Finding
	ID        string
	Where, On string // pages and profiles, shortened
}

// group is a run of columns of one kind.
type group struct {
	Name  string
	Count int
}

var kindNames = map[string]string{KindSystem: "Operating systems", KindDevice: "Devices", KindNetwork: "Networks", KindLibrary: "Base library"}

// Bounds of what is listed in one line; the JSON has all of it.
const (
	maxShown     = 6
	maxShownText = 400 // characters of a text on the page
)

// newView shows so many rows of the matrix and so many findings.
func newView(r *Report, rows, found int) *view {
	whole := *r
	whole.Since.Gone = slices.Clone(r.Since.Gone)
	for i := range whole.Since.Gone {
		f := &whole.Since.Gone[i]
		f.Message, f.File = visible(f.Message), visible(f.File)
	}
	v := &view{Report: &whole, Groups: groups(r.Profiles), MoreRows: len(r.Matrix) - rows, MoreFound: len(r.Findings) - found}
	names := map[string]string{}
	for _, p := range r.Profiles {
		names[p.ID] = p.Name
	}
	for i, f := range r.Findings[:found] {
		if len(v.Sections) == 0 || v.Sections[len(v.Sections)-1].Severity != f.Severity {
			v.Sections = append(v.Sections, section{Severity: f.Severity, One: map[Severity]string{Fail: "failure", Warn: "warning", Info: "note"}[f.Severity]})
		}
		on := make([]string, len(f.Profiles))
		for k, id := range f.Profiles {
			on[k] = names[id]
		}
		f.Message, f.Advice, f.File = visible(f.Message), visible(f.Advice), visible(f.File)
		s := &v.Sections[len(v.Sections)-1]
		s.Findings = append(s.Findings, viewFinding{Finding: f, ID: findingID(i), Where: visible(some(f.Pages, f.MorePages)), On: some(on, f.MoreProfiles)})
	}
	causes := causesOf(r, found)
	for _, i := range worstRows(r.Matrix, rows) {
		shown := v.row(r.Matrix[i], causes[i])
		if v.Rows = append(v.Rows, shown); shown.Worst == Pass {
			v.Clean = append(v.Clean, shown.Page)
		}
	}
	return v
}

func findingID(i int) string { return fmt.Sprintf("f%d", i+1) }

// causesOf finds, for each cell of the matrix, the first finding that is as heavy as its result: -1 when there is none.
// Findings are in order of weight, so that the first one that touches a cell decides it. Only so many are shown.
func causesOf(r *Report, found int) [][]int {
	rowOf, columnOf := map[string]int{}, map[string]int{}
	causes := make([][]int, len(r.Matrix))
	for i, row := range r.Matrix {
		rowOf[row.Page] = i
		causes[i] = slices.Repeat([]int{-1}, len(r.Profiles))
	}
	for i, p := range r.Profiles {
		columnOf[p.ID] = i
	}
	for i, f := range r.Findings[:found] {
		if weight[f.Severity] == 0 {
			continue
		}
		columns := indices(f.Profiles, columnOf, len(r.Profiles))
		for _, row := range indices(f.Pages, rowOf, len(r.Matrix)) {
			for _, column := range columns {
				if causes[row][column] < 0 && r.Matrix[row].Results[column] == string(f.Severity) {
					causes[row][column] = i
				}
			}
		}
	}
	return causes
}

func (v *view) row(row Row, causes []int) viewRow {
	shown := viewRow{Page: visible(row.Page), Worst: Pass}
	for i, result := range row.Results {
		c := viewCell{Result: result}
		if causes[i] >= 0 {
			c.At, c.Profile = findingID(causes[i]), v.Profiles[i].Name
		}
		shown.Cells = append(shown.Cells, c)
	}
	first := 0
	for _, g := range v.Groups {
		k := v.kind(g, row.Results[first:first+g.Count], shown.Cells[first:first+g.Count], v.Profiles[first:first+g.Count])
		shown.Kinds = append(shown.Kinds, k)
		shown.Worst = worse(shown.Worst, k.Result)
		first += g.Count
	}
	return shown
}

func (v *view) kind(g group, results []string, cells []viewCell, profiles []Profile) viewKind {
	k := viewKind{Name: g.Name, Result: Pass}
	for _, r := range results {
		k.Result = worse(k.Result, r)
	}
	var on []string
	for i, r := range results {
		if r == k.Result && r != Pass {
			on = append(on, profiles[i].Name)
			if k.At == "" {
				k.At = cells[i].At
			}
		}
	}
	switch {
	case len(on) == len(results):
		k.Text = "all"
	case len(on) > 2:
		k.Text = fmt.Sprintf("%s and %d more", on[0], len(on)-1)
	default:
		k.Text = strings.Join(on, ", ")
	}
	return k
}

func worse(a, b string) string {
	if a == string(Fail) || b == Pass {
		return a
	}
	return b
}

// some lists the first names and how many there are beyond; more are known of by their number only.
func some(names []string, more int) string {
	if len(names) <= maxShown && more == 0 {
		return strings.Join(names, ", ")
	}
	shown := names[:min(len(names), maxShown)]
	return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), len(names)-len(shown)+more)
}

// visible is a text of the project as people may see it: short, and without characters that turn what follows around.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '�'
		}
		return r
	}, short(s, maxShownText))
}

func short(s string, most int) string {
	if len(s) <= most { // bytes: runes are no more
		return s
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

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
