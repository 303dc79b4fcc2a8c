package layout_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// buildMain builds one function as it is deployed, for this machine.
func buildMain(t testing.TB, folder string) string {
	t.Helper()
	return buildProgram(t, "./functions/"+folder, filepath.Join(t.TempDir(), "bootstrap"))
}

// buildProgram copies what the linker made: it writes through a mapping, which scatters a program over single pages of the
// page cache. A program that was unpacked from a zip was written from front to back, and starts up to a fifth faster.
func buildProgram(t testing.TB, from, to string) string {
	t.Helper()
	linked := to + ".linked"
	if err := goBuild(runtime.GOARCH, linked, from); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("cp", linked, to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return to
}

// stage stands for the Lambda Runtime API, and for every AWS service.
type stage struct {
	server, aws *httptest.Server
	emulator    string // runs programs that are not for this machine; "" when they are

	mu     sync.Mutex
	actors map[string]*actor // by the address that each polls, which is used once: a killed one's last poll may still be on its way
}

// actor is one process of a function.
type actor struct {
	cmd    *exec.Cmd
	said   bytes.Buffer // what it logged; read it after ended
	polled chan time.Time
	events chan []byte
	answer chan reply
	ended  chan struct{}
}

// reply is what a process answered an event with.
type reply struct {
	body   []byte
	failed bool // posted to …/error
}

func newStage(t testing.TB) *stage {
	s := &stage{actors: map[string]*actor{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /runtime/{actor}/2018-06-01/runtime/invocation/next", s.next)
	mux.HandleFunc("POST /runtime/{actor}/2018-06-01/runtime/invocation/{id}/{outcome}", s.done)
	s.server, s.aws = httptest.NewServer(mux), httptest.NewServer(http.HandlerFunc(nothingThere))
	t.Cleanup(s.server.Close)
	t.Cleanup(s.aws.Close)
	return s
}

func (s *stage) of(name string) *actor {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.actors[name]
}

func (s *stage) next(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	a := s.of(r.PathValue("actor"))
	select {
	case a.polled <- at:
	default: // nobody waits to see it
	}
	select {
	case event := <-a.events:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "00000000-0000-4000-8000-000000000001")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", "4102444800000")
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:f")
		_, _ = w.Write(event)
	case <-a.ended:
	case <-r.Context().Done():
	}
}

func (s *stage) done(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body)
	w.WriteHeader(http.StatusAccepted)
	s.of(r.PathValue("actor")).answer <- reply{body.Bytes(), r.PathValue("outcome") == "error"}
}

// nothingThere is AWS with an empty table, an empty bucket and one secret.
func nothingThere(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	answer := "{}"
	switch _, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); operation {
	case "GetSecretValue":
		answer = `{"SecretString":"` + strings.Repeat("s3cret", 10) + `"}`
	case "": // S3 has no targets, nor has CloudFormation's ear
		if r.Method == http.MethodPut {
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusNotFound)
		answer = "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"
	}
	_, _ = w.Write([]byte(answer))
}

// start starts a program with an environment of its own; it ends with the test at the latest.
func (s *stage) start(t testing.TB, name, program string, environment map[string]string) (*actor, time.Time) {
	t.Helper()
	command := []string{program}
	if s.emulator != "" {
		command = []string{s.emulator, program}
	}
	a := &actor{
		cmd: exec.Command(command[0], command[1:]...), polled: make(chan time.Time, 1), events: make(chan []byte), answer: make(chan reply, 1), ended: make(chan struct{}),
	}
	s.mu.Lock()
	name = fmt.Sprintf("%s-%d", name, len(s.actors))
	s.actors[name] = a
	s.mu.Unlock()
	a.cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(s.server.URL, "http://") + "/runtime/" + name, "AWS_ENDPOINT_URL=" + s.aws.URL}
	for k, v := range environment {
		a.cmd.Env = append(a.cmd.Env, k+"="+v)
	}
	a.cmd.Stdout, a.cmd.Stderr = &a.said, &a.said
	at := time.Now()
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = a.cmd.Wait() // it is killed, or says why it ended
		close(a.ended)
	}()
	t.Cleanup(a.end)
	return a, at
}

func (a *actor) end() {
	_ = a.cmd.Process.Kill() // one that has ended is as good
	<-a.ended
}

// invoke hands the process an event and waits for what it answers; false when the process ends instead.
func (a *actor) invoke(event []byte) (reply, bool) {
	select {
	case a.events <- event:
	case <-a.ended:
		return reply{}, false
	}
	select {
	case r := <-a.answer:
		return r, true
	case <-a.ended:
		return reply{}, false
	}
}
