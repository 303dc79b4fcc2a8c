package layout_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"slipway/functions/internal/api"
)

// use is one call to package cloud, or one below it, in an entry point.
type use struct {
	name      string
	arguments []string // strings only
}

// uses is what an entry point is made of.
func uses(source []byte) (out []use) {
	for _, m := range regexp.MustCompile(`\b(?:cloud|bucket|dynamo|secrets|ses|signed|states)\.([A-Z]\w*)\(([^()]*)\)`).FindAllSubmatch(source, -1) {
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
		if r.Function == folder && r.Method != "GET" && r.Auth != api.Public {
			return true
		}
	}
	return strings.HasPrefix(folder, "tasks/") || folder == "workspaces/authorize"
}

// objects are the policies on the bucket by what they let a function do there. Which of them it needs is its own
// business, but one of each kind that its main is made of it does.
var objects = map[string]string{
	"ReadPackages": "reads", "ReadUploads": "reads", "ReadProjects": "reads", "ReadImages": "reads", "FindImages": "reads",
	"WritePackages": "writes", "TakeUploads": "writes", "KeepProjects": "writes", "TakeImages": "writes",
}

// onBucket is what the constructors of packages bucket and signed can do. A signed address can do what its signer may.
var onBucket = map[string][]string{"Reader": {"reads"}, "Addresses": {"reads"}, "Uploads": {"writes"}, "Keeper": {"reads", "writes"}}

// beside are the policies on the table that only some of those who write need. Which of them, the stories show that are
// played on moto: every call is held there against them.
var beside = []string{"DeleteItems", "HoldItems"}

// tablePolicies are what a function may do with the table.
func tablePolicies(folder string) []string {
	switch {
	case folder == "resolve/resolve", folder == "resolve/manifest":
		return []string{"ReadPlacements"}
	case folder == "qrcodes/open": // a GET that writes: it counts itself, and changes nothing that anybody is served
		return []string{"ReadScanned", "CountScans"}
	case folder == "tasks/deliver":
		return []string{"ReadOutbox", "WriteTable"}
	case folder == "tasks/stop-machines": // what it looks at, the task after it changes
		return []string{"ReadTable"}
	case posts(folder):
		return []string{"ReadTable", "WriteTable", "ForgetAttempts"}
	case writes(folder):
		return []string{"ReadTable", "WriteTable"}
	}
	return []string{"ReadTable"}
}

// posts says whether a function answers requests that may have an Idempotency-Key.
func posts(folder string) bool {
	return slices.ContainsFunc(api.Routes, func(r api.Route) bool { return r.Function == folder && r.Method == "POST" })
}

// answering is what a function may do that answers parked tasks: those of reviews, or those of releases.
func answering(folder string) []string {
	if strings.HasPrefix(folder, "requests/") {
		return []string{"AnswerReviews"}
	}
	return []string{"AnswerReleases"}
}

// starting is what a function may do that starts machines, which it names.
func starting(machines []string) []string {
	if len(machines) > 1 {
		return []string{"StartMachines"}
	}
	return []string{"Start" + titled(machines[0])}
}

// titled is a machine's name as the template writes it.
func titled(machine string) string { return strings.ToUpper(machine[:1]) + machine[1:] }

// permissions holds the policies of a function against what its main is made of.
func permissions(folder string, used []use, granted names) []string {
	want := map[string]bool{}
	packages, granting := map[string]bool{}, map[string]int{}
	for _, u := range used {
		var needs []string
		switch u.name {
		case "Table":
			needs = tablePolicies(folder)
		case "Answerer":
			needs = answering(folder)
		case "Starter":
			needs = starting(u.arguments)
		case "Stopper":
			needs = []string{"Stop" + titled(u.arguments[0]) + "s"}
		case "Mail":
			needs = []string{"SendMail"}
		case "Links", "Signer":
			needs = []string{"ReadSecret"}
		}
		for _, n := range needs {
			want[n] = true
		}
		for _, does := range onBucket[u.name] {
			packages[does] = true
		}
	}
	var out []string
	changes := want["WriteTable"]
	for _, p := range granted {
		if p == "ReadItems" && strings.HasPrefix(folder, "tasks/") {
			p = "ReadTable" // the part of it that does for a task that lists nothing
		}
		switch {
		case slices.Contains(beside, p) && changes:
		case objects[p] != "":
			granting[objects[p]]++
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
	for _, does := range []string{"reads", "writes"} {
		if packages[does] != (granting[does] > 0) {
			out = append(out, fmt.Sprintf("%s packages: %v, policies for it: %d", does, packages[does], granting[does]))
		}
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
	const apply = `lambda.Start(api.ApplyRelease(dynamo.Table(), states.Answerer()))`
	granted := func(more ...string) names {
		return append(names{"ReadTable", "WriteTable", "ForgetAttempts", "AnswerReleases"}, more...)
	}
	for name, test := range map[string]struct {
		main    string
		granted names
		want    string
	}{
		"right":    {apply, granted(), ""},
		"too much": {apply, granted("SendMail"), "may SendMail, but its main does not"},
		"missing":  {apply, names{"ReadTable", "WriteTable", "ForgetAttempts"}, "needs AnswerReleases"},
		"stops":    {apply + `states.Stopper("release")`, granted("StartRelease"), "may StartRelease, but its main does not; needs StopReleases"},
		"bucket":   {apply, granted("ReadPackages"), "reads packages: false, policies for it: 1"},
		"reader":   {apply + `bucket.Reader()`, granted("ReadPackages"), ""},
		"no read":  {apply + `signed.Addresses()`, granted(), "reads packages: true, policies for it: 0"},
		"writer":   {apply + `bucket.Reader()`, granted("ReadPackages", "TakeImages"), "writes packages: false, policies for it: 1"},
		"uploads":  {apply + `bucket.Uploads()`, granted("ReadImages", "TakeImages"), "reads packages: false, policies for it: 1"},
		"keeper":   {apply + `bucket.Keeper()`, granted("ReadImages"), "writes packages: true, policies for it: 0"},
	} {
		if got := strings.Join(permissions("releases/apply", uses([]byte(test.main)), test.granted), "; "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// variables that a use reads, beyond those of all functions.
func (u use) variables() []string {
	switch u.name {
	case "Links":
		return []string{"SLIPWAY_SECRET"}
	case "Signer":
		return []string{"SLIPWAY_SECRET", "SLIPWAY_SIGNING_KEY"}
	case "PublicLinks":
		return []string{"SLIPWAY_BASE_URL", "SLIPWAY_CONSOLE_URL"}
	case "Mail": // what it sends has links in it
		return []string{"SLIPWAY_MAIL_FROM", "SLIPWAY_MAIL_CONFIGURATION", "SLIPWAY_BASE_URL", "SLIPWAY_CONSOLE_URL"}
	case "Setting", "Optional", "Duration":
		return u.arguments[:1]
	case "Starter", "Stopper":
		var out []string
		for _, m := range u.arguments {
			out = append(out, "SLIPWAY_MACHINE_"+strings.ToUpper(m))
		}
		return out
	}
	return nil
}

// variables names every difference between what a main reads and what the template sets for it, and what is set that
// package cloud has no word for.
func variables(used []use, given []string, source string) []string {
	needs := map[string]bool{}
	for _, u := range used {
		for _, v := range u.variables() {
			needs[v] = true
		}
	}
	var out []string
	for _, v := range given {
		if !needs[v] {
			out = append(out, "is given "+v+", and does not read it")
		}
		if !strings.HasPrefix(v, "SLIPWAY_MACHINE_") && !strings.Contains(source, `"`+v+`"`) {
			out = append(out, "is given "+v+", which no code reads")
		}
		delete(needs, v)
	}
	for _, v := range slices.Sorted(maps.Keys(needs)) {
		out = append(out, "reads "+v+", and is not given it")
	}
	return out
}

// readers is the code in which names of variables stand: the packages of cloud, and the mains that have settings of their own.
func readers(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"functions/internal/cloud/*.go", "functions/internal/cloud/*/*.go", "functions/*/*/main.go"} {
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil || len(names) == 0 {
			t.Fatalf("nothing is %s: %v", pattern, err)
		}
		for _, n := range names {
			if !strings.HasSuffix(n, "_test.go") {
				rel, _ := filepath.Rel(root, n)
				all.Write(file(t, rel))
			}
		}
	}
	return all.String()
}

func TestVariablesAreThoseThatAreRead(t *testing.T) {
	template, source := readTemplate(t), readers(t)
	var all []string
	for v := range template.Globals.Function.Environment.Variables {
		all = append(all, v)
	}
	if slices.Sort(all); !slices.Equal(all, []string{"SLIPWAY_BUCKET", "SLIPWAY_TABLE"}) {
		t.Errorf("all functions have %v", all)
	}
	for folder, f := range template.lambdas(t) {
		given := slices.Sorted(maps.Keys(f.Environment.Variables))
		for _, d := range variables(uses(file(t, "functions", folder, "main.go")), given, source) {
			t.Errorf("%s %s", folder, d)
		}
	}
}

func TestPlantedVariablesAreFound(t *testing.T) {
	main := []use{{"Table", nil}, {"Starter", []string{"release"}}, {"Links", nil}}
	const source = `"SLIPWAY_SECRET" "SLIPWAY_MAIL_FROM"`
	for name, c := range map[string]struct {
		given []string
		want  string
	}{
		"right":   {[]string{"SLIPWAY_MACHINE_RELEASE", "SLIPWAY_SECRET"}, ""},
		"missing": {[]string{"SLIPWAY_MACHINE_RELEASE"}, "reads SLIPWAY_SECRET, and is not given it"},
		"extra":   {[]string{"SLIPWAY_MACHINE_RELEASE", "SLIPWAY_SECRET", "SLIPWAY_MAIL_FROM"}, "is given SLIPWAY_MAIL_FROM, and does not read it"},
		"unknown": {[]string{"SLIPWAY_MACHINE_RELEASE", "SLIPWAY_SECRETS"}, "which no code reads"},
	} {
		got := strings.Join(variables(main, c.given, source), "; ")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
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
	for _, name := range []string{"template.yaml", "infra/data.yaml", "infra/identity.yaml", "infra/mail.yaml", "infra/alarms.yaml", "infra/edge.yaml"} {
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
