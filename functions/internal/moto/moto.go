// Package moto lets tests talk to AWS as moto plays it: DynamoDB, S3, SES v2 and Step Functions in one local process.
//
// It judges adapters and machines from outside and is imported by tests only. It speaks to moto over plain HTTP: the
// AWS SDK belongs to package cloud.
package moto

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Region is where everything of a test lives.
const Region = "eu-central-1"

// Server is a running moto_server that ends with its test.
type Server struct {
	URL   string // of moto itself, without a slash at the end
	front *front
}

// Start starts moto_server on a free port of 127.0.0.1 and waits until it answers. Without moto_server the test is
// skipped, on CI (CI=true) it fails. A start takes one to three seconds: start one per test and use subtests.
func Start(t testing.TB) *Server {
	t.Helper()
	program, err := exec.LookPath("moto_server")
	if err != nil {
		const how = "moto_server is not on the PATH: pip install 'moto[server]==5.2.1'"
		if os.Getenv("CI") == "true" {
			t.Fatal(how)
		}
		t.Skip(how)
	}
	port := freePort(t)
	s := &Server{URL: "http://127.0.0.1:" + port}
	s.front = newFront(t, s.URL)
	s.run(t, program, port)
	s.await(t)
	return s
}

// run starts the process under a shell that waits for the end of its input, so that moto also ends when the test
// binary is killed or panics and no cleanup runs.
func (s *Server) run(t testing.TB, program, port string) {
	t.Helper()
	const script = `"$1" -H 127.0.0.1 -p "$2" & moto=$!; read -r _; kill "$moto"; wait "$moto"`
	cmd := exec.Command("sh", "-c", script, "sh", program, port)
	// moto calls a machine's functions at localhost:$MOTO_PORT, which is the front and not moto.
	cmd.Env = append(os.Environ(), "MOTO_PORT="+s.front.port)
	said := &tail{}
	cmd.Stdout, cmd.Stderr = said, said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the last words of moto_server:\n%s", said)
		}
	})
}

func (s *Server) await(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := poll(ctx, func() (bool, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/moto-api/data.json", nil)
		if err != nil {
			return false, err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false, nil // it does not listen yet
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK, nil
	})
	if err != nil {
		t.Fatalf("moto_server does not answer: %v", err)
	}
}

// Env points the environment of the test at moto, as Lambda points a function's at AWS.
func (s *Server) Env(t testing.TB) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL":      s.URL,
		"AWS_REGION":            Region,
		"AWS_ACCESS_KEY_ID":     "test",
		"AWS_SECRET_ACCESS_KEY": "test",
		"AWS_SESSION_TOKEN":     "test",
	} {
		t.Setenv(name, value)
	}
}

// Reset makes moto forget everything.
func (s *Server) Reset(t testing.TB) {
	t.Helper()
	if err := s.admin("/moto-api/reset", ""); err != nil {
		t.Fatal(err)
	}
}

// admin posts to moto's own API.
func (s *Server) admin(path, body string) error {
	res, err := http.Post(s.URL+path, "application/json", strings.NewReader(body))
	if err != nil {
		return fmt.Errorf("moto: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		return fmt.Errorf("moto: %s: %s %s: %w", path, res.Status, answer, err)
	}
	return nil
}

// poll asks until done says so. moto runs on real time and calls nobody back, so there is nothing else to wait on.
func poll(ctx context.Context, done func() (bool, error)) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
