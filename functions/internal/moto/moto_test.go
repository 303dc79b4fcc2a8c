package moto_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

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
