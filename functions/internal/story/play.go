package story

import (
	"fmt"
	"slices"
	"strings"

	"slipway/functions/internal/api"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
)

// Play is a whole release, played by somebody who does not know how far it has come: each Step looks at what there
// is, as a person does who comes back after a crash, and takes the one next step. So it can be broken off anywhere
// and taken up again.
type Play struct {
	Program, Number string
	App             string   // demo-wallet or another app of one party
	Reviewer        string   // short name
	Shares          []int    // grayscale steps before everyone
	Done            []string // what was answered with success, in order; nothing of it may get lost

	release string
}

// Step takes the next step and says whether the release has come to its end. A step that fails, because the server
// is down or broken, is no failure of the test: the next call looks again.
func (p *Play) Step(w *World) (over bool) {
	admin, _ := w.signIn("merchant-admin")
	if admin == nil {
		return false
	}
	versions := "/v1/mini-programs/" + p.Program + "/versions"
	if p.release == "" {
		p.begin(admin, versions)
		return false
	}
	r, ok := get[api.ReleaseView](admin, "/v1/releases/"+p.release)
	if !ok {
		return false
	}
	switch r.Status {
	case release.NewVersionCreated:
		switch {
		case r.Build == release.BuildFailed: // it broke down with the server: ask for another
			p.act(admin, "configure", map[string]any{"configuration": map[string]any{}})
		case r.Build != release.Built || r.Compatibility == release.Testing:
		case r.Test == nil || r.Compatibility == release.TestStale:
			p.act(admin, "test", nil)
		default:
			p.act(admin, "apply", nil)
		}
	case release.UnderReview:
		p.approve(w, r)
	case release.ReleasePreparation, release.GrayscaleRelease:
		next := slices.IndexFunc(p.Shares, func(s int) bool { return s > r.Grayscale.Percent })
		if next < 0 {
			p.act(admin, "grayscale", Percent(100))
		} else {
			p.act(admin, "grayscale", Percent(p.Shares[next]))
		}
	default:
		return true
	}
	return false
}

// begin makes the version and the release, or finds them.
func (p *Play) begin(admin *Person, versions string) {
	v, ok := get[api.VersionView](admin, versions+"/"+p.Number)
	switch {
	case !ok:
		admin.Do("POST", versions, map[string]string{"number": p.Number, "notes": "As played"})
	case v.Status == catalog.AwaitingUpload:
		renewed := admin.Do("POST", versions, map[string]any{"number": p.Number, "renew": true})
		if renewed.Status/100 == 2 {
			v = Into[api.VersionView](admin.w, renewed)
			admin.w.Send(*v.Upload, Project(p.Number))
			admin.Do("POST", versions+"/"+p.Number+"/submit", nil)
		}
	default:
		list, _ := get[api.List[api.ReleaseView]](admin, "/v1/releases?miniProgram="+p.Program)
		i := slices.IndexFunc(list.Items, func(r api.ReleaseView) bool { return r.Version == p.Number && r.TargetApp == p.App })
		if i >= 0 {
			p.release = list.Items[i].ID
			return
		}
		a := admin.Do("POST", versions+"/"+p.Number+"/releases", map[string]string{"targetApp": p.App, "environment": "production"})
		p.note("create", a)
	}
}

func (p *Play) act(admin *Person, action string, body any) {
	what := action
	if m, ok := body.(map[string]any); ok && m["percent"] != nil {
		what = fmt.Sprintf("%s %d", action, m["percent"])
	}
	p.note(what, admin.Do("POST", "/v1/releases/"+p.release+"/"+action, body))
}

func (p *Play) approve(w *World, r api.ReleaseView) {
	reviewer, _ := w.signIn(p.Reviewer)
	if reviewer == nil {
		return
	}
	for _, m := range w.mails() {
		for _, l := range m.Links {
			if m.To == reviewer.Email && strings.Contains(m.Text, r.Request) && strings.Contains(l, "/approvals/") {
				path := l[strings.Index(l, "/approvals/"):]
				p.note("approve", w.Decide(w.Base+path, "approve", r.Version, ""))
				return
			}
		}
	}
}

// note remembers what was promised: a 200 that is forgotten later is a loss.
func (p *Play) note(what string, a Answer) {
	if a.Status == 200 {
		p.Done = append(p.Done, what)
	}
}

// Release is the id of the release, once it is known.
func (p *Play) Release() string { return p.release }

func get[T any](who *Person, path string) (out T, ok bool) {
	a := who.Do("GET", path, nil)
	if a.Status != 200 {
		return out, false
	}
	return Into[T](who.w, a), true
}
