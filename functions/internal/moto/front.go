package moto

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Handler stands for every Lambda function of a test. It is called by several machines at once. A non-empty errType
// is the name that a Catch sees.
type Handler func(function string, payload []byte) (out []byte, errType, errMsg string)

// front is where moto sends what machines invoke. Everything that is no invocation goes on to moto.
type front struct {
	port string

	mu     sync.Mutex
	handle Handler
}

func newFront(t testing.TB, motoURL string) *front {
	t.Helper()
	target, err := url.Parse(motoURL)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2015-03-31/functions/{function}/invocations", f.invoke)
	mux.Handle("/", proxy)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	if _, f.port, err = net.SplitHostPort(server.Listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *front) use(h Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handle = h
}

// invoke answers as the Lambda service does.
func (f *front) invoke(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	handle := f.handle
	f.mu.Unlock()
	payload, err := io.ReadAll(r.Body)
	if err != nil || handle == nil {
		http.Error(w, "no function answers here", http.StatusInternalServerError)
		return
	}
	out, errType, errMsg := handle(functionName(r.PathValue("function")), payload)
	w.Header().Set("Content-Type", "application/json")
	if errType != "" {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		// Strings cannot fail to encode.
		out, _ = json.Marshal(map[string]string{"errorType": errType, "errorMessage": errMsg})
	}
	if len(out) == 0 {
		out = []byte("null")
	}
	_, _ = w.Write(out) // a machine that hung up has its own way of noticing
}

// functionName takes the name out of arn:aws:lambda:region:account:function:name[:qualifier].
func functionName(s string) string {
	if _, rest, ok := strings.Cut(s, ":function:"); ok {
		s = rest
	}
	name, _, _ := strings.Cut(s, ":")
	return name
}
