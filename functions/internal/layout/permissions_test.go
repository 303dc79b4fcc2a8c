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

// use is one call to package cloud in an entry point.
type use struct {
	name      string
	arguments []string // strings only
}

// uses is what an entry point is made of.
func uses(source []byte) (out []use) {
	for _, m := range regexp.MustCompile(`cloud\.([A-Z]\w*)\(([^()]*)\)`).FindAllSubmatch(source, -1) {
		u := use{name: string(m[1])}
		for _, a := range regexp.MustCompile(`"([^"]*)"`).FindAllSubmatch(m[2], -1) {
			u.arguments = append(u.arguments, string(a[1]))
		}
		out = append(out, u)
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
var objects = []string{
	"ReadPackages", "WritePackages", "ReadUploads", "TakeUploads", "KeepProjects", "ReadProjects", "TakeImages", "ReadImages",
}

// tablePolicies are what a function may do with the table.
func tablePolicies(folder string) []string {
	switch {
	case folder == "resolve/resolve":
		return []string{"ReadPlacements"}
	case writes(folder):
		return []string{"ReadTable", "WriteTable"}
	}
	return []string{"ReadTable"}
}

// workflowPolicies are what a function may do with machines: with those that it names, or with tasks that are parked.
func workflowPolicies(folder string, machines []string) (out []string) {
	switch {
	case folder == "tasks/stop-machines":
		return []string{"StopReleases"}
	case len(machines) == 0 && strings.HasPrefix(folder, "requests/"):
		return []string{"AnswerReviews"}
	case len(machines) == 0:
		return []string{"AnswerReleases"}
	case len(machines) > 1:
		return []string{"StartMachines"}
	}
	for _, m := range machines {
		out = append(out, "Start"+strings.ToUpper(m[:1])+m[1:])
	}
	return out
}

// permissions holds the policies of a function against what its main is made of.
func permissions(folder string, used []use, granted names) []string {
	want := map[string]bool{}
	packages := false
	for _, u := range used {
		var needs []string
		switch u.name {
		case "Table":
			needs = tablePolicies(folder)
		case "Workflow":
			needs = workflowPolicies(folder, u.arguments)
		case "Packages":
			packages = true
		case "Mail":
			needs = []string{"SendMail"}
		case "Links", "Signer":
			needs = []string{"ReadSecret"}
		}
		for _, n := range needs {
			want[n] = true
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

// mostPolicies leaves room for the three that SAM adds to the ten that AWS allows.
const mostPolicies = 7

func TestArgumentListIsPermissionList(t *testing.T) {
	functions := readTemplate(t).lambdas(t)
	for _, folder := range mains(t) {
		f, ok := functions[folder]
		if !ok {
			t.Errorf("functions/%s is not in template.yaml", folder)
			continue
		}
		if len(f.Policies) > mostPolicies {
			t.Errorf("%s has %d policies; with those that SAM adds a role takes no more than %d", folder, len(f.Policies), mostPolicies)
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
		"right":    {names{"ReadTable", "WriteTable", "AnswerReleases"}, ""},
		"too much": {names{"ReadTable", "WriteTable", "AnswerReleases", "SendMail"}, "may SendMail, but its main does not"},
		"missing":  {names{"ReadTable", "WriteTable"}, "needs AnswerReleases"},
		"bucket":   {names{"ReadTable", "WriteTable", "AnswerReleases", "ReadPackages"}, "uses packages: false, policies for them: 1"},
	} {
		if got := strings.Join(permissions("releases/apply", used, test.granted), "; "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// variables that a use needs, beyond those of all functions.
func (u use) variables() []string {
	switch u.name {
	case "Links", "Signer":
		return []string{"SLIPWAY_SECRET"}
	case "Mail":
		return []string{"SLIPWAY_MAIL_FROM"}
	case "Setting", "Optional":
		return u.arguments[:1]
	case "Workflow":
		var out []string
		for _, m := range u.arguments {
			out = append(out, "SLIPWAY_MACHINE_"+strings.ToUpper(m))
		}
		return out
	}
	return nil
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
			for _, v := range u.variables() {
				if _, ok := f.Environment.Variables[v]; !ok {
					t.Errorf("%s needs %s for cloud.%s", folder, v, u.name)
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
		"template.yaml/Bounds resource xray:PutTraceSegments", "template.yaml/LogMachines resource logs:CreateLogDelivery",
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
		if r.Type != "AWS::IAM::ManagedPolicy" || id == "LogMachines" { // that one is for machines, which are no functions
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
