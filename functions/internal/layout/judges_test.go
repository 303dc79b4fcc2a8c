package layout_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// needs is the path of a judge; without it the test is skipped with a word how to get it, and fails on CI.
func needs(t *testing.T, name, how string) string {
	t.Helper()
	found, err := exec.LookPath(name)
	if err == nil {
		return found
	}
	how = name + " is not on the PATH; get it with: " + how
	if os.Getenv("CI") == "true" {
		t.Fatal(how)
	}
	t.Skip(how)
	return ""
}

// run gives what a judge says, and whether it ended well.
func run(t *testing.T, dir, name string, arguments ...string) (string, bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "AWS_DEFAULT_REGION=eu-west-1", "DISABLE_CRASH_REPORT=1")
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("%s does not end: %s", name, out)
	}
	return string(out), err == nil
}

// transform applies the SAM transform as AWS does; where code and nested templates are is as after sam package.
const transform = `
import json, sys
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse
t = yaml_parse(open(sys.argv[1]).read())
for name, r in t["Resources"].items():
    for place in ("CodeUri", "DefinitionUri"):
        if place in r.get("Properties", {}):
            r["Properties"][place] = "s3://bucket/" + name
    if r["Type"] == "AWS::CloudFormation::Stack":
        r["Properties"]["TemplateURL"] = "https://bucket.s3.amazonaws.com/" + name
aws = {n: "arn:aws:iam::aws:policy/" + n for n in ("AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSLambdaDynamoDBExecutionRole")}
with open(sys.argv[2], "w") as f:
    json.dump(Translator(aws, Parser()).translate(t, dict(p.split("=", 1) for p in sys.argv[3:])), f, default=str)
`

// translated is a folder with the templates as AWS gets them when parameters, such as "Edge=false", are given.
func translated(t *testing.T, parameters ...string) string {
	t.Helper()
	dir := t.TempDir()
	arguments := append([]string{"-c", transform, "template.yaml", filepath.Join(dir, "template.json")}, parameters...)
	if said, ok := run(t, root, needs(t, "python3", "apt-get install python3"), arguments...); !ok {
		if strings.Contains(said, "No module named") && os.Getenv("CI") != "true" {
			t.Skip("the SAM translator is missing: pip install aws-sam-translator")
		}
		t.Fatal(said)
	}
	nested, err := filepath.Glob(filepath.Join(root, "infra", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nested {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(n)), file(t, "infra", filepath.Base(n)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// exception is a line of .ci/exceptions.yaml.
type exception struct {
	Rule    string   `yaml:"rule"`
	At      []string `yaml:"at"`
	Because string   `yaml:"because"`
}

// found is one thing that a judge does not like.
type found struct{ rule, at, says string }

// unexcused names the findings that no exception speaks of, and the exceptions that nothing was found for.
func unexcused(findings []found, exceptions []exception) []string {
	var out []string
	used := map[string]bool{}
	for _, f := range findings {
		excused := false
		for _, e := range exceptions {
			for _, at := range e.At {
				file, all := strings.CutSuffix(at, "/*")
				if e.Rule == f.rule && (at == f.at || all && path.Dir(f.at) == file) {
					excused, used[e.Rule+at] = true, true
				}
			}
		}
		if !excused {
			out = append(out, f.at+": "+f.says+" ("+f.rule+")")
		}
	}
	for _, e := range exceptions {
		for _, at := range e.At {
			if !used[e.Rule+at] {
				out = append(out, e.Rule+" is excused at "+at+", and not found there")
			}
		}
		if e.Because == "" {
			out = append(out, e.Rule+" is excused without a reason")
		}
	}
	return out
}

// open is a template with what KICS must not let pass.
const open = `
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Open:
    Type: AWS::S3::Bucket
    Properties: {AccessControl: PublicReadWrite}
`

// kics scans a folder.
func kics(t *testing.T, dir string) []found {
	t.Helper()
	judge := needs(t, "kics", "go install github.com/Checkmarx/kics/v2/cmd/console@v2.2.0, renamed, with the module's folder assets beside it")
	out := t.TempDir()
	said, _ := run(t, out, judge, "scan", "-p", dir, "-q", filepath.Join(filepath.Dir(judge), "assets", "queries"), "-t", "CloudFormation", "-o", out, "--report-formats", "json", "--ci")
	report, err := os.ReadFile(filepath.Join(out, "results.json"))
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	var r struct {
		Queries []struct {
			ID    string `json:"query_id"`
			Name  string `json:"query_name"`
			Files []struct {
				Name     string `json:"file_name"`
				Resource string `json:"resource_name"`
				Key      string `json:"search_key"`
				Actual   string `json:"actual_value"`
			} `json:"files"`
		} `json:"queries"`
	}
	if err := json.Unmarshal(report, &r); err != nil {
		t.Fatal(err)
	}
	var all []found
	for _, q := range r.Queries {
		for _, f := range q.Files {
			all = append(all, found{q.ID, filepath.Base(f.Name) + "/" + strings.ReplaceAll(f.Resource, "n/a", ""), q.Name + ": " + f.Key + ": " + f.Actual})
		}
	}
	return all
}

// TestKICSFindsNothingElse also shows that it is alive: it must find what lies open in a template beside ours.
func TestKICSFindsNothingElse(t *testing.T) {
	dir := translated(t)
	if err := os.WriteFile(filepath.Join(dir, "open.yaml"), []byte(open), 0o600); err != nil {
		t.Fatal(err)
	}
	var ours []found
	alive := false
	for _, f := range kics(t, dir) {
		if strings.HasPrefix(f.at, "open.yaml/") {
			alive = alive || strings.Contains(f.says, "PublicReadWrite") || strings.Contains(f.says, "ACL")
			continue
		}
		ours = append(ours, f)
	}
	if !alive {
		t.Error("a bucket that anybody may write to was not found: KICS is blind")
	}
	var exceptions []exception
	if err := yaml.Unmarshal(file(t, ".ci", "exceptions.yaml"), &exceptions); err != nil {
		t.Fatal(err)
	}
	for _, u := range unexcused(ours, exceptions) {
		t.Error(u)
	}
}

func TestPlantedExceptionsAreFound(t *testing.T) {
	findings := []found{{"r1", "data.yaml/Bucket", "open"}, {"r2", "template.json/A", "x"}, {"r2", "template.json/B", "x"}}
	right := []exception{{"r1", []string{"data.yaml/Bucket"}, "so"}, {"r2", []string{"template.json/*"}, "so"}}
	for name, c := range map[string]struct {
		findings   []found
		exceptions []exception
		want       string
	}{
		"right":        {findings, right, ""},
		"a new one":    {append(slices.Clone(findings), found{"r3", "data.yaml/Bucket", "wide"}), right, "data.yaml/Bucket: wide"},
		"elsewhere":    {append(slices.Clone(findings), found{"r1", "edge.yaml/Bucket", "open"}), right, "edge.yaml/Bucket: open"},
		"mended since": {findings[1:], right, "not found there"},
		"no reason":    {findings, []exception{right[0], {"r2", right[1].At, ""}}, "without a reason"},
	} {
		got := strings.Join(unexcused(c.findings, c.exceptions), "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestLinterFindsNothingInTheTranslation(t *testing.T) {
	needsLinter(t)
	t.Parallel() // it mostly waits for another program
	if said := lint(t, translated(t), "template.json"); said != "" {
		t.Error(said)
	}
}

// TestMachinesAreWhatTheLanguageAllows has them judged by somebody else's reading of it.
func TestMachinesAreWhatTheLanguageAllows(t *testing.T) {
	judge := needs(t, "asl-validator", "npm install --ignore-scripts asl-validator, then its node_modules/.bin")
	machines, err := filepath.Glob(filepath.Join(root, "statemachines", "*.asl.json"))
	if err != nil || len(machines) == 0 {
		t.Fatalf("no machines: %v", err)
	}
	for _, m := range machines {
		if said, ok := run(t, root, judge, "--json-path", m); !ok {
			t.Error(said)
		}
		data, err := os.ReadFile(m)
		if err != nil {
			t.Fatal(err)
		}
		for name, plant := range map[string][2]string{
			"a state that is not there": {`"Next": "`, `"Next": "Nowhere `}, "a type that is not there": {`"Type": "Task"`, `"Type": "Tusk"`},
		} {
			planted := strings.Replace(string(data), plant[0], plant[1], 1)
			copied := filepath.Join(t.TempDir(), "planted.json")
			if err := os.WriteFile(copied, []byte(planted), 0o600); err != nil || planted == string(data) {
				t.Fatalf("nothing was planted: %v", err)
			}
			if said, ok := run(t, root, judge, "--json-path", copied); ok {
				t.Errorf("%s with %s is right to it: %s", filepath.Base(m), name, said)
			}
		}
	}
}
