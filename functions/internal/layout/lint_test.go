package layout_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// lint runs cfn-lint, which also applies the SAM transform, over templates in dir and gives what it finds.
func lint(t *testing.T, dir string, templates ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "cfn-lint", append([]string{"--format", "parseable", "--template"}, templates...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatalf("cfn-lint: %v", err)
	}
	return string(out)
}

func needsLinter(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("cfn-lint"); err == nil {
		return
	}
	const how = "cfn-lint is not on the PATH; get it with: pip install 'cfn-lint>=1.51' aws-sam-translator"
	if os.Getenv("CI") == "true" {
		t.Fatal(how)
	}
	t.Skip(how)
}

func TestLinterFindsNothing(t *testing.T) {
	needsLinter(t)
	t.Parallel() // it mostly waits for another program
	templates := []string{"template.yaml"}
	nested, err := filepath.Glob(filepath.Join(root, "infra", "*.yaml"))
	if err != nil || len(nested) == 0 {
		t.Fatalf("no templates in infra: %v", err)
	}
	for _, n := range nested {
		templates = append(templates, filepath.Join("infra", filepath.Base(n)))
	}
	if found := lint(t, root, templates...); found != "" {
		t.Error(found)
	}
}

func TestLinterIsAlive(t *testing.T) {
	needsLinter(t)
	t.Parallel() // it mostly waits for another program
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "infra"), os.DirFS(filepath.Join(root, "infra"))); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "statemachines"), os.DirFS(filepath.Join(root, "statemachines"))); err != nil {
		t.Fatal(err)
	}
	// One fault that only shows after the SAM transform (a circle through the API), and one in a nested stack's outputs.
	text := string(file(t, "template.yaml"))
	planted := strings.Replace(text, "SLIPWAY_BASE_URL: !Ref BaseUrl", "SLIPWAY_BASE_URL: !GetAtt Api.ApiEndpoint", 1)
	planted = strings.Replace(planted, "!GetAtt Data.Outputs.TableStreamArn", "!GetAtt Data.Outputs.TableStream", 1)
	if planted == text {
		t.Fatal("nothing was planted")
	}
	if err := os.WriteFile(filepath.Join(dir, "template.yaml"), []byte(planted), 0o600); err != nil {
		t.Fatal(err)
	}
	found := lint(t, dir, "template.yaml")
	for _, want := range []string{"Circular", "TableStream"} {
		if !strings.Contains(found, want) {
			t.Errorf("planted, and not found: %s; found was:\n%s", want, found)
		}
	}
}
