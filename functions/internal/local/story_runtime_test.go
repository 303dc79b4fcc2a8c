package local_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/local"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// noise does not get smaller when it is packed.
func noise(n int) string {
	data := make([]byte, n)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(data)
	return string(data)
}

// TestRuntimeSettings: what the admins of a super app say of their phones decides the next test, and the one after that.
func TestRuntimeSettings(t *testing.T) {
	w := story.Start(t, func(o *local.Options) { o.Isolated = true })
	admin, owner := w.As("merchant-admin"), w.As("wallet-admin")
	app := superapp(w, "phones", map[string]any{})
	at := "/v1/target-apps/" + app
	settings := func() profile.Runtime {
		return story.Into[catalog.TargetApp](w, owner.Must("GET", at, nil, 200)).Settings.Runtime
	}
	defaults := settings()
	equal(t, "defaults", defaults, profile.Default())

	program := admin.Program("merchant", "dsl")
	number := admin.Upload(program, w.Number(), story.Zip(map[string]string{
		"app.json": `{"pages": ["pages/index/index"]}`, "app.js": "App({});\n", "pages/index/index.axml": "<view onTap=\"ask\"><image src=\"/a.webp\"/></view>\n",
		"pages/index/index.js": "Page({ ask() { my.faceLogin({}) }, onLoad(q) { if (q.id !== '7') throw new Error('no id') } });\n", "a.webp": noise(100 << 10),
	}))
	r := admin.Release(program, number, app, "production")
	test := func(verdict release.TestState, rules ...string) *compat.Report {
		t.Helper()
		r = admin.Test(r.ID)
		equal(t, "compatibility", r.Compatibility, verdict)
		report := story.Into[compat.Report](w, admin.Must("GET", "/v1/releases/"+r.ID+"/compatibility", nil, 200))
		var found []string
		for _, f := range report.Findings {
			if f.Severity != compat.Info && !slices.Contains(found, f.Rule) {
				found = append(found, f.Rule)
			}
		}
		slices.Sort(found)
		equal(t, "findings", strings.Join(found, " "), strings.Join(rules, " "))
		return &report
	}
	change := func(runtime map[string]any) {
		t.Helper()
		owner.Must("PATCH", at+"/settings", map[string]any{"runtime": runtime}, 200)
	}

	test(release.TestFailed, "api-unknown", "smoke-throws")
	change(map[string]any{"apis": map[string]any{"extra": []string{"faceLogin"}}, "fixtures": map[string]any{"queries": map[string]string{"pages/index/index": "id=7"}}})
	report := test(release.TestPassed)
	equal(t, "since", report.Since.String(), "2 fixed, 0 new since run 1")

	change(map[string]any{"limits": map[string]any{"package": 64 << 10}})
	report = test(release.TestFailed, "package-size")
	equal(t, "since", report.Since.String(), "0 fixed, 1 new since run 2")
	if !report.Findings[0].New || !strings.Contains(r.Test.Summary, "0 fixed, 1 new since run 2") {
		t.Errorf("what is new is not marked, or not in the summary %q: %+v", r.Test.Summary, report.Findings[0])
	}
	change(map[string]any{"limits": map[string]any{"package": defaults.Limits.Package}})
	report = test(release.TestPassed)
	equal(t, "since", report.Since.String(), "1 fixed, 0 new since run 3")
	equal(t, "gone", report.Since.Gone[0].Rule, "package-size")

	got := settings() // what was not named is as it was
	equal(t, "limits", got.Limits, defaults.Limits)
	equal(t, "systems", got.Systems, defaults.Systems)

	refused(t, owner.Do("PATCH", at+"/settings", map[string]any{"runtime": map[string]any{"limits": map[string]any{"package": 1}}}), 400, "invalid")
	if a := admin.Do("PATCH", at+"/settings", map[string]any{"runtime": map[string]any{}}); a.Status != 403 && a.Status != 404 {
		t.Errorf("somebody else's settings: %s", a)
	}
	old := refused(t, owner.Do("PATCH", at+"/settings", map[string]any{"runtime": map[string]any{"profiles": []string{}}}), 400, "invalid")
	if !strings.Contains(old.Detail+old.Errors[0].Field, "runtime.profiles") {
		t.Errorf("%+v", old)
	}
}
