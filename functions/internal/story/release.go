package story

import (
	"archive/zip"
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"slipway/functions/internal/api"
	"slipway/functions/internal/release"
)

// Program makes a mini program of the person's workspace, dsl or h5, and gives its id. Its name is one of a kind.
func (p *Person) Program(workspace, kind string) string {
	p.w.T.Helper()
	name := fmt.Sprintf("Story %d", p.w.number())
	body := map[string]any{
		"workspace": workspace, "type": kind, "defaultLanguage": "en",
		"information": map[string]any{"en": map[string]string{
			"name": name, "tagline": "Played by a test", "description": "A mini program that a story test takes through its life.",
			"category": "food", "servicePhone": "+65 6123 4567", "serviceEmail": "hello@story.example.com",
		}},
	}
	if kind == "h5" {
		body["entranceUrl"] = "https://story.example.com/start"
		body["configuration"] = map[string]any{"h5Domains": []string{"story.example.com"}}
	}
	return Into[api.ProgramView](p.w, p.Must("POST", "/v1/mini-programs", body, 201)).ID
}

// Project is the smallest project that builds.
func Project(version string) []byte {
	return Zip(map[string]string{
		"app.json":               `{"pages": ["pages/index/index"], "window": {"defaultTitle": "Story"}}`,
		"app.js":                 "App({ version: '" + version + "' });\n",
		"pages/index/index.axml": "<view class=\"hello\">{{greeting}}</view>\n",
		"pages/index/index.js":   "Page({ data: { greeting: 'Hello' } });\n",
		"pages/index/index.acss": ".hello { color: #333; }\n",
		"pages/index/index.json": "{}\n",
	})
}

// Zip makes an archive of files.
func Zip(files map[string]string) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range files {
		f, err := z.Create(name)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			panic(err) // a buffer takes everything
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// Upload makes a version; a dsl one with the smallest project, or with the archive given.
func (p *Person) Upload(program, number string, archive ...[]byte) string {
	p.w.T.Helper()
	path := "/v1/mini-programs/" + program + "/versions"
	made := Into[api.VersionView](p.w, p.Must("POST", path, map[string]string{"number": number, "notes": "As played"}, 201))
	if made.Upload == nil {
		return number // h5: there is nothing to upload
	}
	if archive == nil {
		archive = [][]byte{Project(number)}
	}
	p.Send(made, archive[0])
	p.Must("POST", path+"/"+number+"/submit", nil, 200)
	return number
}

// Send uploads an archive to where a version awaits it.
func (p *Person) Send(v api.VersionView, archive []byte) {
	p.w.T.Helper()
	if a := p.w.Send(*v.Upload, archive); a.Status >= 300 || a.Err != nil {
		p.w.T.Fatalf("upload: %s", a)
	}
}

// Send does what an upload says, as nobody: it sends the content as it is, or as the last field of a form.
func (w *World) Send(to release.Upload, content []byte) Answer {
	var options []func(*http.Request)
	for name, value := range to.Headers {
		options = append(options, Header(name, value))
	}
	if len(to.Fields) == 0 {
		return w.Nobody().Do(to.Method, to.URL, content, options...)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range to.Fields {
		_ = form.WriteField(name, value) // a buffer takes everything
	}
	if file, err := form.CreateFormFile("file", "content"); err == nil {
		_, _ = file.Write(content)
	}
	_ = form.Close()
	return w.Nobody().Do(to.Method, to.URL, body.Bytes(), append(options, Header("Content-Type", form.FormDataContentType()))...)
}

// Release starts the release of a version to a target and waits until it is built.
func (p *Person) Release(program, number, app, environment string) api.ReleaseView {
	p.w.T.Helper()
	body := map[string]string{"targetApp": app, "environment": environment}
	r := Into[api.ReleaseView](p.w, p.Must("POST", "/v1/mini-programs/"+program+"/versions/"+number+"/releases", body, 202))
	return p.Until(r.ID, "built", func(r api.ReleaseView) bool { return r.Build != release.Building })
}

// Act takes an action on a release and gives what was answered, which has to be a 200 or 202. A machine that is
// between two steps asks to try again in a moment, and so does Act.
func (p *Person) Act(id, action string, body ...any) api.ReleaseView {
	p.w.T.Helper()
	var a Answer
	p.w.Until("release "+id+": "+action, func() bool {
		a = p.Try(id, action, body...)
		return a.Problem().Code != "busy"
	})
	if a.Status != 200 && a.Status != 202 {
		p.w.T.Fatalf("%s", a)
	}
	return Into[api.ReleaseView](p.w, a)
}

// Try takes an action on a release and gives whatever was answered.
func (p *Person) Try(id, action string, body ...any) Answer {
	return p.Do("POST", "/v1/releases/"+id+"/"+action, first(body))
}

func first(body []any) any {
	if len(body) == 0 {
		return nil
	}
	return body[0]
}

// Percent is the body of a grayscale action.
func Percent(n int) map[string]any { return map[string]any{"percent": n} }

// Read reads a release.
func (p *Person) Read(id string) api.ReleaseView {
	p.w.T.Helper()
	return Into[api.ReleaseView](p.w, p.Must("GET", "/v1/releases/"+id, nil, 200))
}

// Until reads a release until it is as wanted.
func (p *Person) Until(id, what string, wanted func(api.ReleaseView) bool) (r api.ReleaseView) {
	p.w.T.Helper()
	p.w.Until("release "+id+": "+what, func() bool {
		r = p.Read(id)
		return wanted(r)
	})
	return r
}

// Reaches reads a release until it has a status.
func (p *Person) Reaches(id string, status release.Status) api.ReleaseView {
	p.w.T.Helper()
	return p.Until(id, string(status), func(r api.ReleaseView) bool { return r.Status == status })
}

// Test tests a release for compatibility and waits for the end of the run.
func (p *Person) Test(id string) api.ReleaseView {
	p.w.T.Helper()
	run := 1
	if r := p.Read(id); r.Test != nil {
		run = r.Test.Run + 1
	}
	p.Act(id, "test")
	return p.Until(id, "tested", func(r api.ReleaseView) bool { return r.Test != nil && r.Test.Run == run })
}

// Served asks which version a user gets and why, as "1.2.0 FULL". Nothing at all is "NOT_AVAILABLE", whether something
// was on its way there or never.
func (w *World) Served(app, environment, program, user string) string {
	w.T.Helper()
	w.fresh()
	path := "/v1/resolve/" + app + "/" + environment + "/" + program
	if user != "" {
		path += "?user=" + user
	}
	var a Answer
	var r api.Resolved
	// A function that cannot reach its table in time goes on with what it knew, and says so: that is no answer yet.
	w.Until("an answer that is not stale to "+path, func() bool {
		if a = w.Nobody().Do("GET", path, nil); a.Status == 404 {
			return true
		}
		r = Into[api.Resolved](w, a)
		switch {
		case r.Stale && w.Server != nil:
			w.T.Fatalf("stale, though the table is in the same process: %s", a)
		case r.Stale:
			w.T.Logf("stale: %s", a)
		}
		return !r.Stale
	})
	if a.Status == 404 {
		return "NOT_AVAILABLE"
	}
	return strings.TrimSpace(r.Version + " " + string(r.Reason))
}

// Cohort lists which of n users get a version.
func (w *World) Cohort(app, environment, program, version string, n int) (in []string) {
	w.T.Helper()
	for i := range n {
		user := fmt.Sprintf("user-%d", i)
		if strings.HasPrefix(w.Served(app, environment, program, user), version+" ") {
			in = append(in, user)
		}
	}
	return in
}

// Events lists what was done to a release, oldest first, as "action before→after".
func (p *Person) Events(id string) (out []string) {
	p.w.T.Helper()
	list := Into[api.List[map[string]any]](p.w, p.Must("GET", "/v1/releases/"+id+"/events?pageSize=100", nil, 200))
	for _, e := range list.Items {
		out = append(out, fmt.Sprintf("%v %v→%v", e["action"], orBlank(e["before"]), orBlank(e["after"])))
	}
	slices.Reverse(out)
	return out
}

func orBlank(v any) any {
	if v == nil {
		return ""
	}
	return v
}
