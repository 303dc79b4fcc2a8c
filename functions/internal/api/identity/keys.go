package identity

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// fetchEvery is the least time between two fetches of the same document. The key set asks again whenever a token
// names a key it does not know; without a bound, anybody could make it ask with every request.
const fetchEvery = 30 * time.Second

// maxDocument bounds what is read of a provider.
const maxDocument = 1 << 20

// Discover is the keys of an issuer, found through its /.well-known/openid-configuration when a token first needs
// them, and kept.
func Discover(issuer string, transport http.RoundTripper, clock func() time.Time) oidc.KeySet {
	if transport == nil {
		transport = http.DefaultTransport
	}
	return &discovered{issuer: issuer, client: newClient(&calm{next: transport, clock: clock, last: map[string]document{}})}
}

type discovered struct {
	issuer string
	client *http.Client

	mu   sync.Mutex
	keys oidc.KeySet
}

// VerifySignature implements oidc.KeySet.
func (d *discovered) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	keys, err := d.find(ctx)
	if err != nil {
		return nil, err
	}
	return keys.VerifySignature(ctx, token)
}

func (d *discovered) find(ctx context.Context) (oidc.KeySet, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.keys != nil {
		return d.keys, nil
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, d.client), d.issuer)
	if err != nil {
		return nil, &unreachable{err}
	}
	var where struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&where); err != nil {
		return nil, &unreachable{fmt.Errorf("what the provider says of itself: %w", err)}
	}
	if where.Keys == "" {
		return nil, &unreachable{errors.New("the provider names no keys")}
	}
	// The key set outlives the request that first needed it.
	d.keys = oidc.NewRemoteKeySet(oidc.ClientContext(context.WithoutCancel(ctx), d.client), where.Keys)
	return d.keys, nil
}

// unreachable is a provider that cannot be asked.
type unreachable struct{ error }

func (u *unreachable) Unwrap() error { return u.error }

// calm answers a document again from memory for a while instead of fetching it. Failures are not remembered.
type calm struct {
	next  http.RoundTripper
	clock func() time.Time

	mu   sync.Mutex
	last map[string]document
}

type document struct {
	at     time.Time
	header http.Header
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (c *calm) RoundTrip(req *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	url := req.URL.String()
	if d, ok := c.last[url]; ok && c.clock().Sub(d.at) < fetchEvery {
		return d.response(req), nil
	}
	res, err := c.next.RoundTrip(req)
	if err != nil {
		return nil, &unreachable{err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDocument))
	if err != nil {
		return nil, &unreachable{err}
	}
	if res.StatusCode != http.StatusOK {
		return nil, &unreachable{fmt.Errorf("%s answered %s", url, res.Status)}
	}
	d := document{at: c.clock(), header: res.Header, body: body}
	c.last[url] = d
	return d.response(req), nil
}

func (d document) response(req *http.Request) *http.Response {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: d.header.Clone(),
		Body: io.NopCloser(bytes.NewReader(d.body)), ContentLength: int64(len(d.body)), Request: req,
	}
}

func decodeSegment(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }
