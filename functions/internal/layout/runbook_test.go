package layout_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// named is what the runbook may speak of.
type named struct {
	Parameters map[string]yaml.Node `yaml:"Parameters"`
	Resources  map[string]yaml.Node `yaml:"Resources"`
	Outputs    map[string]yaml.Node `yaml:"Outputs"`
}

var (
	ofOutput    = regexp.MustCompile(`\$\(output (\w+)\)`)
	ofResource  = regexp.MustCompile(`\$\(resource (\w+)\)`)
	ofOverrides = regexp.MustCompile(`--parameter-overrides (.*)`)
	ofOverride  = regexp.MustCompile(`(\w+)=`)
	ofParameter = regexp.MustCompile("(?m)^\\| ((?:`\\w+`(?:, )?)+) \\|")
	ofCode      = regexp.MustCompile("`(\\w+)`")
)

// unknownNames are the names in the README that neither template has, and parameters that it says nothing of.
func unknownNames(readme string, main named, alarms named) []string {
	var out []string
	hold := func(what, name string, in map[string]yaml.Node) {
		if _, ok := in[name]; !ok {
			out = append(out, "there is no "+what+" "+name)
		}
	}
	for _, m := range ofOutput.FindAllStringSubmatch(readme, -1) {
		hold("output", m[1], main.Outputs)
	}
	for _, m := range ofResource.FindAllStringSubmatch(readme, -1) {
		hold("resource", m[1], main.Resources)
	}
	for _, line := range ofOverrides.FindAllStringSubmatch(readme, -1) {
		for _, m := range ofOverride.FindAllStringSubmatch(line[1], -1) {
			hold("parameter", m[1], main.Parameters)
		}
	}
	for _, m := range regexp.MustCompile("alarm `(\\w+)`").FindAllStringSubmatch(readme, -1) {
		hold("alarm", m[1], alarms.Resources)
	}
	_, onAWS, _ := strings.Cut(readme, "\n## On AWS\n")
	table, _, _ := strings.Cut(onAWS, "\n### ")
	told := map[string]yaml.Node{}
	for _, row := range ofParameter.FindAllStringSubmatch(table, -1) {
		for _, m := range ofCode.FindAllStringSubmatch(row[1], -1) {
			hold("parameter", m[1], main.Parameters)
			told[m[1]] = yaml.Node{}
		}
	}
	for name := range main.Parameters {
		if _, ok := told[name]; !ok {
			out = append(out, "the README does not tell of parameter "+name)
		}
	}
	slices.Sort(out)
	return out
}

func readNames(t *testing.T, path string) (n named) {
	t.Helper()
	if err := yaml.Unmarshal(file(t, path), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRunbookSpeaksOfWhatThereIs(t *testing.T) {
	readme := string(file(t, "README.md"))
	for _, wrong := range unknownNames(readme, readNames(t, "template.yaml"), readNames(t, "infra/alarms.yaml")) {
		t.Error("README.md: ", wrong)
	}
	for _, about := range []string{"**Deploy.**", "**First admin.**", "**Rotate the signing key.**", "**Restore the table.**", "**Redrive a failed machine.**", "**Drain the dead letters.**", "**Leave the SES sandbox.**"} {
		if !strings.Contains(readme, about) {
			t.Errorf("the runbook says nothing under %s", about)
		}
	}
}

func TestPlantedNamesAreFound(t *testing.T) {
	readme, main, alarms := string(file(t, "README.md")), readNames(t, "template.yaml"), readNames(t, "infra/alarms.yaml")
	for name, c := range map[string]struct{ old, new, want string }{
		"output":             {"$(output UserPool)", "$(output Pool)", "no output Pool"},
		"resource":           {"$(resource TasksBounce)", "$(resource TasksBounced)", "no resource TasksBounced"},
		"override":           {"--parameter-overrides SigningKey=", "--parameter-overrides Key=", "no parameter Key"},
		"alarm":              {"alarm `MachineFailed`", "alarm `MachinesFailed`", "no alarm MachinesFailed"},
		"parameter":          {"| `Edge` |", "| `Edges` |", "no parameter Edges"},
		"untold parameter":   {"| `Edge` |", "| edge |", "not tell of parameter Edge"},
		"nothing is planted": {"", "", ""},
	} {
		got := strings.Join(unknownNames(strings.Replace(readme, c.old, c.new, 1), main, alarms), "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
