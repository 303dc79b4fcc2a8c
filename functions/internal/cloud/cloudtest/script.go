// Package cloudtest plays AWS for tests: its answers are written down before. What must be true of a service does not belong here.
package cloudtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"slipway/functions/internal/fault"
)

// Script plays AWS with answers that were written down before; the last one is repeated.
type Script struct {
	mu       sync.Mutex
	answers  []Answer
	Requests []Request // to be read once nobody asks any more
}

// Answer is one of them.
type Answer struct {
	Status int
	Header map[string]string
	Body   string
}

// Request is what came.
type Request struct {
	Target string // of the JSON protocols: the operation
	Header http.Header
	Body   string
}

// AWS points the environment at a script.
func AWS(t testing.TB, answers ...Answer) *Script {
	t.Helper()
	s := &Script{answers: answers}
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

// ServeHTTP implements http.Handler.
func (s *Script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, target, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Requests = append(s.Requests, Request{Target: target, Header: r.Header.Clone(), Body: string(body)})
	a := s.answers[min(len(s.Requests), len(s.answers))-1]
	for k, v := range a.Header {
		w.Header().Set(k, v)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	}
	w.WriteHeader(a.Status)
	_, _ = io.WriteString(w, a.Body)
}

// Count is how many requests came.
func (s *Script) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.Requests)
}

// Hold keeps every answer back until the function that it returns is called.
func (s *Script) Hold() (release func()) {
	s.mu.Lock()
	return s.mu.Unlock
}

// Refusal is an error of the JSON protocols.
func Refusal(status int, kind string) Answer {
	b, _ := json.Marshal(map[string]string{"__type": "com.amazonaws#" + kind, "message": kind})
	return Answer{Status: status, Header: map[string]string{"X-Amzn-Errortype": kind}, Body: string(b)}
}

// Has wants a fault of that kind and code; an empty kind wants no error.
func Has(t testing.TB, err error, kind fault.Kind, code string) {
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
