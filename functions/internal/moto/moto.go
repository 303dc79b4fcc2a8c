// Package moto lets tests talk to AWS as moto plays it: DynamoDB, S3, SES v2 and Step Functions in one local process.
//
// It judges adapters and machines from outside and is imported by tests only. It speaks to moto over plain HTTP: the
// AWS SDK belongs to package cloud.
package moto

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Region is where everything of a test lives.
const Region = "eu-central-1"

// Server is a running server of moto that ends with its test.
type Server struct {
	URL   string // of moto itself, without a slash at the end
	front *front
}

// Start starts a server of moto on a free port of 127.0.0.1 and waits until it answers. Without moto the test is skipped, on
// CI (CI=true) it fails. The first start of a test program takes one to three seconds, the others are quick.
func Start(t testing.TB) *Server {
	t.Helper()
	port := freePort(t)
	s := &Server{URL: "http://127.0.0.1:" + port}
	s.front = newFront(t, s.URL)
	log := filepath.Join(t.TempDir(), "moto.log")
	if err := startServer(port, s.front.port, log); errors.Is(err, errMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := endServer(port); err != nil {
			t.Error(err)
		}
		if words, err := os.ReadFile(log); t.Failed() && err == nil {
			t.Logf("the last words of moto:\n%s", words[max(0, len(words)-4<<10):])
		}
	})
	s.await(t)
	return s
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
		t.Fatalf("moto does not answer: %v", err)
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
