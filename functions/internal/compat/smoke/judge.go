package smoke

import (
	"fmt"
	"strings"

	"github.com/go-sourcemap/sourcemap"

	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
)

// evaluation are the phases before a page could do anything: what fails there fails always.
var evaluation = map[string]bool{"app": true, "component": true, "page": true, "register": true}

// skipped marks a run that was not made, because another mode of the page has said it all.
const skipped = "skipped"

// stalled marks a run in which the child did nothing for too long, which says nothing about the page.
const stalled = "stalled"

// judge turns what happened into findings (weights: build.md, section 3). A page that fails whatever it is answered
// fails; one that fails only on empty answers is warned of; what happens only to permissive answers may be their fault.
func judge(in compat.Input, done []outcome, total int) []compat.Finding {
	j := &judgement{in: in, maps: map[string]*sourcemap.Consumer{}}
	byPage := map[string]map[Mode]outcome{}
	for _, o := range done {
		if byPage[o.Page] == nil {
			byPage[o.Page] = map[Mode]outcome{}
		}
		byPage[o.Page][o.Mode] = o
	}
	for _, p := range in.Project.Pages {
		if runs := byPage[p.Path]; runs != nil {
			j.page(runs)
		}
	}
	if len(done) < total {
		j.found = append(j.found, compat.Finding{Severity: compat.Warn, Rule: "smoke-incomplete", Message: fmt.Sprintf("%d of %d runs were not made, because those before them took too long, or had to be ended.", total-len(done), total), Advice: "Correct the pages that did not end, or take long."})
	}
	return j.found
}

type judgement struct {
	in    compat.Input
	maps  map[string]*sourcemap.Consumer
	found []compat.Finding
}

func (j *judgement) page(runs map[Mode]outcome) {
	for _, mode := range modes {
		if runs[mode].Phase == stalled {
			j.found = append(j.found, compat.Finding{Severity: compat.Warn, Rule: "smoke-incomplete", File: runs[mode].Page + ".js", Pages: []string{runs[mode].Page},
				Message: "The page was not run to its end: the process that ran it stood still, twice, without working.", Advice: "Test again, when the machine is less busy."})
			return
		}
	}
	empty, permissive, offline, oldest := runs[Empty], runs[Permissive], runs[Offline], runs[Oldest]
	j.requests(empty)
	switch {
	case empty.Phase == "":
	case empty.Phase == "rejection":
		j.add(compat.Info, empty, nil, "when replies are empty")
	case evaluation[empty.Phase] || empty.Phase == "time" || empty.Phase == "crash":
		j.add(compat.Fail, empty, nil, "")
		return // the other modes say the same
	case broke(permissive) && permissive.Phase != "time":
		j.add(compat.Fail, empty, nil, "whatever it is answered")
		if f := &j.found[len(j.found)-1]; f.Pages != nil { // the run opens it as nobody may ever do
			f.Advice += " If the page is only opened with a query, or after something was stored, add that to the fixtures."
		}
		return
	default:
		j.add(compat.Warn, empty, nil, "when replies are empty")
	}
	if !broke(empty) && permissive.Phase != "time" && (broke(permissive) || permissive.Phase == "rejection") {
		j.add(compat.Info, permissive, nil, "when every field is answered")
	}
	if !broke(empty) && offline.Phase != "" && offline.Phase != skipped && offline.Message != empty.Message {
		j.add(compat.Warn, offline, j.offline(), "when requests fail")
	}
	if !broke(empty) && broke(oldest) {
		j.add(compat.Warn, oldest, []string{profile.LibraryID(j.in.Runtime.MinBaseLibrary)}, "on base library "+j.in.Runtime.MinBaseLibrary)
	}
}

// requests judges what the page asked with empty replies.
func (j *judgement) requests(o outcome) {
	for _, q := range o.Requests {
		f, wrong := j.in.Requested("my."+q.API, q.URL)
		if !wrong || f.Rule == "url-undefined" && q.Answered { // empty replies are at the bottom of it
			continue
		}
		if f.Rule == "url-undefined" { // it may be the page's query, of which the run knows nothing
			f.Severity, f.Advice = compat.Warn, "Find the variable that is not set. If it comes with the page's query, add the query to the fixtures."
		}
		f.Message = "Run without a screen, " + f.Message
		f.Pages = []string{o.Page}
		f.File, f.Line, f.Column = j.source(outcome{Page: o.Page, File: q.File, Line: q.Line, Column: q.Column})
		j.found = append(j.found, f)
	}
}

func broke(o outcome) bool { return o.Phase != "" && o.Phase != "rejection" && o.Phase != skipped }

func (j *judgement) offline() []string {
	var ids []string
	for _, n := range j.in.Runtime.Networks {
		if n.Offline() {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

func (j *judgement) add(s compat.Severity, o outcome, profiles []string, when string) {
	f := compat.Finding{Severity: s, Rule: "smoke-throws", Pages: []string{o.Page}, Profiles: profiles, Advice: "Handle the case, or correct the script."}
	what := o.Phase
	switch {
	case o.Phase == "register":
		f.Rule, what = "smoke-not-registered", "loading"
	case o.Phase == "rejection":
		f.Rule, what = "smoke-rejection", "a promise without catch"
	case o.Phase == "time" || o.Phase == "crash":
		f.Rule, what = "smoke-endless", "running it"
	case o.Phase == "app":
		f.Pages, what = nil, "loading the app"
	case strings.HasPrefix(o.Phase, "app "):
		f.Pages, what = nil, "the app's "+strings.TrimPrefix(o.Phase, "app ")
	case evaluation[o.Phase]:
		what = "loading the " + o.Phase
	}
	f.Message = strings.TrimSpace(fmt.Sprintf("Run without a screen, %s failed %s", what, when)) + ": " + o.Message
	f.File, f.Line, f.Column = j.source(o)
	j.found = append(j.found, f)
}

// source leads a place in the package back to the merchant's script.
func (j *judgement) source(o outcome) (string, int, int) {
	if o.File == "" {
		return o.Page + ".js", 0, 0
	}
	consumer, known := j.maps[o.File]
	if !known {
		consumer, _ = sourcemap.Parse("", j.in.SourceMaps[o.File])
		j.maps[o.File] = consumer
	}
	if consumer != nil {
		if file, _, line, column, ok := consumer.Source(o.Line, max(0, o.Column-1)); ok && file != "" {
			return strings.TrimPrefix(file, "/"), line, column + 1
		}
	}
	return o.File, o.Line, o.Column
}
