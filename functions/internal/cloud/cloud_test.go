package cloud_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/fault"
)

// script plays AWS with answers that were written down before; the last one is repeated.
type script struct {
	mu       sync.Mutex
	answers  []answer
	requests []request
}

type answer struct {
	status int
	header map[string]string
	body   string
}

type request struct {
	target string // of the JSON protocols: the operation
	header http.Header
	body   string
}

// aws points the environment at a script.
func aws(t *testing.T, answers ...answer) *script {
	t.Helper()
	s := &script{answers: answers}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "session",
		"SLIPWAY_TABLE": "slipway", "SLIPWAY_BUCKET": "packages", "SLIPWAY_MAIL_FROM": "slipway@example.com",
		"SLIPWAY_MACHINE_RELEASE": "arn:aws:states:eu-central-1:123456789012:stateMachine:release",
	} {
		t.Setenv(name, value)
	}
	return s
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, target, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request{target: target, header: r.Header.Clone(), body: string(body)})
	a := s.answers[min(len(s.requests), len(s.answers))-1]
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

func (s *script) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

// refusal is an error of the JSON protocols.
func refusal(status int, kind string) answer {
	b, _ := json.Marshal(map[string]string{"__type": "com.amazonaws#" + kind, "message": kind})
	return answer{status: status, header: map[string]string{"X-Amzn-Errortype": kind}, body: string(b)}
}

// has wants a fault of that kind and code; an empty kind wants no error.
func has(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if kind == "" {
		if err != nil {
			t.Errorf("got %v, want no error", err)
		}
		return
	}
	f, ok := err.(*fault.Error)
	if !ok || f.Kind != kind || f.CodeOrKind() != code {
		t.Errorf("got %v, want %s with code %s", err, kind, code)
	}
}

func TestRequire(t *testing.T) {
	t.Setenv("SLIPWAY_TABLE", "")
	if _, err := cloud.Require("SLIPWAY_TABLE"); err == nil || !strings.Contains(err.Error(), "SLIPWAY_TABLE") {
		t.Errorf("an empty variable: %v", err)
	}
	t.Setenv("SLIPWAY_TABLE", "x")
	if v, err := cloud.Require("SLIPWAY_TABLE"); v != "x" || err != nil {
		t.Errorf("got %q, %v", v, err)
	}
	if v := cloud.Optional("SLIPWAY_NEVER_SET", "other"); v != "other" {
		t.Errorf("got %q", v)
	}
}

// TestOpenNamesWhatIsMissing takes away one variable at a time.
func TestOpenNamesWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name, variable string
		open           func() error
	}{
		{"table", "SLIPWAY_TABLE", func() error { _, err := cloud.OpenTable(); return err }},
		{"table", "AWS_REGION", func() error { _, err := cloud.OpenTable(); return err }},
		{"table", "AWS_ACCESS_KEY_ID", func() error { _, err := cloud.OpenTable(); return err }},
		{"table", "AWS_SECRET_ACCESS_KEY", func() error { _, err := cloud.OpenTable(); return err }},
		{"packages", "SLIPWAY_BUCKET", func() error { _, err := cloud.OpenPackages(); return err }},
		{"packages", "AWS_REGION", func() error { _, err := cloud.OpenPackages(); return err }},
		{"mail", "SLIPWAY_MAIL_FROM", func() error { _, err := cloud.OpenMail(); return err }},
		{"workflow", "SLIPWAY_MACHINE_RELEASE", func() error { _, err := cloud.OpenWorkflow("release"); return err }},
		{"workflow", "SLIPWAY_MACHINE_FORCE_REMOVAL", func() error { _, err := cloud.OpenWorkflow("release", "force-removal"); return err }},
	} {
		t.Run(c.name+" without "+c.variable, func(t *testing.T) {
			aws(t, answer{})
			t.Setenv(c.variable, "")
			if err := c.open(); err == nil || !strings.Contains(err.Error(), c.variable) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestMainEndsWithoutVariable runs this test's binary again as a main that lacks its table.
func TestMainEndsWithoutVariable(t *testing.T) {
	if os.Getenv("SLIPWAY_TEST_MAIN") == "1" {
		cloud.Table()
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestMainEndsWithoutVariable$")
	cmd.Env = []string{"SLIPWAY_TEST_MAIN=1"}
	said, err := cmd.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 || !strings.Contains(string(said), "SLIPWAY_TABLE") {
		t.Errorf("ended with %v, saying %s", err, said)
	}
}

// TestServiceEndpoint shows that the variable of one service stands before the one of all.
func TestServiceEndpoint(t *testing.T) {
	one := aws(t, answer{status: 200, body: `{}`})
	url := os.Getenv("AWS_ENDPOINT_URL")
	all := aws(t, answer{status: 200, body: `{}`})
	t.Setenv("AWS_ENDPOINT_URL_SFN", url)
	w, err := cloud.OpenWorkflow()
	if err != nil {
		t.Fatal(err)
	}
	has(t, w.Succeed(context.Background(), "token", []byte(`{}`)), "", "")
	if one.count() != 1 || all.count() != 0 {
		t.Errorf("%d requests to the service's endpoint, %d to the other", one.count(), all.count())
	}
}
