package stack

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"slipway/functions/internal/moto"
)

// Template is template.yaml after the SAM transform, with its references resolved.
type Template struct {
	raw        translated
	parameters map[string]string
	Functions  map[string]Function // by logical id
	Machines   map[string]Machine  // by name
}

// Machine is one state machine.
type Machine struct {
	Function          // its role; it has no code
	Definition string // substitutions made; the name of a function is followed by caller and the name of the machine
}

// caller stands between the name of a function and that of the machine which calls it, for moto does not tell.
const caller = "--"

// Function is one Lambda function.
type Function struct {
	ID, Folder string
	Timeout    int // seconds
	Variables  map[string]string
	Statements []Statement // of its role
	Bounds     []Statement // of its role; none when it has no bounds
}

// translated is what the SAM translator gives, with what it cannot tell: where the code of a function is.
type translated struct {
	Folders  map[string]string
	Template struct {
		Parameters map[string]struct{ Default any }
		Conditions map[string]any
		Resources  map[string]struct {
			Type       string
			Properties map[string]any
		}
	}
}

// translate applies the transform, as AWS does when a stack is made. Local paths become places in a bucket, as
// sam package makes them.
const translate = `
import json, sys
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse
t = yaml_parse(open(sys.argv[1]).read())
folders = {}
for name, r in t["Resources"].items():
    p = r.get("Properties", {})
    if r["Type"] == "AWS::Serverless::Function":
        folders[name] = p["CodeUri"].strip("/").removeprefix("functions/")
        p["CodeUri"] = "s3://code/" + name
    if r["Type"] == "AWS::Serverless::StateMachine":
        folders[name] = p["DefinitionUri"]
        p["DefinitionUri"] = "s3://code/" + name
aws = {n: "arn:aws:iam::aws:policy/" + n for n in ("AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSLambdaDynamoDBExecutionRole")}
json.dump({"folders": folders, "template": Translator(aws, Parser()).translate(t, {})}, sys.stdout, default=str)
`

// ReadTemplate reads a template at the top of the work tree. Without the SAM translator the test is skipped, on CI it fails.
func ReadTemplate(t testing.TB, path string) *Template {
	t.Helper()
	cmd := exec.Command("python3", "-c", translate, path)
	cmd.Env = append(os.Environ(), "AWS_DEFAULT_REGION="+moto.Region)
	said := &strings.Builder{}
	cmd.Stderr = said
	out, err := cmd.Output()
	if err != nil {
		if strings.Contains(said.String(), "No module named") || strings.Contains(err.Error(), "not found") {
			const how = "the SAM translator is missing: pip install aws-sam-translator"
			if os.Getenv("CI") == "true" {
				t.Fatal(how)
			}
			t.Skip(how)
		}
		t.Fatalf("translate %s: %v\n%s", path, err, said)
	}
	tpl := &Template{}
	if err := json.Unmarshal(out, &tpl.raw); err != nil {
		t.Fatal(err)
	}
	for id, file := range tpl.raw.Folders {
		if strings.HasSuffix(file, ".asl.json") {
			tpl.raw.Folders[id] = filepath.Join(filepath.Dir(path), file)
		}
	}
	return tpl.with(nil)
}

// with resolves the template for values of its parameters.
func (t *Template) with(parameters map[string]string) *Template {
	out := &Template{raw: t.raw, parameters: parameters, Functions: map[string]Function{}, Machines: map[string]Machine{}}
	for id, r := range t.raw.Template.Resources {
		switch r.Type {
		case "AWS::Lambda::Function":
			out.Functions[id] = out.function(id, r.Properties)
		case "AWS::StepFunctions::StateMachine":
			m := out.machine(id, r.Properties)
			out.Machines[out.text(r.Properties["StateMachineName"])] = m
		}
	}
	return out
}

func (t *Template) function(id string, properties map[string]any) Function {
	f := Function{ID: id, Folder: t.raw.Folders[id], Variables: map[string]string{}}
	f.Timeout, _ = strconv.Atoi(t.text(properties["Timeout"]))
	if environment, ok := properties["Environment"].(map[string]any); ok {
		variables, _ := environment["Variables"].(map[string]any)
		for name, value := range variables {
			f.Variables[name] = t.text(value)
		}
	}
	f.role(t, t.text(properties["Role"]))
	return f
}

func (t *Template) machine(id string, properties map[string]any) Machine {
	definition, err := os.ReadFile(t.raw.Folders[id])
	if err != nil {
		panic(err) // the template names a file that is not there
	}
	m := Machine{Function: Function{ID: id}, Definition: string(definition)}
	name := t.text(properties["StateMachineName"])
	substitutions, _ := properties["DefinitionSubstitutions"].(map[string]any)
	for variable, value := range substitutions {
		arn := t.text(value)
		if strings.Contains(arn, ":function:") {
			arn += caller + name
		}
		m.Definition = strings.ReplaceAll(m.Definition, "${"+variable+"}", arn)
	}
	m.role(t, t.text(properties["RoleArn"]))
	return m
}

// role reads what a role may do.
func (f *Function) role(t *Template, arn string) {
	role := t.raw.Template.Resources[strings.TrimSuffix(arn, ".Arn")].Properties
	managed, _ := role["ManagedPolicyArns"].([]any)
	for _, policy := range managed {
		f.Statements = append(f.Statements, t.policy(t.text(policy))...)
	}
	inline, _ := role["Policies"].([]any)
	for _, policy := range inline {
		p, _ := policy.(map[string]any)
		f.Statements = append(f.Statements, t.statements(f.ID, p["PolicyDocument"])...)
	}
	if bounds := t.text(role["PermissionsBoundary"]); bounds != "" {
		f.Bounds = t.policy(bounds)
	}
}

// policy is what a managed policy says: one of the template's own, or one that SAM adds.
func (t *Template) policy(name string) []Statement {
	if name := name[strings.LastIndex(name, "/")+1:]; added[name] != nil {
		return []Statement{{Policy: name, Actions: added[name], Resources: []string{"*"}}}
	}
	r, ok := t.raw.Template.Resources[name]
	if !ok {
		panic("stack: there is no policy " + name)
	}
	return t.statements(name, r.Properties["PolicyDocument"])
}

// added are the policies of AWS's own that SAM gives a function for logs, traces and streams.
var added = map[string][]string{
	"AWSLambdaBasicExecutionRole":    {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"},
	"AWSXrayWriteOnlyAccess":         {"xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries"},
	"AWSLambdaDynamoDBExecutionRole": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"},
}

func (t *Template) statements(policy string, document any) (out []Statement) {
	d, _ := document.(map[string]any)
	list, _ := d["Statement"].([]any)
	for _, raw := range list {
		s, _ := raw.(map[string]any)
		if s["Effect"] != "Allow" {
			panic("stack: " + policy + " has a statement that does not allow; say here how it is to be judged")
		}
		st := Statement{Policy: policy, Actions: t.texts(s["Action"]), Resources: t.texts(s["Resource"]), Conditions: map[string]map[string][]string{}}
		conditions, _ := s["Condition"].(map[string]any)
		for operator, keys := range conditions {
			st.Conditions[operator] = map[string][]string{}
			for key, values := range keys.(map[string]any) {
				st.Conditions[operator][key] = t.texts(values)
			}
		}
		out = append(out, st)
	}
	return out
}

func (t *Template) texts(v any) (out []string) {
	list, ok := v.([]any)
	if !ok {
		return []string{t.text(v)}
	}
	for _, item := range list {
		out = append(out, t.text(item))
	}
	return out
}

// text resolves a value and its intrinsic functions.
func (t *Template) text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case map[string]any:
		for name, argument := range v {
			return t.intrinsic(name, argument)
		}
	}
	return fmt.Sprint(v)
}

func (t *Template) intrinsic(name string, argument any) string {
	list, _ := argument.([]any)
	switch name {
	case "Ref":
		return t.Output(argument.(string))
	case "Fn::GetAtt":
		if list != nil {
			return t.Output(t.text(list[0]) + "." + t.text(list[1]))
		}
		return t.Output(argument.(string))
	case "Fn::Sub":
		text, names := argument, map[string]any{}
		if list != nil {
			text, names = list[0], list[1].(map[string]any)
		}
		return os.Expand(text.(string), func(n string) string {
			if value, ok := names[n]; ok {
				return t.text(value)
			}
			return t.Output(n)
		})
	case "Fn::If":
		if t.holds(t.raw.Template.Conditions[list[0].(string)]) {
			return t.text(list[1])
		}
		return t.text(list[2])
	case "Fn::Join":
		return strings.Join(t.texts(list[1]), t.text(list[0]))
	}
	panic("stack: the template uses " + name + ", which is not resolved here yet")
}

// holds judges a condition.
func (t *Template) holds(condition any) bool {
	c, _ := condition.(map[string]any)
	for name, argument := range c {
		list, _ := argument.([]any)
		switch name {
		case "Fn::Equals":
			return t.text(list[0]) == t.text(list[1])
		case "Fn::Not":
			return !t.holds(list[0])
		case "Fn::And":
			return t.holds(list[0]) && t.holds(list[1])
		case "Fn::Or":
			return t.holds(list[0]) || t.holds(list[1])
		case "Condition":
			return t.holds(t.raw.Template.Conditions[argument.(string)])
		}
	}
	return false
}

// outputs are what AWS would make up. What is not here is named after itself, which is as good where it is only passed on.
var outputs = map[string]string{
	"AWS::StackName": "slipway", "AWS::Region": moto.Region, "AWS::AccountId": account, "AWS::Partition": "aws", "AWS::NoValue": "", "AWS::URLSuffix": "amazonaws.com",
	"Data.Outputs.TableName": "slipway-table", "Data.Outputs.TableArn": "arn:aws:dynamodb:" + moto.Region + ":" + account + ":table/slipway-table",
	"Data.Outputs.TableStreamArn": "arn:aws:dynamodb:" + moto.Region + ":" + account + ":table/slipway-table/stream/1",
	"Data.Outputs.BucketName":     "slipway-packages", "Data.Outputs.BucketArn": "arn:aws:s3:::slipway-packages",
	"Data.Outputs.SecretArn":        "arn:aws:secretsmanager:" + moto.Region + ":" + account + ":secret:slipway-secret",
	"Mail.Outputs.ConfigurationSet": "slipway-mail",
}

// Output is the value of a reference: a parameter, a pseudo parameter, or an attribute of a resource.
func (t *Template) Output(name string) string {
	if value, ok := t.parameters[name]; ok {
		return value
	}
	if p, ok := t.raw.Template.Parameters[name]; ok {
		return t.text(p.Default)
	}
	if value, ok := outputs[name]; ok {
		return value
	}
	id, attribute, _ := strings.Cut(name, ".")
	switch r := t.raw.Template.Resources[id]; {
	case r.Type == "AWS::Lambda::Function" && attribute == "Arn":
		return "arn:aws:lambda:" + moto.Region + ":" + account + ":function:" + id
	case r.Type == "AWS::Logs::LogGroup" && attribute == "Arn":
		return "arn:aws:logs:" + moto.Region + ":" + account + ":log-group:" + t.text(r.Properties["LogGroupName"]) + ":*"
	}
	return name
}

// Program is where Build leaves the program of a function.
func Program(dir, folder string) string { return filepath.Join(dir, filepath.FromSlash(folder)) }

// Build makes the programs of all functions of a template, for this machine, from their mains below root: those of one
// resource at once, for the go command takes longer to look whether a program is made already than to look at many.
func (t *Template) Build(tb testing.TB, root, dir string) {
	tb.Helper()
	resources := map[string][]string{}
	for f := range maps.Values(t.Functions) {
		resource := path.Dir(f.Folder)
		resources[resource] = append(resources[resource], "./functions/"+f.Folder)
	}
	for resource, mains := range resources {
		to := Program(dir, resource) + "/" // a folder, in which each program is named after its own
		cmd := exec.Command("go", append([]string{"build", "-tags", "lambda.norpc,nethttpomithttp2", "-trimpath", "-ldflags", "-s -w", "-o", to}, mains...)...)
		cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
		if said, err := cmd.CombinedOutput(); err != nil {
			tb.Fatalf("go build %s: %v\n%s", resource, err, said)
		}
	}
}
