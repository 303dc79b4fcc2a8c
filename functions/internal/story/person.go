package story

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/api/contracttest"
)

// Person is somebody signed in, or nobody.
type Person struct {
	w     *World
	Email string
	token string
}

// As signs somebody in, once. The short name of one of the demo's people is enough: "merchant-admin".
func (w *World) As(email string) *Person {
	w.T.Helper()
	p, a := w.signIn(email)
	if p == nil {
		w.T.Fatalf("sign in %s: %s", email, a)
	}
	return p
}

// signIn signs somebody in who is not yet; when that cannot be, there is nobody, and the answer says why.
func (w *World) signIn(email string) (*Person, Answer) {
	if !strings.Contains(email, "@") {
		email += "@demo.test"
	}
	w.mu.Lock()
	p := w.people[email]
	w.mu.Unlock()
	if p != nil {
		return p, Answer{}
	}
	a := w.Nobody().Do("POST", "/local/token", map[string]string{"email": email})
	var said struct{ Token string }
	if a.Status != 200 || json.Unmarshal(a.Body, &said) != nil {
		return nil, a
	}
	p = &Person{w, email, said.Token}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.people[email] = p
	return p, a
}

// SignOut forgets the tokens of all, so that they sign in again; for stories that take longer than a token lasts.
func (w *World) SignOut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.people)
}

// Nobody is a visitor who has not signed in.
func (w *World) Nobody() *Person { return &Person{w: w} }

// Answer is what a server answered; Status 0 when it did not answer at all.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Err    error
	asked  string
}

func (a Answer) String() string {
	return fmt.Sprintf("%s: %d %.600s %v", a.asked, a.Status, a.Body, a.Err)
}

// Header makes an option that sets a header.
func Header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// Do asks and gives whatever was answered. A body that is a string or bytes is sent as it is, url.Values as a form,
// anything else as JSON. It may be called from any goroutine.
func (p *Person) Do(method, path string, body any, options ...func(*http.Request)) Answer {
	data, contentType := encode(body)
	if !strings.HasPrefix(path, "http") {
		path = p.w.Base + path
	}
	a := Answer{asked: method + " " + path}
	req, err := http.NewRequest(method, path, bytes.NewReader(data))
	if err != nil {
		a.Err = err
		return a
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	for _, o := range options {
		o(req)
	}
	defer p.w.seen(path)
	res, err := client.Do(req)
	if err != nil {
		a.Err = err
		return a
	}
	defer res.Body.Close()
	if a.Body, a.Err = io.ReadAll(res.Body); a.Err != nil {
		return a // half an answer is none
	}
	a.Status, a.Header = res.StatusCode, res.Header
	p.check(req, res, data, a)
	return a
}

// client follows no redirects: where one leads is part of the answer.
var client = &http.Client{
	Timeout:       time.Minute,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Transport:     &http.Transport{MaxIdleConnsPerHost: 64},
}

// check holds the exchange against the contract, which speaks of everything outside /local.
func (p *Person) check(req *http.Request, res *http.Response, data []byte, a Answer) {
	if path := req.URL.Path; !strings.HasPrefix(req.URL.String(), p.w.Base) || strings.HasPrefix(path, "/local/") || strings.HasPrefix(path, "/requests/") || path == "/" ||
		req.Method == http.MethodHead || a.Problem().Code == "no_such_route" || a.Status == http.StatusMethodNotAllowed {
		return
	}
	req.Body, res.Body = io.NopCloser(bytes.NewReader(data)), io.NopCloser(bytes.NewReader(a.Body))
	if err := contracttest.Check(req, res); err != nil {
		why, _, _ := strings.Cut(err.Error(), "\n") // the schema would fill the screen
		p.w.T.Errorf("the contract does not hold: %s\n%s", why, a)
	}
}

func encode(body any) (data []byte, contentType string) {
	switch b := body.(type) {
	case nil:
		return nil, ""
	case string:
		return []byte(b), "application/json"
	case []byte:
		return b, "application/zip"
	case url.Values:
		return []byte(b.Encode()), "application/x-www-form-urlencoded"
	}
	data, err := json.Marshal(body)
	if err != nil {
		panic(err) // a test that sends what is no JSON
	}
	return data, "application/json"
}

// Must is Do for what has to be answered with one of the statuses; 200 and 202 when none is given.
func (p *Person) Must(method, path string, body any, want ...int) Answer {
	p.w.T.Helper()
	if len(want) == 0 {
		want = []int{200, 202}
	}
	a := p.Do(method, path, body)
	if !slices.Contains(want, a.Status) {
		p.w.T.Fatalf("want %v: %s", want, a)
	}
	return a
}

// Problem reads a refusal. It is empty when the answer is none.
func (a Answer) Problem() (out api.Problem) {
	if a.Header.Get("Content-Type") == "application/problem+json" {
		_ = json.Unmarshal(a.Body, &out) // what is no problem stays empty
	}
	return out
}

// Into reads a JSON answer; a field that is not there fails the test.
func Into[T any](w *World, a Answer) (out T) {
	w.T.Helper()
	d := json.NewDecoder(bytes.NewReader(a.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(&out); err != nil {
		w.T.Fatalf("%v: %s", err, a)
	}
	return out
}

// Bearer is whoever holds a token.
func (w *World) Bearer(token string) *Person { return &Person{w: w, token: token} }
