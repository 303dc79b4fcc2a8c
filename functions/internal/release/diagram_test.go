package release_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"slipway/functions/internal/release"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestTheREADMEShowsTheLifecycle holds the diagram in the README equal to the table.
func TestTheREADMEShowsTheLifecycle(t *testing.T) {
	const file, begin, end = "../../../README.md", "<!-- lifecycle -->\n", "<!-- /lifecycle -->"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	shown, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the README has no place for the lifecycle")
	}
	want := "```mermaid\n" + release.Diagram() + "```\n"
	if shown == want {
		return
	}
	if !*update {
		t.Fatalf("the README's lifecycle is stale; run go test %s -update", "./functions/internal/release")
	}
	if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}
