package layout_test

import (
	"encoding/json"
	"maps"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"slipway/functions/internal/api"
)

// optional are the variables without which a function starts.
var optional = map[string]string{
	"SLIPWAY_BASE_URL": "https://slipway.example", "SLIPWAY_CONSOLE_URL": "https://console.slipway.example",
	"SLIPWAY_SIGNING_KEY": "1", "SLIPWAY_MAIL_CONFIGURATION": "slipway",
}

// surroundings are what Lambda and the template set for a function; required are those that it cannot do without.
func surroundings(t testing.TB, folder string) (environment map[string]string, required []string) {
	t.Helper()
	environment = map[string]string{"AWS_LAMBDA_FUNCTION_NAME": path.Base(folder), "AWS_SESSION_TOKEN": "session"}
	need := func(name, value string) {
		environment[name] = value
		required = append(required, name)
	}
	for _, u := range uses(file(t, "functions", folder, "main.go")) {
		switch {
		case u.name == "Table":
			need("SLIPWAY_TABLE", "slipway")
		case onBucket[u.name] != nil:
			need("SLIPWAY_BUCKET", "packages")
		case u.name == "Optional" || u.name == "PublicLinks":
			continue
		}
		if !slices.Contains(required, "AWS_REGION") && u.name != "Setting" {
			need("AWS_REGION", "eu-central-1")
			need("AWS_ACCESS_KEY_ID", "key")
			need("AWS_SECRET_ACCESS_KEY", "secret")
		}
		for _, v := range u.variables() {
			if value, ok := optional[v]; ok {
				environment[v] = value
				continue
			}
			value := "arn:aws:states:eu-central-1:123456789012:stateMachine:any"
			switch {
			case v == "SLIPWAY_ISSUERS":
				value = "https://slipway.example"
			case u.name == "Duration":
				value = "5m"
			}
			need(v, value)
		}
	}
	slices.Sort(required)
	return environment, slices.Compact(required)
}

// eventFor is an event of the kind that the function is there for, about things that do not exist.
func (s *stage) eventFor(t testing.TB, folder string) []byte {
	t.Helper()
	event := map[string]any{ // what the machines hand to their tasks, a schedule and a custom resource, in one
		"release": "rel_none", "request": "req_none", "party": "app", "token": "token", "execution": 1, "time": "2026-01-31T12:00:00Z",
		"now": "2026-01-31T12:00:00Z", "startedAt": "2026-01-31T12:00:00Z", "command": map[string]any{"id": "cmd_1", "action": "test"},
	}
	switch folder {
	case "tasks/found":
		event = map[string]any{"RequestType": "Delete", "ResponseURL": s.aws.URL, "RequestId": "request-1", "ResourceProperties": map[string]any{}}
	case "workspaces/authorize":
		event = map[string]any{"version": "2.0", "type": "REQUEST", "headers": map[string]string{"authorization": "Bearer nonsense"}}
	}
	for _, r := range api.Routes {
		if r.Function == folder {
			event = gatewayEvent(r)
			break
		}
	}
	data, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

func gatewayEvent(r api.Route) map[string]any {
	parameters := map[string]string{}
	for _, m := range parameter.FindAllStringSubmatch(r.Pattern, -1) {
		parameters[m[1]] = "none"
	}
	who := map[string]any{"lambda": map[string]any{"subject": "sub-1", "email": "mia@example.com", "name": "Mia"}}
	return map[string]any{
		"version": "2.0", "routeKey": r.Key(), "rawPath": parameter.ReplaceAllString(r.Pattern, "none"), "pathParameters": parameters,
		"headers": map[string]string{"content-type": "application/json"}, "body": "{}",
		"requestContext": map[string]any{
			"requestId": "request-1", "routeKey": r.Key(), "timeEpoch": int64(1769860800000), "authorizer": who,
			"apiId": "gateway", "domainName": "gateway.execute-api.eu-central-1.amazonaws.com",
			"http": map[string]string{"method": r.Method, "sourceIp": "203.0.113.9"},
		},
	}
}

// sensible says what is wrong with an answer to such an event.
func sensible(folder string, r reply) string {
	if strings.HasPrefix(folder, "tasks/") {
		var said struct{ ErrorType string }
		if r.failed && (json.Unmarshal(r.body, &said) != nil || !taskErrors[said.ErrorType]) {
			return "fails with " + string(r.body)
		}
		return ""
	}
	if folder == "workspaces/authorize" {
		if !strings.Contains(string(r.body), `"isAuthorized":`) {
			return "answers " + string(r.body)
		}
		return ""
	}
	var a struct {
		StatusCode int
		Headers    map[string]string
	}
	if r.failed || json.Unmarshal(r.body, &a) != nil || a.StatusCode < 200 || a.StatusCode >= 500 || a.Headers["Content-Type"] == "" && a.Headers["content-type"] == "" {
		return "answers " + string(r.body)
	}
	return ""
}

// taskErrors are what a task may say of things that do not exist, or of an event that names too little.
var taskErrors = map[string]bool{"NotFound": true, "Invalid": true, "Refused": true, "NotApproved": true, "Gone": true, "Conflict": true}

func TestEveryFunctionStarts(t *testing.T) {
	onlyInCI(t)
	s := newStage(t)
	for _, folder := range mains(t) {
		t.Run(folder, func(t *testing.T) {
			program := programOf(t, runtime.GOARCH, folder)
			environment, required := surroundings(t, folder)
			a, _ := s.start(t, path.Base(folder), program, environment)
			r, ok := a.invoke(s.eventFor(t, folder))
			if !ok {
				t.Fatalf("ended: %s", a.said.String())
			}
			a.end()
			if wrong := sensible(folder, r); wrong != "" {
				t.Errorf("%s, saying %s", wrong, a.said.String())
			}
			for _, v := range required {
				without := maps.Clone(environment)
				delete(without, v)
				a, _ := s.start(t, path.Base(folder), program, without)
				select {
				case <-a.ended:
				case <-a.polled:
					a.end()
					t.Errorf("starts without %s", v)
					continue
				}
				if a.cmd.ProcessState.ExitCode() <= 0 || !strings.Contains(a.said.String(), v) {
					t.Errorf("without %s it ends with %v, saying %q", v, a.cmd.ProcessState, a.said.String())
				}
			}
		})
	}
}

// TestEveryFunctionStartsOnArm starts the programs that are deployed, which are for another processor than most machines
// that test have.
func TestEveryFunctionStartsOnArm(t *testing.T) {
	onlyInCI(t)
	s := newStage(t)
	if runtime.GOARCH != "arm64" {
		s.emulator = needs(t, "qemu-aarch64", "apt-get install qemu-user")
	}
	for _, folder := range mains(t) {
		program := programOf(t, "arm64", folder)
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			environment, _ := surroundings(t, folder)
			a, _ := s.start(t, path.Base(folder), program, environment)
			r, ok := a.invoke(s.eventFor(t, folder))
			if !ok {
				t.Fatalf("ended: %s", a.said.String())
			}
			a.end()
			if wrong := sensible(folder, r); wrong != "" {
				t.Errorf("%s, saying %s", wrong, a.said.String())
			}
		})
	}
}

func TestPlantedAnswersAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		folder string
		r      reply
		wrong  bool
	}{
		"a problem":              {"releases/apply", reply{body: []byte(`{"statusCode":404,"headers":{"Content-Type":"application/problem+json"}}`)}, false},
		"an internal error":      {"releases/apply", reply{body: []byte(`{"statusCode":500,"headers":{"Content-Type":"application/problem+json"}}`)}, true},
		"an error of a handler":  {"releases/apply", reply{body: []byte(`{"errorType":"x"}`), failed: true}, true},
		"a task's name":          {"tasks/act", reply{body: []byte(`{"errorType":"NotFound"}`), failed: true}, false},
		"a wrapped error's name": {"tasks/act", reply{body: []byte(`{"errorType":"wrapError"}`), failed: true}, true},
		"an authorizer's panic":  {"workspaces/authorize", reply{body: []byte(`{"errorType":"x"}`), failed: true}, true},
	} {
		if got := sensible(c.folder, c.r); (got != "") != c.wrong {
			t.Errorf("%s: %q", name, got)
		}
	}
}
