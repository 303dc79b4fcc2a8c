package moto_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/moto"
)

// bystander notes how a test ends instead of ending the real one.
type bystander struct {
	testing.TB
	skipped, failed string
}

func (b *bystander) Helper()           {}
func (b *bystander) Skip(args ...any)  { b.skipped = fmt.Sprint(args...); runtime.Goexit() }
func (b *bystander) Fatal(args ...any) { b.failed = fmt.Sprint(args...); runtime.Goexit() }

func TestWithoutMoto(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for ci, want := range map[string]string{"": "skipped", "true": "failed"} {
		t.Setenv("CI", ci)
		b := &bystander{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			moto.Start(b)
		}()
		<-done
		said := map[string]string{"skipped": b.skipped, "failed": b.failed}
		if !strings.Contains(said[want], "pip install") || b.skipped != "" && b.failed != "" {
			t.Errorf("CI=%q: skipped %q, failed %q", ci, b.skipped, b.failed)
		}
	}
}

// TestEndsWithItsTest looks whether anything still listens once the test that started it is over.
func TestEndsWithItsTest(t *testing.T) {
	var url string
	t.Run("inner", func(t *testing.T) {
		s := moto.Start(t)
		url = s.URL
		s.Reset(t)
	})
	if url == "" {
		t.Skip("the inner test was skipped")
	}
	if res, err := http.Get(url + "/moto-api/data.json"); err == nil {
		_ = res.Body.Close()
		t.Error("moto still answers")
	}
}

// TestEndsWithItsProgram: nothing is left of a test program that is killed, whose cleanups never run.
func TestEndsWithItsProgram(t *testing.T) {
	moto.Start(t).Reset(t) // skips without moto
	var n moto.Nursery
	port := moto.FreePort(t)
	if err := n.Start(port, filepath.Join(t.TempDir(), "log")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	answers := func() bool {
		res, err := http.Get("http://127.0.0.1:" + port + "/moto-api/data.json")
		if err != nil {
			return false
		}
		return res.Body.Close() == nil
	}
	if err := moto.Poll(ctx, func() (bool, error) { return answers(), nil }); err != nil {
		t.Fatalf("it does not answer: %v", err)
	}
	if err := n.End(); err != nil {
		t.Fatal(err)
	}
	if err := moto.Poll(ctx, func() (bool, error) { return !answers(), nil }); err != nil {
		t.Errorf("it still answers: %v", err)
	}
}

// TestServersDrawApart: what servers make up differs, though they are copies of one process.
func TestServersDrawApart(t *testing.T) {
	made := map[string]bool{}
	for range 2 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, moto.Start(t).URL, strings.NewReader(`{"Name": "secret", "SecretString": "x"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Amz-Target", "secretsmanager.CreateSecret")
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/"+moto.Region+"/secretsmanager/aws4_request, SignedHeaders=host, Signature=0")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var secret struct{ ARN string }
		if err := errors.Join(json.NewDecoder(res.Body).Decode(&secret), res.Body.Close()); err != nil || secret.ARN == "" || made[secret.ARN] {
			t.Errorf("made %+v (%v), and before %v", secret, err, made)
		}
		made[secret.ARN] = true
	}
}
