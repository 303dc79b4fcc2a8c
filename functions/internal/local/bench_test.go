package local_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/local"
)

// bench is a running server with the tokens a whole release needs.
type bench struct {
	b      testing.TB
	url    string
	tokens map[string]string
}

func newBench(b testing.TB) *bench {
	b.Helper()
	var handler atomic.Pointer[http.Handler]
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*handler.Load()).ServeHTTP(w, r) }))
	server, err := local.Open(local.Options{Data: b.TempDir(), Base: front.URL})
	if err != nil {
		b.Fatal(err)
	}
	h := server.Handler()
	handler.Store(&h)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	b.Cleanup(func() {
		front.Close()
		cancel()
		<-done
		_ = server.Close()
	})
	x := &bench{b: b, url: front.URL, tokens: map[string]string{}}
	for _, who := range []string{"merchant-admin", "wallet-reviewer"} {
		x.tokens[who] = x.call("", "POST", "/local/token", map[string]any{"email": who + "@demo.test"})["token"].(string)
	}
	return x
}

func (x *bench) call(who, method, path string, body any) map[string]any {
	var in io.Reader
	if body != nil {
		data, _ := json.Marshal(body)
		in = bytes.NewReader(data)
	}
	req, _ := http.NewRequest(method, x.url+path, in)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+x.tokens[who])
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		x.b.Fatal(err)
	}
	defer res.Body.Close()
	data, _ := io.ReadAll(res.Body)
	if res.StatusCode >= 300 {
		x.b.Fatalf("%s %s: %d %s", method, path, res.StatusCode, data)
	}
	out := map[string]any{}
	_ = json.Unmarshal(data, &out)
	return out
}

func (x *bench) until(id string, wanted func(map[string]any) bool) {
	for !wanted(x.call("merchant-admin", "GET", "/v1/releases/"+id, nil)) {
		time.Sleep(2 * time.Millisecond)
	}
}

// program makes a mini program of its own, so that releases do not get in each other's way.
func (x *bench) program() string {
	return x.call("merchant-admin", "POST", "/v1/mini-programs", map[string]any{
		"workspace": "merchant", "type": "dsl", "defaultLanguage": "en", "information": map[string]any{"en": map[string]string{
			"name": "Bench Coffee", "tagline": "Fresh coffee, no queue", "description": "Order your coffee on the way and pick it up still hot.",
			"category": "food", "servicePhone": "+65 6123 4567", "serviceEmail": "hello@coffee.example.com",
		}},
	})["id"].(string)
}

// release plays a whole release: upload, build, test, review by request, 1 %, 10 %, 50 %, everyone.
func (x *bench) release(archive []byte) {
	const m = "merchant-admin"
	p := x.program()
	upload := x.call(m, "POST", "/v1/mini-programs/"+p+"/versions", map[string]string{"number": "1.0.0", "notes": "n"})["upload"].(map[string]any)
	req, _ := http.NewRequest("PUT", upload["url"].(string), bytes.NewReader(archive))
	req.Header.Set("Content-Type", "application/zip")
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode >= 300 {
		x.b.Fatal(err, res)
	}
	res.Body.Close()
	x.call(m, "POST", "/v1/mini-programs/"+p+"/versions/1.0.0/submit", nil)
	id := x.call(m, "POST", "/v1/mini-programs/"+p+"/versions/1.0.0/releases", map[string]string{"targetApp": "demo-wallet", "environment": "production"})["id"].(string)
	x.call(m, "POST", "/v1/releases/"+id+"/test", nil)
	x.until(id, func(r map[string]any) bool { return r["test"] != nil })
	request := x.call(m, "POST", "/v1/releases/"+id+"/apply", nil)["request"].(string)
	x.call("wallet-reviewer", "POST", "/v1/requests/"+request+"/approve", nil)
	for _, percent := range []int{1, 10, 50} {
		x.call(m, "POST", "/v1/releases/"+id+"/grayscale", map[string]int{"percent": percent})
	}
	x.call(m, "POST", "/v1/releases/"+id+"/grayscale", map[string]int{"percent": 100})
	x.until(id, func(r map[string]any) bool { return r["status"] == "full_release" })
}

// BenchmarkWholeRelease: HTTP in, every transition durable. The second form shows what concurrent merchants get.
func BenchmarkWholeRelease(b *testing.B) {
	archive := demo.Archive("1.0.0")
	for _, merchants := range []int{1, 8} {
		b.Run(fmt.Sprintf("merchants=%d", merchants), func(b *testing.B) {
			x := newBench(b)
			b.SetParallelism((merchants + 1) / 2)
			start := time.Now()
			if merchants == 1 {
				for b.Loop() {
					x.release(archive)
				}
			} else {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						x.release(archive)
					}
				})
			}
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "releases/s")
		})
	}
}

// BenchmarkResolve: one request after another over HTTP, beside a handler that answers nothing at all.
func BenchmarkResolve(b *testing.B) {
	get := func(b *testing.B, address string) {
		res, err := http.Get(address)
		if err != nil || res.StatusCode >= 300 {
			b.Fatal(err, res)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	b.Run("null", func(b *testing.B) {
		front := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		defer front.Close()
		for b.Loop() {
			get(b, front.URL)
		}
	})
	b.Run("resolve", func(b *testing.B) {
		x := newBench(b)
		x.release(demo.Archive("1.0.0"))
		programs := x.call("merchant-admin", "GET", "/v1/mini-programs?q=Bench", nil)["items"].([]any)
		address := x.url + "/v1/resolve/demo-wallet/production/" + programs[0].(map[string]any)["id"].(string) + "?user=" + url.QueryEscape("alice")
		for b.Loop() {
			get(b, address)
		}
	})
}
