package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"slipway/functions/internal/cloud/client"
)

// counted is a server that tells of each connection, and counts requests.
type counted struct {
	*httptest.Server
	came     chan struct{}
	accepted atomic.Int32
	asked    atomic.Int32
}

func newCounted(t *testing.T, secure bool) *counted {
	c := &counted{came: make(chan struct{}, 10)}
	c.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c.asked.Add(1)
		io.WriteString(w, "hello")
	}))
	c.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			c.accepted.Add(1)
			c.came <- struct{}{}
		}
	}
	if secure {
		c.StartTLS()
	} else {
		c.Start()
	}
	t.Cleanup(c.Close)
	return c
}

func (c *counted) transport() *http.Transport {
	t := c.Client().Transport.(*http.Transport).Clone() // it trusts the server
	t.DialContext = nil
	return t
}

func get(ctx context.Context, t *http.Transport, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := t.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func parse(t *testing.T, address string) url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return *u
}

// TestTheFirstRequestFindsItsConnection counts connections: the one that was opened before anything was asked is the only one.
func TestTheFirstRequestFindsItsConnection(t *testing.T) {
	for name, secure := range map[string]bool{"http": false, "https": true} {
		t.Run(name, func(t *testing.T) {
			server := newCounted(t, secure)
			transport := server.transport()
			client.Ahead(transport, parse(t, server.URL), time.Minute)
			<-server.came // nobody has asked
			for range 2 {
				if body, err := get(t.Context(), transport, server.URL); body != "hello" || err != nil {
					t.Fatal(body, err)
				}
			}
			if accepted, asked := server.accepted.Load(), server.asked.Load(); accepted != 1 || asked != 2 {
				t.Errorf("%d connections for %d requests", accepted, asked)
			}
		})
	}
}

// TestAStrangerIsNotTrusted: a connection opened ahead is checked like any other.
func TestAStrangerIsNotTrusted(t *testing.T) {
	server := newCounted(t, true)
	transport := &http.Transport{} // trusts public authorities only
	client.Ahead(transport, parse(t, server.URL), time.Minute)
	if body, err := get(t.Context(), transport, server.URL); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("%q, %v", body, err)
	}
	if n := server.asked.Load(); n != 0 {
		t.Errorf("%d requests came through", n)
	}
}

// TestOthersConnectThemselves: another address, and a second request at the same time, have connections of their own.
func TestOthersConnectThemselves(t *testing.T) {
	server, other := newCounted(t, false), newCounted(t, false)
	transport := server.transport()
	client.Ahead(transport, parse(t, server.URL), time.Minute)
	<-server.came
	if body, err := get(t.Context(), transport, other.URL); body != "hello" || err != nil {
		t.Fatal(body, err)
	}
	for range 2 { // the body of neither is read, so none can follow the other
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
	}
	if n, m := server.accepted.Load(), other.accepted.Load(); n != 2 || m != 1 {
		t.Errorf("%d and %d connections", n, m)
	}
}

// TestWhatCannotBeOpenedAheadIsOpenedLater: the endpoint is away when the function starts, and there when it is needed.
func TestWhatCannotBeOpenedAheadIsOpenedLater(t *testing.T) {
	server := newCounted(t, false)
	for name, first := range map[string]func(context.Context) error{
		"refused": func(context.Context) error { return errors.New("refused") },
		"silent":  func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			transport := server.transport()
			var dialed atomic.Int32
			transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				if dialed.Add(1) == 1 {
					return nil, first(ctx)
				}
				return new(net.Dialer).DialContext(ctx, network, address)
			}
			client.Ahead(transport, parse(t, server.URL), time.Millisecond)
			if body, err := get(t.Context(), transport, server.URL); body != "hello" || err != nil || dialed.Load() != 2 {
				t.Errorf("%q, %v after %d dials", body, err, dialed.Load())
			}
		})
	}
}

// TestARequestWaitsNoLongerThanItMay for a connection that is not there yet; the next one does not wait for it.
func TestARequestWaitsNoLongerThanItMay(t *testing.T) {
	server := newCounted(t, false)
	transport, began, hang := server.transport(), make(chan struct{}), make(chan struct{})
	var dialed atomic.Int32
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dialed.Add(1) == 1 {
			close(began)
			<-hang
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	defer close(hang)
	client.Ahead(transport, parse(t, server.URL), time.Minute)
	<-began
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if body, err := get(ctx, transport, server.URL); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%q, %v", body, err)
	}
	if body, err := get(t.Context(), transport, server.URL); body != "hello" || err != nil {
		t.Errorf("the next: %q, %v", body, err)
	}
}

// TestAnOldConnectionIsNotUsed lets virtual time pass between start and first request, as a frozen function does.
func TestAnOldConnectionIsNotUsed(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		dials int32
	}{"in time": {4 * time.Second, 1}, "too late": {6 * time.Second, 2}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dialed, closed atomic.Int32
				transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
					dialed.Add(1)
					here, there := net.Pipe()
					go answerOnce(there, &closed)
					return here, nil
				}}
				client.Ahead(transport, parse(t, "http://service.test"), time.Minute)
				time.Sleep(c.after) // virtual
				synctest.Wait()
				if n := closed.Load(); n != c.dials-1 {
					t.Errorf("%d connections were closed unused", n)
				}
				if body, err := get(t.Context(), transport, "http://service.test/"); body != "hello" || err != nil {
					t.Error(body, err)
				}
				if n := dialed.Load(); n != c.dials {
					t.Errorf("%d connections were opened", n)
				}
				transport.CloseIdleConnections()
			})
		})
	}
}

// answerOnce is a service at the other end of a pipe; it counts when nothing is asked.
func answerOnce(conn net.Conn, unasked *atomic.Int32) {
	defer conn.Close()
	buffer := make([]byte, 4096)
	if _, err := conn.Read(buffer); err != nil {
		unasked.Add(1)
		return
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
}
