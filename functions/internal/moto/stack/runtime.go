package stack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// mostProcesses is how many processes of one function run side by side; further calls wait.
const mostProcesses = 8

// runtime stands for the Lambda Runtime API, for all processes.
type runtime struct {
	server *httptest.Server

	mu        sync.Mutex
	processes map[string]*process
	made      int
}

func newRuntime(t testing.TB) *runtime {
	r := &runtime{processes: map[string]*process{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{process}/2018-06-01/runtime/invocation/next", r.next)
	mux.HandleFunc("POST /{process}/2018-06-01/runtime/invocation/{id}/{outcome}", r.done)
	r.server = httptest.NewServer(mux)
	t.Cleanup(r.server.Close)
	return r
}

// process is one execution environment of a function.
type process struct {
	id      string
	command *exec.Cmd
	work    chan work
	result  chan result
	ended   chan struct{} // closed when it has ended
}

type work struct {
	id, arn  string
	deadline time.Time
	payload  []byte
}

type result struct {
	body            []byte
	errType, errMsg string
}

func (r *runtime) of(req *http.Request) *process {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.processes[req.PathValue("process")]
}

// next hands a process its next event.
func (r *runtime) next(w http.ResponseWriter, req *http.Request) {
	p := r.of(req)
	if p == nil {
		http.NotFound(w, req)
		return
	}
	select {
	case <-req.Context().Done():
	case <-p.ended:
	case job := <-p.work:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", job.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(job.deadline.UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", job.arn)
		_, _ = w.Write(job.payload) // a process that is gone shows in ended
	}
}

// done takes what a process answers.
func (r *runtime) done(w http.ResponseWriter, req *http.Request) {
	p := r.of(req)
	body, err := io.ReadAll(req.Body)
	if p == nil || err != nil {
		http.NotFound(w, req)
		return
	}
	out := result{body: body}
	if req.PathValue("outcome") == "error" {
		var said struct{ ErrorType, ErrorMessage string }
		_ = json.Unmarshal(body, &said) // an error that does not say its name is one all the same
		out = result{errType: said.ErrorType, errMsg: said.ErrorMessage}
		if out.errType == "" {
			out.errType = "Unhandled"
		}
	}
	w.WriteHeader(http.StatusAccepted)
	select {
	case p.result <- out:
	case <-req.Context().Done():
	case <-p.ended:
	}
}

// function is a deployed one, with the processes that are at rest.
type function struct {
	Function
	runtime     *runtime
	program     string
	environment []string
	slots       chan struct{}
	log         io.Writer

	mu   sync.Mutex
	idle []*process
	all  []*process
	over bool
}

// invoke calls the function as the Lambda service does.
func (f *function) invoke(payload []byte) (out []byte, errType, errMsg string) {
	f.slots <- struct{}{}
	defer func() { <-f.slots }()
	p, err := f.take()
	if err != nil {
		return nil, "Runtime.InvalidEntrypoint", err.Error()
	}
	limit := time.Duration(f.Timeout) * time.Second
	arn := "arn:aws:lambda:" + region + ":" + account + ":function:" + f.ID
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case p.work <- work{id: "00000000-0000-4000-8000-" + p.id, arn: arn, deadline: time.Now().Add(limit), payload: payload}:
	case <-p.ended:
		return nil, "Runtime.ExitError", f.ID + " ended before it asked for work"
	case <-timer.C:
		p.end()
		return nil, "Sandbox.Timedout", f.ID + " asked for no work"
	}
	select {
	case r := <-p.result:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.idle = append(f.idle, p)
		return r.body, r.errType, r.errMsg
	case <-p.ended:
		return nil, "Runtime.ExitError", f.ID + " ended at its work"
	case <-timer.C:
		p.end()
		return nil, "Sandbox.Timedout", fmt.Sprintf("%s timed out after %s", f.ID, limit)
	}
}

// take gives a process at rest, or a new one.
func (f *function) take() (*process, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.over {
		return nil, fmt.Errorf("%s was taken down", f.ID)
	}
	for len(f.idle) > 0 {
		p := f.idle[len(f.idle)-1]
		f.idle = f.idle[:len(f.idle)-1]
		select {
		case <-p.ended:
		default:
			return p, nil
		}
	}
	p, err := f.start()
	if err == nil {
		f.all = append(f.all, p)
	}
	return p, err
}

func (f *function) start() (*process, error) {
	f.runtime.mu.Lock()
	defer f.runtime.mu.Unlock()
	f.runtime.made++
	p := &process{id: fmt.Sprintf("%012d", f.runtime.made), work: make(chan work), result: make(chan result), ended: make(chan struct{})}
	p.command = exec.Command(f.program)
	p.command.Env = append(f.environment, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(f.runtime.server.URL, "http://")+"/"+p.id)
	p.command.Stdout, p.command.Stderr = f.log, f.log
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	f.runtime.processes[p.id] = p
	go func() {
		_ = p.command.Wait() // it is killed, or has said why it ended
		close(p.ended)
	}()
	return p, nil
}

func (p *process) end() {
	_ = p.command.Process.Kill() // one that has ended is as good
	<-p.ended
}

// end ends all processes of the function.
func (f *function) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.over = true
	for _, p := range f.all {
		p.end()
	}
}
