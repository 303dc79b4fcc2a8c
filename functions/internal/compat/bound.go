package compat

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
)

// A report and its page are each answered by a Lambda function, which may answer 6 MB. The answer travels as a text in
// JSON, which writes every quote and line end as two characters. The matrix has its size from the pages and profiles that
// there may be: 2.3 MB with the most of both.
const (
	maxListed = 1536 << 10 // bytes of all findings in the answer
	maxWhole  = 4 << 20    // bytes of the page in the answer
	fewRows   = 100        // of the page's matrix, before findings are left out of it
)

// answered is how many bytes a text of ours takes in an answer.
func answered(text []byte) int {
	n := len(text) + 3*(bytes.Count(text, []byte("\u2028"))+bytes.Count(text, []byte("\u2029"))) // escaped in any JSON
	for _, b := range text {
		switch {
		case b == '"' || b == '\\' || b == '\n' || b == '\r' || b == '\t':
			n++
		case b < ' ':
			n += len(`\u0000`) - 1
		}
	}
	return n
}

// listing is the finding with at most so many pages and profiles, and the number of those beyond.
func (f Finding) listing(pages, profiles int) Finding {
	if n := len(f.Pages) - pages; n > 0 {
		f.Pages, f.MorePages = f.Pages[:pages:pages], f.MorePages+n
	}
	if n := len(f.Profiles) - profiles; n > 0 {
		f.Profiles, f.MoreProfiles = f.Profiles[:profiles:profiles], f.MoreProfiles+n
	}
	return f
}

// listing is how much a report lists: how many findings, the heaviest, and of each how many pages and profiles.
type listing struct{ findings, pages, profiles int }

// fit finds how much of sorted findings a report can list: each with fewer pages and profiles first, and then fewer.
func fit(list []Finding) listing {
	l := listing{pages: maxPages}
	for _, f := range list { // all of them, unless that is too much
		l.profiles = max(l.profiles, len(f.Profiles))
	}
	for {
		size := 0
		for l.findings = range len(list) + 1 {
			if l.findings == len(list) {
				return l
			}
			data, err := json.Marshal(list[l.findings].listing(l.pages, l.profiles))
			if err != nil { // plain data: this cannot happen
				panic(err)
			}
			if size += answered(data) + len(","); size > maxListed {
				break
			}
		}
		if l.pages == 1 {
			return l
		}
		l.pages /= 2
		l.profiles = l.pages
	}
}

var errTooLarge = errors.New("the page is larger than an answer may be")

// bounded keeps a page, as far as it fits into an answer.
type bounded struct {
	text []byte
	size int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.size += answered(p); b.size > maxWhole {
		return 0, errTooLarge
	}
	b.text = append(b.text, p...)
	return len(p), nil
}

// worstRows are the places of so many rows of the matrix, the worst of all of them, in declared order.
func worstRows(matrix []Row, most int) []int {
	order := make([]int, len(matrix))
	for i := range order {
		order[i] = i
	}
	worst := func(i int) int {
		switch {
		case slices.Contains(matrix[i].Results, string(Fail)):
			return weight[Fail]
		case slices.Contains(matrix[i].Results, string(Warn)):
			return weight[Warn]
		}
		return 0
	}
	if most < len(order) {
		slices.SortStableFunc(order, func(a, b int) int { return worst(b) - worst(a) })
		order = order[:most]
		slices.Sort(order)
	}
	return order
}
