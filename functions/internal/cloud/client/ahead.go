package client

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Beside begins to make what an adapter calls while the function goes on to its first poll, and gives it to who needs it.
//
// Lambda gives a function more processors until its first poll than most have afterwards, and since 2025 it bills that time
// like any other. So what a first event needs is begun at the start, and the poll waits for none of it: an event that is
// there already is read meanwhile. It is begun a moment later, because on one processor it would come before the poll;
// whoever needs it sooner makes it. Settings are not for here: what is missing must end the start.
func Beside[T any](make func() T) func() T {
	once := sync.OnceValue(make)
	time.AfterFunc(time.Millisecond, func() { once() })
	return once
}

// Connected is HTTP with its first connection to an endpoint opened at once, in the background. What is wrong with an
// endpoint that has no host every call finds out.
func Connected(attempt time.Duration, endpoint url.URL) aws.HTTPClient {
	t := awshttp.NewBuildableClient().GetTransport()
	if endpoint.Host != "" {
		Ahead(t, endpoint, attempt)
	}
	// Not the client that the SDK builds: it is copied whole by each of its options, and once more by each service.
	return &http.Client{Timeout: attempt, Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // no service that is called like this redirects
	}}
}

// unused is for how long a connection is kept that nobody uses. A service closes one that says nothing, and a function
// can be frozen before its first event; who came too late for it connects as ever.
const unused = 5 * time.Second

// Ahead opens the first connection of a transport, TLS included, before the first request. Nothing is sent, so it takes
// no permission and leaves no trace at the service. When it cannot be opened within a time, the first request opens
// its own.
func Ahead(t *http.Transport, endpoint url.URL, within time.Duration) {
	dial, port := t.DialContext, "80"
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	if endpoint.Scheme == "https" {
		dial, port = secured(dial, t.TLSClientConfig), "443"
	}
	if endpoint.Port() != "" {
		port = endpoint.Port()
	}
	a := &ahead{address: net.JoinHostPort(endpoint.Hostname(), port), opened: make(chan net.Conn, 1)}
	if endpoint.Scheme == "https" {
		t.DialTLSContext = a.before(dial)
	} else {
		t.DialContext = a.before(dial)
	}
	go a.open(dial, within)
}

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// secured speaks TLS on what another dialer opens.
func secured(dial dialer, config *tls.Config) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		plain, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		own := &tls.Config{}
		if config != nil {
			own = config.Clone()
		}
		if own.ServerName == "" {
			own.ServerName, _, _ = net.SplitHostPort(address) // which the transport put together
		}
		conn := tls.Client(plain, own)
		if err := conn.HandshakeContext(ctx); err != nil {
			_ = plain.Close() // the handshake says more
			return nil, err
		}
		return conn, nil
	}
}

// ahead is a connection that nobody has asked for yet.
type ahead struct {
	address string
	opened  chan net.Conn // nil when it could not be opened
	since   time.Time     // of whoever received from opened
	taken   atomic.Bool
}

func (a *ahead) open(dial dialer, within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	conn, err := dial(ctx, "tcp", a.address)
	if err != nil { // whoever needs it finds out
		a.opened <- nil
		return
	}
	a.since = time.Now()
	a.opened <- conn
	time.AfterFunc(unused, func() {
		if a.taken.CompareAndSwap(false, true) {
			_ = conn.Close() // nothing was said on it
		}
	})
}

// before gives the connection to the first who dials its address, and dials for all others.
func (a *ahead) before(dial dialer) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != a.address || !a.taken.CompareAndSwap(false, true) {
			return dial(ctx, network, address)
		}
		select {
		case conn := <-a.opened:
			if conn != nil && time.Since(a.since) < unused {
				return conn, nil
			}
			if conn != nil {
				_ = conn.Close() // nothing was said on it
			}
			return dial(ctx, network, address)
		case <-ctx.Done():
			go func() {
				if conn := <-a.opened; conn != nil {
					_ = conn.Close() // nothing was said on it
				}
			}()
			return nil, ctx.Err()
		}
	}
}
