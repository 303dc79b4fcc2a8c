// Package stack deploys template.yaml on moto: every function is the program of its own main in a process of its own,
// with the variables and the permissions of the template; tables, buckets, mails and machines are moto's.
//
// It stands for what AWS does around the functions: API Gateway, the Lambda Runtime API, IAM, the table's stream, an
// identity provider. It knows no rule of Slipway, is imported by tests only, and speaks to moto over plain HTTP.
package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/local"
	"slipway/functions/internal/moto"
)

// account is where everything but executions lives: moto's own.
const account = "123456789012"

// Stack is a deployed template that ends with its test.
type Stack struct {
	t         testing.TB
	template  *Template
	server    *moto.Server
	workflow  *moto.Workflow
	door      *door
	runtime   *runtime
	functions map[string]*function // by logical id
	identity  *provider
	front     *httptest.Server
	post      *postOffice
	ringing   chan struct{}
	tokens    sync.Map // of tasks that machines parked: the name of the machine
	temporary string   // has a folder for temporary files for each function, as /tmp is on Lambda
}

// Options say what is deployed.
type Options struct {
	Template *Template
	Programs string    // folder of the programs, as Build leaves them
	Ledger   *Ledger   // takes down every call to AWS
	Log      io.Writer // takes what functions log; nil drops it
}

// Start deploys. Nothing is seeded.
func Start(t testing.TB, o Options) *Stack {
	t.Helper()
	s := &Stack{t: t, server: moto.Start(t), ringing: make(chan struct{}, 1), post: &postOffice{}, functions: map[string]*function{}, temporary: t.TempDir()}
	s.identity = newProvider(t)
	s.runtime = newRuntime(t)
	s.front = httptest.NewUnstartedServer(nil)
	base := "http://" + s.front.Listener.Addr().String()
	s.template = o.Template.with(map[string]string{
		"MailIdentity": "example.com", "MailFrom": "slipway@example.com", "BaseUrl": base,
		"Issuers": s.identity.URL(), "Audience": audience,
	})
	s.door = newDoor(t, s, o.Ledger)
	s.workflow = s.server.StepFunctions(t, s.call)
	s.resources(t)
	for id, f := range s.template.Functions {
		s.functions[id] = &function{
			Function: f, runtime: s.runtime, program: Program(o.Programs, f.Folder), slots: make(chan struct{}, mostProcesses), log: o.Log,
			environment: s.environment(id, f),
		}
	}
	t.Cleanup(func() {
		for _, f := range s.functions {
			f.end()
		}
		s.leftovers(t)
	})
	s.front.Config.Handler = s.handler()
	s.front.Start()
	t.Cleanup(s.front.Close)
	s.deliver(t)
	return s
}

// environment is what Lambda gives a process of a function.
func (s *Stack) environment(id string, f Function) []string {
	folder := filepath.Join(s.temporary, id)
	if err := os.Mkdir(folder, 0o700); err != nil {
		s.t.Fatal(err)
	}
	out := []string{
		"AWS_LAMBDA_FUNCTION_NAME=" + id, "AWS_REGION=" + moto.Region, "AWS_ENDPOINT_URL=" + s.door.URL(),
		// The key names the function: like this every call to AWS says who makes it.
		"AWS_ACCESS_KEY_ID=" + id, "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN=session",
		"PATH=" + os.Getenv("PATH"), "TMPDIR=" + folder, "HOME=" + folder,
	}
	for name, value := range f.Variables {
		out = append(out, name+"="+value)
	}
	return out
}

// leftovers fails the test over what functions left where the next invocation could read it.
func (s *Stack) leftovers(t testing.TB) {
	for id := range s.functions {
		left, err := os.ReadDir(filepath.Join(s.temporary, id))
		if err != nil || len(left) > 0 {
			t.Errorf("%s left in its folder for temporary files: %v, %v", id, left, err)
		}
	}
}

// Processes are the ids of the processes that a function has had.
func (s *Stack) Processes(id string) []int {
	f := s.functions[id]
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []int
	for _, p := range f.all {
		out = append(out, p.command.Process.Pid)
	}
	return out
}

// Environ points the variables of this process at the stack, so that a test can open the table itself; its calls are
// not taken down.
func (s *Stack) Environ() {
	for name, value := range map[string]string{
		"AWS_REGION": moto.Region, "AWS_ENDPOINT_URL": s.door.URL(), "AWS_ACCESS_KEY_ID": nobody, "AWS_SECRET_ACCESS_KEY": "secret",
		"SLIPWAY_TABLE": s.template.Output("Data.Outputs.TableName"), "SLIPWAY_BUCKET": s.template.Output("Data.Outputs.BucketName"),
	} {
		_ = os.Setenv(name, value) // fails for names that are none
	}
}

// Base is where the API answers.
func (s *Stack) Base() string { return "http://" + s.front.Listener.Addr().String() }

// Workflow is the machines, for tests that look at their paths.
func (s *Stack) Workflow() *moto.Workflow { return s.workflow }

// call is what machines call functions through. It is moto.Handler.
func (s *Stack) call(name string, payload []byte) (out []byte, errType, errMsg string) {
	id, machine, _ := strings.Cut(name, caller)
	role := s.template.Machines[machine].Function
	c := Call{Action: "lambda:InvokeFunction", Resource: s.template.Output(id + ".Arn")}
	allowed := role.Allowed(c)
	s.door.ledger.Note(role, c, allowed)
	if !allowed {
		return nil, "Lambda.AWSLambdaException", machine + " is not authorized to perform " + c.String()
	}
	var in struct{ Token string }
	if json.Unmarshal(payload, &in) == nil && in.Token != "" {
		s.tokens.Store(in.Token, machine)
	}
	return s.Invoke(id, payload)
}

// Invoke calls a function by its logical id, and gives its answer or its error by name.
func (s *Stack) Invoke(id string, payload []byte) (out []byte, errType, errMsg string) {
	f := s.functions[id]
	if f == nil {
		return nil, "ResourceNotFoundException", "no function " + id
	}
	return f.invoke(payload)
}

// Function is the logical id of a function by its folder below functions/.
func (s *Stack) Function(folder string) string {
	for id, f := range s.functions {
		if f.Folder == folder {
			return id
		}
	}
	return ""
}

// handler is the API and, beside it, what a story asks of a laptop: a token, and the mails.
func (s *Stack) handler() http.Handler {
	handlers := map[string]api.Handler{}
	for _, route := range api.Routes {
		handlers[route.Function] = s.handle(route.Function)
	}
	mux := http.NewServeMux()
	local.Gateway(mux, handlers, s.authorize)
	mux.HandleFunc("POST /local/token", s.identity.sign)
	mux.HandleFunc("GET /local/outbox", s.post.list)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		local.Answer(w, r, api.Refuse(api.NoRoute(r.Method, r.URL.Path), "none"))
	})
	return mux
}

// deliver wakes the outbox as the table's stream and the schedule do: moto runs neither. One event after another, as
// the one shard of a small table does.
func (s *Stack) deliver(t testing.TB) {
	id := s.Function("tasks/deliver")
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		schedule := time.NewTicker(2 * time.Second) // a minute in the template: the longest that a story may wait is less
		defer schedule.Stop()
		for {
			event := ""
			select {
			case <-ctx.Done():
				return
			case <-s.ringing:
				event = fmt.Sprintf(`{"Records":[{"eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{"ApproximateCreationDateTime":%d,"Keys":{"pk":{"S":"OUTBOX"}}}}]}`, time.Now().Unix())
			case <-schedule.C:
				event = fmt.Sprintf(`{"source":"aws.events","detail-type":"Scheduled Event","time":%q}`, time.Now().UTC().Format(time.RFC3339))
			}
			if _, name, why := s.Invoke(id, []byte(event)); name != "" && ctx.Err() == nil {
				t.Logf("tasks/deliver: %s: %s", name, why)
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
}

// ring says that the outbox has a new row.
func (s *Stack) ring() {
	select {
	case s.ringing <- struct{}{}:
	default:
	}
}
