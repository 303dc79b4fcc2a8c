package smoke_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/compat/smoke"
)

// needing is a page that works only with its query, a reply, what was stored before, and its operator's settings.
const needing = `Page({onLoad(q) {
if (q.id !== '7') throw new Error('query');
if (my.getStorageSync({key: 'who'}).data.name !== 'Ann') throw new Error('storage');
if (my.getExtConfigSync().shop !== 5) throw new Error('ext');
my.request({url: 'https://api.example.com/menu', success(r) { if (r.data.drinks[0] !== 'tea') throw new Error('reply') }, fail() {}});
}})`

const fixtures = `{"queries": {"a/a": "id=7"}, "storage": {"who": {"name": "Ann"}}, "replies": [{"url": "https://api.example.com/", "body": {"drinks": ["tea"]}}]}`

func TestAMerchantsFixtures(t *testing.T) {
	tests := []struct {
		name  string
		root  string
		files map[string]string
		want  []string // beside the notes
		says  bool     // whether the report says whose fixtures they are
	}{
		{"none", "", nil, []string{"fail smoke-throws a/a.js:2:25 a/a"}, false},
		{"beside app.json", "mini", map[string]string{"mini/" + compat.FixturesFile: fixtures, "mini/ext.json": `{"extEnable": true, "ext": {"shop": 5}}`}, nil, true},
		{"at the top, with ext of their own", "mini", map[string]string{compat.FixturesFile: strings.Replace(fixtures, "{", `{"ext": {"shop": 5}, `, 1), "ext.json": `{"ext": {"shop": 4}}`}, nil, true},
		{"unknown field", "", map[string]string{compat.FixturesFile: `{"reply": []}`}, []string{"fail smoke-throws a/a.js:2:25 a/a", "warn fixtures-wrong " + compat.FixturesFile + ":0:0"}, false},
		{"wrong value", "", map[string]string{compat.FixturesFile: `{"replies": [{"url": "menu", "body": 1}]}`}, []string{"fail smoke-throws a/a.js:2:25 a/a", "warn fixtures-wrong " + compat.FixturesFile + ":0:0"}, false},
		{"too large", "", map[string]string{compat.FixturesFile: `{"ext": "` + strings.Repeat("a", 70_000) + `"}`}, []string{"fail smoke-throws a/a.js:2:25 a/a", "warn fixtures-wrong " + compat.FixturesFile + ":0:0"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(map[string]string{"a/a.js": needing})
			in.ServerDomains, in.Smoke = []string{"api.example.com"}, smoke.Runner{}
			in.Runtime.Fixtures.Replies = []profile.Reply{{URL: "https://api.example.com/", Body: json.RawMessage(`{"drinks": ["coffee"]}`)}}
			in.Project.Root, in.Project.Files = tt.root, map[string][]byte{}
			for name, text := range tt.files {
				in.Project.Files[name] = []byte(text)
			}
			r, err := compat.Run(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines(r.Findings)); diff != "" {
				t.Errorf("(-want +got):\n%s%+v", diff, r.Findings)
			}
			if says := strings.Contains(strings.Join(r.NotDone, " "), compat.FixturesFile); says != tt.says {
				t.Errorf("whose fixtures they are: %v", r.NotDone)
			}
			if tt.name == "wrong value" && !slices.ContainsFunc(r.Findings, func(f compat.Finding) bool { return strings.HasPrefix(f.Message, "replies[0].url is ") }) {
				t.Errorf("%+v", r.Findings)
			}
		})
	}
}

// TestFixturesStayAtHome: users never fetch what was said for a test.
func TestFixturesStayAtHome(t *testing.T) {
	files := map[string][]byte{compat.FixturesFile: []byte(fixtures)}
	for name, text := range map[string]string{"app.json": `{"pages": ["a/a"]}`, "app.js": "App({})", "a/a.js": "Page({})", "a/a.axml": "<view/>", "menu.json": "{}"} {
		files[name] = []byte(text)
	}
	p, _ := intake.Load(&intake.Archive{Files: files})
	built, err := build.Build(context.Background(), p, build.Options{Version: "1.0.0"})
	if err != nil || built.Failed {
		t.Fatal(err, built.Log)
	}
	if built.Files["menu.json"] == nil || built.Files[compat.FixturesFile] != nil {
		t.Errorf("built: %v", slices.Sorted(maps.Keys(built.Files)))
	}
}
