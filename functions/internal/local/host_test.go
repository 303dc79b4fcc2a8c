package local_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"slipway/functions/internal/local"
)

// TestGuard plays a page whose name was made to lead to this machine.
func TestGuard(t *testing.T) {
	server, err := local.Open(local.Options{Data: t.TempDir(), Base: "https://slipway.example.com/x"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	guarded := server.Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for host, want := range map[string]int{
		"127.0.0.1:8080": 204, "[::1]:8080": 204, "[::1]": 204, "192.168.0.7": 204, "localhost:8080": 204, "LOCALHOST": 204, "slipway.example.com": 204, "Slipway.example.com.:443": 204,
		"evil.example": 403, "evil.example:8080": 403, "127.0.0.1.evil.example": 403, "localhost.evil.example": 403, "": 403,
	} {
		r := httptest.NewRequest("POST", "/local/token", nil)
		r.Host = host
		w := httptest.NewRecorder()
		if guarded.ServeHTTP(w, r); w.Code != want {
			t.Errorf("host %q: %d, want %d", host, w.Code, want)
		}
	}
}
