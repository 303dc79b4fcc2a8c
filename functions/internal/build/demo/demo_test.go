package demo_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/build/intake"
)

func TestTheDemoBuildsWithoutDiagnostics(t *testing.T) {
	zip := demo.Archive("1.2.0")
	a, err := intake.Unpack(bytes.NewReader(zip), int64(len(zip)), intake.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p, diagnostics := intake.Load(a)
	if len(diagnostics) > 0 {
		t.Fatalf("Load: %+v", diagnostics)
	}
	r, err := build.Build(context.Background(), p, build.Options{Version: "1.2.0"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Failed || len(r.Diagnostics) > 0 {
		t.Fatalf("Build: %s", r.Log)
	}
	t.Log(r.Log)
	if len(p.Pages) != 5 || len(p.Components) != 2 {
		t.Errorf("%d pages and %d components, want 5 and 2", len(p.Pages), len(p.Components))
	}
	for _, file := range []string{"app.js", "pages/menu/menu.js", "utils/money.sjs", "club/pages/card/card.acss", "images/menu.png"} {
		if len(r.Files[file]) == 0 {
			t.Errorf("the built tree lacks %s", file)
		}
	}
	if !strings.Contains(string(r.Files["version.json.js"]), "1.2.0") {
		t.Error("the version is not in the package")
	}
	if _, there := r.Files["README.md"]; there {
		t.Error("the README was not left out")
	}
}

func TestTheSameVersionGivesTheSameBytes(t *testing.T) {
	if !bytes.Equal(demo.Archive("1.0.0"), demo.Archive("1.0.0")) {
		t.Error("two archives of one version differ")
	}
	if bytes.Equal(demo.Archive("1.0.0"), demo.Archive("1.0.1")) {
		t.Error("two versions have the same archive")
	}
}
