package profile_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/compat/profile"
)

func TestDefaultIsValidAndSurvivesJSON(t *testing.T) {
	r := profile.Default()
	if wrong := r.Validate(); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back profile.Runtime
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Error(diff)
	}
	r.Systems[0].ID = "changed"
	if profile.Default().Systems[0].ID == "changed" {
		t.Error("Default shares memory")
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*profile.Runtime)
		want   []string
	}{
		{"versions", func(r *profile.Runtime) { r.BaseLibrary, r.MinBaseLibrary = "2.x", "" }, []string{"baseLibrary", "minBaseLibrary"}},
		{"oldest over newest", func(r *profile.Runtime) { r.MinBaseLibrary = "2.10.0" }, []string{"minBaseLibrary"}},
		{"nothing to test against", func(r *profile.Runtime) { r.Systems, r.Devices, r.Networks = nil, nil, nil }, []string{"systems", "devices", "networks"}},
		{"too many", func(r *profile.Runtime) { r.Devices = make([]profile.Device, 1000); clear(r.Devices) }, nil},
		{"system", func(r *profile.Runtime) {
			r.Systems[1] = profile.System{ID: "iOS 12", Family: "symbian", Script: profile.Engine{Family: "gecko", Version: "1"}, CSS: profile.Engine{Family: "chrome"}}
		}, []string{"systems[1].id", "systems[1].name", "systems[1].family", "systems[1].script.family", "systems[1].css.version"}},
		{"one id twice", func(r *profile.Runtime) { r.Networks[0].ID = r.Systems[0].ID }, []string{"networks[0].id"}},
		{"the id of a base library", func(r *profile.Runtime) { r.BaseLibrary, r.MinBaseLibrary, r.Devices[0].ID = "2", "2", "library-2" }, []string{"devices[0].id"}},
		{"names that steer", func(r *profile.Runtime) {
			r.Systems[0].Name, r.Devices[0].Name, r.Networks[0].Name, r.Networks[1].Name = "iOS\x1b[2J", "\u202ephone", " ", "微信 5G"
		}, []string{"systems[0].name", "devices[0].name", "networks[0].name"}},
		{"device", func(r *profile.Runtime) { r.Devices[0].MemoryClass, r.Devices[0].ScreenWidth = -1, 1<<30 }, []string{"devices[0].memoryClass", "devices[0].screenWidth"}},
		{"network", func(r *profile.Runtime) { r.Networks[0].Kbps, r.Networks[1].BudgetMs, r.Networks[2].RTTMs = -1, 0, -1 }, []string{"networks[0].kbps", "networks[1].budgetMs", "networks[2].rttMs"}},
		{"offline needs no budget", func(r *profile.Runtime) { r.Networks[0] = profile.Network{ID: "plane", Name: "Plane"} }, []string{}},
		{"names", func(r *profile.Runtime) {
			r.APIs = profile.APIs{Extra: []string{"my.scan", "a b", "ap.ok"}, Removed: []string{"ap.ok"}, Since: map[string]string{"scan": "x"}}
		}, []string{"apis.extra[0]", "apis.extra[1]", "apis.since.scan", "apis.removed[0]"}},
		{"names too large", func(r *profile.Runtime) {
			for i := range 999 {
				r.APIs.Extra = append(r.APIs.Extra, fmt.Sprintf("a%0100d", i))
			}
		}, []string{"apis"}},
		{"limits", func(r *profile.Runtime) { r.Limits = profile.Limits{} }, []string{"limits.package", "limits.subPackage", "limits.page", "limits.image"}},
		{"fixtures", func(r *profile.Runtime) {
			r.Fixtures = profile.Fixtures{
				Ext: json.RawMessage("{"), Queries: map[string]string{"p": "%zz"}, Storage: map[string]json.RawMessage{"k": json.RawMessage("no")},
				Replies: []profile.Reply{{Body: json.RawMessage("1")}, {API: "scan", URL: "x", Body: json.RawMessage("1")}, {URL: "nowhere", Body: json.RawMessage("1")}, {API: "scan", Body: json.RawMessage("")}},
			}
		}, []string{"fixtures.ext", "fixtures.replies[0]", "fixtures.replies[1]", "fixtures.replies[2].url", "fixtures.replies[3].body", "fixtures.queries.p", "fixtures.storage.k"}},
		{"fixtures too large", func(r *profile.Runtime) { r.Fixtures.Ext = json.RawMessage(`"` + strings.Repeat("a", 70_000) + `"`) }, []string{"fixtures"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := profile.Default()
			tt.change(&r)
			fields := []string{}
			for _, f := range r.Validate() {
				fields = append(fields, f.Field)
				if f.Detail == "" {
					t.Errorf("%s has no detail", f.Field)
				}
			}
			if tt.want == nil { // 1 for the count, then the first 64 devices: id, name, memoryClass, screenWidth
				if len(fields) != 1+64*4 {
					t.Errorf("%d fields", len(fields))
				}
				return
			}
			if diff := cmp.Diff(tt.want, fields); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestAnAnswerIsBounded: what names so many fields is sent back in one answer.
func TestAnAnswerIsBounded(t *testing.T) {
	r := profile.Default()
	r.Fixtures.Queries = map[string]string{}
	for i := range 10_000 {
		r.Fixtures.Queries[fmt.Sprint(i)] = "%"
	}
	if n := len(r.Validate()); n != 500 {
		t.Errorf("%d fields", n)
	}
}

func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"2.10", "2.9.40", 1}, {"2.6", "2.6.0", 0}, {"1.24.10", "2", -1}, {"10.3", "10", 1}, {"x", "0.0.1", -1}} {
		if got := profile.Compare(tt.a, tt.b); got != tt.want {
			t.Errorf("Compare(%s, %s) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
