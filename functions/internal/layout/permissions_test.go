package layout_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"slipway/functions/internal/api"
)

// uses is what an entry point is made of: the calls to package cloud in its main.go.
func uses(source []byte) []string {
	var out []string
	for _, m := range regexp.MustCompile(`cloud\.([A-Z]\w*)\(("[^"]*")?`).FindAllSubmatch(source, -1) {
		out = append(out, string(m[1])+string(m[2]))
	}
	return out
}

// writes says whether a function changes something: its routes do, or it is a task or the authorizer, which binds people.
func writes(folder string) bool {
	for _, r := range api.Routes {
		if r.Function == folder && r.Method != "GET" {
			return true
		}
	}
	return strings.HasPrefix(folder, "tasks/") || folder == "workspaces/authorize"
}

// objects are the policies on the bucket; which of them a function needs is its own business, but one of them it does.
var objects = []string{"ReadPackages", "WritePackages", "ReadUploads", "TakeUploads", "KeepProjects", "ReadProjects"}

// permissions holds the policies of a function against what its main is made of.
func permissions(folder string, used []string, granted names) []string {
	want := map[string]bool{}
	packages := false
	for _, u := range used {
		name, argument, _ := strings.Cut(u, `"`)
		switch {
		case name == "Table" && folder == "resolve/resolve":
			want["ReadPlacements"] = true
		case name == "Table":
			want["ReadTable"], want["WriteTable"] = true, writes(folder)
		case name == "Workflow" && argument != "":
			want["StartRelease"] = true
		case name == "Workflow":
			want["AnswerTasks"] = true
		case name == "Packages":
			packages = true
		case name == "Mail":
			want["SendMail"] = true
		case name == "Links", name == "Signer":
			want["ReadSecret"] = true
		}
	}
	var out []string
	onBucket := 0
	for _, p := range granted {
		switch {
		case slices.Contains(objects, p):
			onBucket++
		case !want[p]:
			out = append(out, fmt.Sprintf("may %s, but its main does not", p))
		}
		delete(want, p)
	}
	for _, p := range slices.Sorted(maps.Keys(want)) {
		if want[p] {
			out = append(out, fmt.Sprintf("needs %s", p))
		}
	}
	if packages != (onBucket > 0) {
		out = append(out, fmt.Sprintf("uses packages: %v, policies for them: %d", packages, onBucket))
	}
	return out
}

func TestArgumentListIsPermissionList(t *testing.T) {
	functions := readTemplate(t).lambdas(t)
	for _, folder := range mains(t) {
		f, ok := functions[folder]
		if !ok {
			t.Errorf("functions/%s is not in template.yaml", folder)
			continue
		}
		for _, d := range permissions(folder, uses(file(t, "functions", folder, "main.go")), f.Policies) {
			t.Errorf("%s %s", folder, d)
		}
	}
	for folder, f := range functions {
		if !slices.Contains(mains(t), folder) {
			t.Errorf("%s has the code functions/%s, which is not there", f.Name, folder)
		}
	}
}

func TestPlantedPermissionsAreFound(t *testing.T) {
	used := uses([]byte(`lambda.Start(api.ApplyRelease(cloud.Table(), cloud.Workflow()))`))
	for name, test := range map[string]struct {
		granted names
		want    string
	}{
		"right":    {names{"ReadTable", "WriteTable", "AnswerTasks"}, ""},
		"too much": {names{"ReadTable", "WriteTable", "AnswerTasks", "SendMail"}, "may SendMail, but its main does not"},
		"missing":  {names{"ReadTable", "WriteTable"}, "needs AnswerTasks"},
		"bucket":   {names{"ReadTable", "WriteTable", "AnswerTasks", "ReadPackages"}, "uses packages: false, policies for them: 1"},
	} {
		if got := strings.Join(permissions("releases/apply", used, test.granted), "; "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// variables that a use needs, beyond those of all functions.
var variables = map[string][]string{
	"Links": {"SLIPWAY_SECRET"}, "Signer": {"SLIPWAY_SECRET"}, "Mail": {"SLIPWAY_MAIL_FROM"},
	`Workflow"release"`: {"SLIPWAY_MACHINE_RELEASE"},
}

func TestEveryVariableIsSet(t *testing.T) {
	template := readTemplate(t)
	for _, name := range []string{"SLIPWAY_TABLE", "SLIPWAY_BUCKET"} {
		if _, ok := template.Globals.Function.Environment.Variables[name]; !ok {
			t.Errorf("no function has %s", name)
		}
	}
	for folder, f := range template.lambdas(t) {
		for _, u := range uses(file(t, "functions", folder, "main.go")) {
			needed := variables[u]
			if name, argument, ok := strings.Cut(u, `"`); ok && (name == "Setting" || name == "Optional") {
				needed = []string{strings.Trim(argument, `"`)}
			}
			for _, v := range needed {
				if _, ok := f.Environment.Variables[v]; !ok {
					t.Errorf("%s needs %s for cloud.%s", folder, v, u)
				}
			}
		}
	}
}

// statement is one of a policy.
type statement struct {
	Effect   string    `yaml:"Effect"`
	Action   yaml.Node `yaml:"Action"`
	Resource yaml.Node `yaml:"Resource"`
}

// wild lists the statements that allow more than they name. A denial may be as wide as it likes.
func wild(where string, n *yaml.Node) []string {
	var out []string
	if n.Kind == yaml.MappingNode {
		var s statement
		if n.Decode(&s) == nil && s.Effect == "Allow" {
			for _, v := range append([]*yaml.Node{&s.Action}, s.Action.Content...) {
				if strings.Contains(v.Value, "*") {
					out = append(out, where+" action "+v.Value)
				}
			}
			for _, v := range append([]*yaml.Node{&s.Resource}, s.Resource.Content...) {
				if v.Value == "*" {
					out = append(out, where+" resource "+firstAction(s.Action))
				}
			}
		}
	}
	for _, c := range n.Content {
		out = append(out, wild(where, c)...)
	}
	return out
}

func firstAction(n yaml.Node) string {
	if len(n.Content) > 0 {
		return n.Content[0].Value
	}
	return n.Value
}

func TestNoPolicyAllowsMoreThanItNames(t *testing.T) {
	// What has no narrower resource on AWS, with the reason beside it in the template.
	excused := []string{
		"infra/alarms.yaml/Key action kms:*", "infra/alarms.yaml/Key resource kms:*", "infra/alarms.yaml/Key resource kms:Decrypt",
		"template.yaml/Bounds resource xray:PutTraceSegments", "template.yaml/Release resource logs:CreateLogDelivery",
	}
	var got []string
	for _, name := range []string{"template.yaml", "infra/data.yaml", "infra/identity.yaml", "infra/mail.yaml", "infra/alarms.yaml"} {
		var doc struct {
			Resources yaml.Node `yaml:"Resources"`
		}
		if err := yaml.Unmarshal(file(t, name), &doc); err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(doc.Resources.Content); i += 2 {
			got = append(got, wild(name+"/"+doc.Resources.Content[i].Value, doc.Resources.Content[i+1])...)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, excused) {
		t.Errorf("wide statements:\n%s\nexcused:\n%s", strings.Join(got, "\n"), strings.Join(excused, "\n"))
	}
}

// actions are what the statements of a policy allow.
func actions(n *yaml.Node) []string {
	var s statement
	if n.Kind == yaml.MappingNode && n.Decode(&s) == nil && s.Effect == "Allow" {
		var out []string
		for _, a := range s.Action.Content {
			out = append(out, a.Value)
		}
		return out
	}
	var out []string
	for _, c := range n.Content {
		out = append(out, actions(c)...)
	}
	return out
}

func TestNoPolicyIsCutByTheBounds(t *testing.T) {
	template := readTemplate(t)
	bounds := template.Resources["Bounds"]
	most := actions(&bounds.Properties)
	if len(most) == 0 || !strings.Contains(string(file(t, "template.yaml")), "PermissionsBoundary: !Ref Bounds") {
		t.Fatal("functions have no bounds")
	}
	for id, r := range template.Resources {
		if r.Type != "AWS::IAM::ManagedPolicy" {
			continue
		}
		for _, a := range actions(&r.Properties) {
			if !slices.Contains(most, a) {
				t.Errorf("%s allows %s, which Bounds cut off", id, a)
			}
		}
	}
}

func TestEveryOpenDoorIsThrottled(t *testing.T) {
	var door struct {
		RouteSettings map[string]yaml.Node `yaml:"RouteSettings"`
	}
	a := readTemplate(t).Resources["Api"]
	if err := a.Properties.Decode(&door); err != nil {
		t.Fatal(err)
	}
	for _, r := range api.Routes {
		if _, ok := door.RouteSettings[r.Key()]; ok != (r.Auth != api.Bearer) {
			t.Errorf("%s: a throttle of its own: %v, open to anybody: %v", r.Key(), ok, r.Auth != api.Bearer)
		}
	}
}
