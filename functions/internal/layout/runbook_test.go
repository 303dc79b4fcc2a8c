package layout_test

import (
	"fmt"
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

// flags are how functions are built, as the README and samconfig.toml say it.
var flags = regexp.MustCompile(`CGO_ENABLED=0 GOFLAGS="[^"]*" sam build`)

// badSteps are the steps of the runbook that would do harm: a deployment of what was not built, or built otherwise than
// measured, and functions that keep a secret which became known.
func badSteps(readme, samconfig string, readers []string) (out []string) {
	for line := range strings.Lines(readme) {
		if at := strings.Index(line, "sam deploy "); at >= 0 && !strings.Contains(line[:at], "sam build &&") {
			out = append(out, "deploys without a build: "+strings.TrimSpace(line))
		}
	}
	if build := flags.FindString(samconfig); build == "" || !strings.Contains(readme, build) {
		out = append(out, "the README does not build with "+build)
	}
	loop := regexp.MustCompile(`(?m)^for f in (.*); do$`).FindStringSubmatch(readme)
	if loop == nil || !slices.Equal(strings.Fields(loop[1]), readers) {
		out = append(out, fmt.Sprintf("starts anew %q, but the secret is read by %v", loop, readers))
	}
	for _, stage := range strings.Split(samconfig, ".deploy.parameters]")[1:] {
		stage, _, _ = strings.Cut(stage, "\n[")
		for _, setting := range []string{`capabilities = "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"`, "resolve_s3 = true", "confirm_changeset = true"} {
			if !strings.Contains(stage, "\n"+setting) {
				out = append(out, "samconfig.toml deploys without "+setting)
			}
		}
	}
	if regexp.MustCompile(`(?m)^cached`).MatchString(samconfig) {
		out = append(out, "samconfig.toml ships what was built of other code")
	}
	return out
}

// secretReaders are the functions that are given the secret.
func secretReaders(t *testing.T) (out []string) {
	t.Helper()
	for _, f := range readTemplate(t).lambdas(t) {
		if _, ok := f.Environment.Variables["SLIPWAY_SECRET"]; ok {
			out = append(out, f.Name)
		}
	}
	slices.Sort(out)
	return out
}

func TestRunbookDoesNoHarm(t *testing.T) {
	readme, samconfig, readers := string(file(t, "README.md")), string(file(t, "samconfig.toml")), secretReaders(t)
	for _, wrong := range badSteps(readme, samconfig, readers) {
		t.Error(wrong)
	}
	for name, c := range map[string]struct {
		old, new, want string
		readers        []string
	}{
		"no build":         {"sam build && sam deploy", "sam deploy", "deploys without a build", readers},
		"by hand":          {"\ndeploy --guided", "\nsam deploy --guided", "deploys without a build", readers},
		"built otherwise":  {"-tags=lambda.norpc,", "-tags=", "does not build with", readers},
		"one is left out":  {"for f in RequestsResend ", "for f in ", "but the secret is read by", readers},
		"another reads it": {"", "", "but the secret is read by", append([]string{"ReleasesRead"}, readers...)},
	} {
		if got := strings.Join(badSteps(strings.Replace(readme, c.old, c.new, 1), samconfig, c.readers), "; "); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	for name, c := range map[string][2]string{
		"cached":        {"parallel = true", "cached = true"},
		"a capability":  {"CAPABILITY_IAM CAPABILITY_AUTO_EXPAND", "CAPABILITY_AUTO_EXPAND"},
		"no bucket":     {"resolve_s3 = true", "resolve_s3 = false"},
		"no one looks":  {"confirm_changeset = true", "confirm_changeset = false"},
		"other strings": {"-ldflags=-s", "-ldflags=-w"},
	} {
		if len(badSteps(readme, strings.Replace(samconfig, c[0], c[1], 1), readers)) != 1 {
			t.Errorf("samconfig.toml: %s: planted, and not found", name)
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
