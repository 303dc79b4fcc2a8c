package layout_test

import (
	"regexp"
	"strings"
	"testing"
)

// composed is what a source makes of packages api, task and workshop: constructors by the folder or task that they stand for.
var composed = regexp.MustCompile(`"([a-z-]+(?:/[a-z-]+)?)":\s+((?:api|task|workshop)\.[A-Z]\w*)\(`)

// constructor is the one that an entry point starts.
var constructor = regexp.MustCompile(`lambda\.Start\(((?:api|task|workshop)\.[A-Z]\w*)\(`)

// TestLaptopAndCloudComposeAlike holds the entry points to the laptop, on which the stories run: what a story has shown
// of a function is true of the one that is deployed.
func TestLaptopAndCloudComposeAlike(t *testing.T) {
	laptop := map[string]string{}
	for _, name := range []string{"handlers.go", "server.go"} {
		for _, m := range composed.FindAllStringSubmatch(string(file(t, "functions/internal/local", name)), -1) {
			folder := m[1]
			if !strings.HasPrefix(m[2], "api.") {
				folder = "tasks/" + folder
			}
			laptop[folder] = m[2]
		}
	}
	apart := map[string]string{ // what a laptop does in another way
		"workspaces/authorize": "api.Authorize", "resolve/resolve": "api.Resolve", "qrcodes/open": "api.OpenQRCode",
		"tasks/deliver": "task.Deliver", "tasks/bounce": "task.Bounce",
		"tasks/found": "task.Found", // the demo has a platform
	}
	for _, folder := range mains(t) {
		m := constructor.FindStringSubmatch(string(file(t, "functions", folder, "main.go")))
		if m == nil {
			t.Errorf("functions/%s starts nothing", folder)
			continue
		}
		want := laptop[folder]
		if want == "" {
			want = apart[folder]
		}
		if m[1] != want {
			t.Errorf("functions/%s starts %s, the laptop %q", folder, m[1], want)
		}
		delete(laptop, folder)
	}
	for folder, c := range laptop {
		t.Errorf("the laptop has %s as %s, and nothing of it is deployed", c, folder)
	}
}
