package layout_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/task"
	"slipway/statemachines"
)

// machine is what the tests read of a state machine.
type machine struct {
	StartAt        string
	States         map[string]state
	TimeoutSeconds int
}

type state struct {
	Type           string
	Resource       string
	Comment        string
	Next           string
	Default        string
	Error          string
	TimeoutSeconds int
	// From its input, where people say how long.
	TimeoutSecondsPath string
	Parameters         struct {
		FunctionName string
		Payload      map[string]any
	}
	Choices []struct{ Variable, StringEquals, Next string }
	Retry   []struct{ ErrorEquals []string }
	Catch   []struct {
		Comment     string
		ErrorEquals []string
	}
	ItemProcessor *machine
}

// each visits every state, those inside maps too.
func (m machine) each(visit func(name string, s state)) {
	for name, s := range m.States {
		visit(name, s)
		if s.ItemProcessor != nil {
			s.ItemProcessor.each(visit)
		}
	}
}

func readMachine(t *testing.T, data []byte) machine {
	t.Helper()
	var m machine
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// known are all names that an ErrorEquals may have: those of our tasks, and those of AWS.
func known() map[string]bool {
	out := map[string]bool{
		task.Refused: true, task.NotApproved: true, "States.ALL": true, "States.Timeout": true, "States.TaskFailed": true,
		"Lambda.ServiceException": true, "Lambda.AWSLambdaException": true, "Lambda.SdkClientException": true, "Lambda.TooManyRequestsException": true,
	}
	for _, k := range []fault.Kind{
		fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Stale, fault.Gone,
		fault.TooLarge, fault.Unprocessable, fault.Limited, fault.Unavailable, fault.Internal,
	} {
		out[task.ErrorName(fault.New(k, "", "x"))] = true
	}
	return out
}

// commandWords are the actions that the machine itself is told, beside those of the lifecycle.
var commandWords = []string{"hand-over", "end"}

// meant says whether a choice compares with a word that its variable can have.
func meant(m machine, variable, word string) bool {
	switch {
	case strings.HasSuffix(variable, ".action"):
		return slices.Contains(release.Actions, release.Action(word)) || slices.Contains(commandWords, word)
	case strings.HasSuffix(variable, ".to"), strings.HasSuffix(variable, ".from"), strings.HasSuffix(variable, ".onApproval"):
		return slices.Contains(release.Statuses, release.Status(word))
	case variable == "$.startAt":
		_, ok := m.States[word]
		return ok
	}
	return true
}

// holdMachine names everything in a machine that code and template do not know.
func holdMachine(m machine, inputs, functions map[string]bool) []string {
	var out []string
	names := known()
	m.each(func(name string, s state) {
		say := func(format string, args ...any) { out = append(out, name+": "+fmt.Sprintf(format, args...)) }
		if s.Comment == "" {
			say("has no comment")
		}
		for _, r := range s.Retry {
			for _, e := range r.ErrorEquals {
				if !names[e] {
					say("retries %q, which no task fails with", e)
				}
			}
		}
		for _, c := range s.Catch {
			if c.Comment == "" {
				say("catches %v without a comment", c.ErrorEquals)
			}
			for _, e := range c.ErrorEquals {
				if !names[e] {
					say("catches %q, which no task fails with", e)
				}
			}
		}
		for _, c := range s.Choices {
			if !meant(m, c.Variable, c.StringEquals) {
				say("asks whether %s is %q, which it never is", c.Variable, c.StringEquals)
			}
		}
		if s.Type != "Task" {
			return
		}
		if function := strings.Trim(s.Parameters.FunctionName, "${}"); !functions[function] {
			say("calls %q, which template.yaml does not give it", s.Parameters.FunctionName)
		}
		for field := range s.Parameters.Payload {
			if !inputs[strings.TrimSuffix(field, ".$")] {
				say("passes %q, which no task reads", field)
			}
		}
	})
	slices.Sort(out)
	return out
}

// inputs are the fields that tasks read.
func inputs(of any) map[string]bool {
	out := map[string]bool{}
	for f := range reflect.TypeOf(of).Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out[name] = true
	}
	return out
}

// deployed is a state machine of the template.
type deployed struct {
	Name          string               `yaml:"Name"`
	DefinitionURI string               `yaml:"DefinitionUri"`
	Substitutions map[string]yaml.Node `yaml:"DefinitionSubstitutions"`
}

// deployedMachines are the state machines of the template, by the name under which they are started.
func deployedMachines(t *testing.T) map[string]deployed {
	t.Helper()
	out := map[string]deployed{}
	for id, r := range readTemplate(t).Resources {
		if r.Type != "AWS::Serverless::StateMachine" {
			continue
		}
		var d deployed
		if err := r.Properties.Decode(&d); err != nil {
			t.Fatal(err)
		}
		name := strings.ToLower(id)
		if want := "statemachines/" + name + ".asl.json"; d.DefinitionURI != want || d.Name != "${AWS::StackName}-"+name {
			t.Errorf("%s is deployed from %s under the name %s, want %s", id, d.DefinitionURI, d.Name, want)
		}
		out[name] = d
	}
	return out
}

func TestMachinesSpeakOfWhatThereIs(t *testing.T) {
	machines := deployedMachines(t)
	for name, data := range statemachines.All() {
		d, ok := machines[name]
		if !ok {
			t.Errorf("template.yaml does not deploy the machine %s", name)
		}
		delete(machines, name)
		substitutions := map[string]string{}
		for substitution, to := range d.Substitutions {
			substitutions[substitution] = to.Value
		}
		for _, wrong := range holdDeployed(readMachine(t, data), inputs(task.Input{}), substitutions) {
			t.Errorf("%s: %s", name, wrong)
		}
	}
	for name := range machines {
		t.Errorf("template.yaml deploys the machine %s, which no code knows", name)
	}
	for _, wrong := range holdStarts(readMachine(t, statemachines.Release), startStates(t, file(t, "functions/internal/task/act.go"))) {
		t.Error(wrong)
	}
}

// holdDeployed is holdMachine with what the template substitutes in the machine.
func holdDeployed(m machine, inputs map[string]bool, substitutions map[string]string) (out []string) {
	given := map[string]bool{}
	for substitution, to := range substitutions {
		given[substitution] = true
		if want := "Tasks" + strings.TrimSuffix(substitution, "FunctionArn") + ".Arn"; to != want {
			out = append(out, fmt.Sprintf("%s is %s, want %s", substitution, to, want))
		}
	}
	out = append(out, holdMachine(m, inputs, given)...)
	m.each(func(_ string, s state) { delete(given, strings.Trim(s.Parameters.FunctionName, "${}")) })
	for substitution := range given {
		out = append(out, "template.yaml gives it "+substitution+", which it never calls")
	}
	return out
}

// holdStarts names the states in which new executions begin and that the machine does not have, or does not lead to.
func holdStarts(m machine, starts []string) (out []string) {
	asked := map[string]bool{}
	for _, c := range m.States[m.StartAt].Choices {
		asked[c.StringEquals] = c.Variable == "$.startAt" && c.Next == c.StringEquals
	}
	for _, start := range starts {
		if _, ok := m.States[start]; !ok {
			out = append(out, fmt.Sprintf("task.startState names %q, which is no state", start))
		} else if !asked[start] {
			out = append(out, fmt.Sprintf("task.startState names %q, to which %s does not lead", start, m.StartAt))
		}
	}
	return out
}

// startStates are where tasks let a new execution begin: the values of the table startState in package task.
func startStates(t *testing.T, source []byte) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "act.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Names[0].Name != "startState" {
			return true
		}
		for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
			word, err := strconv.Unquote(e.(*ast.KeyValueExpr).Value.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, word)
		}
		return false
	})
	if len(out) == 0 {
		t.Fatal("task.startState was not found")
	}
	return out
}

func TestFunctionsEndBeforeTheirStates(t *testing.T) {
	functions := readTemplate(t).lambdas(t)
	for _, data := range statemachines.All() {
		for _, wrong := range holdTimes(readMachine(t, data), functions) {
			t.Error(wrong)
		}
	}
	for _, wrong := range holdDoor(functions) {
		t.Error(wrong)
	}
}

// mostSeconds is how long an execution lives at most: AWS ends it after a year, with a failure that nothing catches.
const mostSeconds = 365 * 24 * 3600

// holdTimes names the functions that a state of the machine may give up on while they still work, and waits without end.
func holdTimes(m machine, functions map[string]lambda) (out []string) {
	if m.TimeoutSeconds <= 0 || m.TimeoutSeconds >= mostSeconds {
		out = append(out, fmt.Sprintf("the machine ends after %d s; AWS ends it after %d", m.TimeoutSeconds, mostSeconds))
	}
	m.each(func(name string, s state) {
		if s.Type != "Task" {
			return
		}
		if strings.HasSuffix(s.Resource, ".waitForTaskToken") { // it waits for people, not for its function
			if s.TimeoutSecondsPath == "" && (s.TimeoutSeconds <= 0 || s.TimeoutSeconds >= m.TimeoutSeconds) {
				out = append(out, fmt.Sprintf("%s waits %d s, longer than the machine lives", name, s.TimeoutSeconds))
			}
			return
		}
		function := "Tasks" + strings.TrimSuffix(strings.Trim(s.Parameters.FunctionName, "${}"), "FunctionArn")
		for _, f := range functions {
			if f.Name == function && f.Timeout >= s.TimeoutSeconds {
				out = append(out, fmt.Sprintf("%s may run %d s, but %s waits %d s", function, f.Timeout, name, s.TimeoutSeconds))
			}
		}
	})
	return out
}

// holdDoor names the functions that the API would give up on.
func holdDoor(functions map[string]lambda) (out []string) {
	for folder, f := range functions {
		if !strings.HasPrefix(folder, "tasks/") && f.Timeout > 29 {
			out = append(out, fmt.Sprintf("%s may run %d s, but an HTTP API gives up after 30", folder, f.Timeout))
		}
	}
	return out
}

func TestPlantedDifferencesOfMachinesAreFound(t *testing.T) {
	const source = "package task\n\nvar startState = map[string]string{\"a\": \"Wait\"}\n"
	const good = `{"StartAt":"Where?","TimeoutSeconds":3600,"States":{
		"Park":{"Type":"Task","Comment":"c","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","TimeoutSeconds":600,"Parameters":{"FunctionName":"${ActFunctionArn}"}},
		"Where?":{"Type":"Choice","Comment":"c","Choices":[{"Variable":"$.startAt","StringEquals":"Wait","Next":"Wait"}]},
		"Wait":{"Type":"Task","Comment":"c","TimeoutSeconds":60,"Parameters":{"FunctionName":"${ActFunctionArn}"}}}}`
	for name, test := range map[string]struct {
		old, new      string // in the machine
		substitutions map[string]string
		source        string
		timeout       int
		want          string
	}{
		"none":                   {"", "", nil, source, 50, ""},
		"another function":       {"", "", map[string]string{"ActFunctionArn": "TasksAsk.Arn"}, source, 50, "is TasksAsk.Arn, want TasksAct.Arn"},
		"a substitution missing": {"", "", map[string]string{}, source, 50, "which template.yaml does not give it"},
		"one that nobody uses":   {"", "", map[string]string{"ActFunctionArn": "TasksAct.Arn", "AskFunctionArn": "TasksAsk.Arn"}, source, 50, "AskFunctionArn, which it never calls"},
		"a start renamed":        {"", "", nil, strings.Replace(source, "Wait", "Await", 1), 50, "which is no state"},
		"a state renamed":        {`"Wait":{`, `"Await":{`, nil, source, 50, "which is no state"},
		"a start not led to":     {`"StringEquals":"Wait"`, `"StringEquals":"Where?"`, nil, source, 50, "does not lead"},
		"a slower function":      {"", "", nil, source, 60, "may run 60 s, but Wait waits 60 s"},
		"a state without time":   {`"TimeoutSeconds":60,`, "", nil, source, 50, "waits 0 s"},
		"a slow function":        {"", "", nil, source, -30, "gives up after 30"},
		"a machine without end":  {`"TimeoutSeconds":3600,`, "", nil, source, 50, "the machine ends after 0 s"},
		"one that AWS ends":      {`"TimeoutSeconds":3600`, `"TimeoutSeconds":31536000`, nil, source, 50, "AWS ends it after"},
		"a wait without end":     {`"TimeoutSeconds":600,`, "", nil, source, 50, "Park waits 0 s"},
		"a wait that is longer":  {`"TimeoutSeconds":600`, `"TimeoutSeconds":3600`, nil, source, 50, "Park waits 3600 s"},
	} {
		substitutions := test.substitutions
		if substitutions == nil {
			substitutions = map[string]string{"ActFunctionArn": "TasksAct.Arn"}
		}
		m := readMachine(t, []byte(strings.Replace(good, test.old, test.new, 1)))
		got := holdDeployed(m, inputs(task.Input{}), substitutions)
		got = append(got, holdStarts(m, startStates(t, []byte(test.source)))...)
		functions := map[string]lambda{"tasks/act": {Name: "TasksAct", Timeout: max(test.timeout, 0)}, "releases/read": {Name: "ReleasesRead", Timeout: max(-test.timeout, 0)}}
		got = append(append(got, holdTimes(m, functions)...), holdDoor(functions)...)
		if all := strings.Join(got, "; "); (test.want == "") != (all == "") || !strings.Contains(all, test.want) {
			t.Errorf("%s: %q, want %q", name, all, test.want)
		}
	}
}

func TestPlantedFaultsInMachinesAreFound(t *testing.T) {
	const good = `{"StartAt":"A","States":{"A":{"Type":"Task","Comment":"c","Parameters":{"FunctionName":"${ActFunctionArn}","Payload":{"release.$":"$.r"}},
		"Retry":[{"ErrorEquals":["Conflict"]}],"Catch":[{"Comment":"c","ErrorEquals":["Refused"]}]},
		"B":{"Type":"Choice","Comment":"c","Choices":[{"Variable":"$.command.action","StringEquals":"apply","Next":"A"}]}}}`
	for name, test := range map[string]struct{ old, new, want string }{
		"retry":   {`"Conflict"`, `"Conflikt"`, "retries"},
		"catch":   {`"Refused"`, `"refused"`, "catches"},
		"action":  {`"apply"`, `"aply"`, "asks whether"},
		"task":    {`${ActFunctionArn}`, `${ActFunction}`, "calls"},
		"input":   {`"release.$"`, `"relaese.$"`, "passes"},
		"comment": {`"Comment":"c","ErrorEquals"`, `"ErrorEquals"`, "without a comment"},
		"none":    {"", "", ""},
	} {
		m := readMachine(t, []byte(strings.Replace(good, test.old, test.new, 1)))
		got := strings.Join(holdMachine(m, inputs(task.Input{}), map[string]bool{"ActFunctionArn": true}), "; ")
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
