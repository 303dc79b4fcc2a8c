package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/local"
)

// tour plays a whole release over HTTP against a server on a fresh store, which is gone afterwards, and tells each
// step in a line.
func tour(ctx context.Context, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "slipway-tour-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	base := "http://" + listener.Addr().String()
	server, err := local.Open(local.Options{Data: dir, Base: base, Isolated: true})
	if err != nil {
		return err
	}
	front := &http.Server{Handler: server.Handler(), ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Run(ctx) }()
	go func() { _ = front.Serve(listener) }()
	defer func() {
		cancel()
		<-done
		_ = front.Close()
		_ = server.Close()
	}()
	g := &guide{ctx: ctx, out: out, base: base}
	defer func() {
		if p := recover(); p != nil {
			stopped, ok := p.(stop)
			if !ok {
				panic(p)
			}
			err = stopped.err
		}
	}()
	g.play()
	return nil
}

// guide walks through the release; a step that goes wrong stops the tour with what the server said.
type guide struct {
	ctx   context.Context
	out   io.Writer
	base  string
	token string
	step  int
}

type stop struct{ err error }

func (g *guide) fail(format string, args ...any) { panic(stop{fmt.Errorf(format, args...)}) }

func (g *guide) tell(format string, args ...any) {
	g.step++
	fmt.Fprintf(g.out, "%2d. %s\n", g.step, fmt.Sprintf(format, args...))
}

func (g *guide) signIn(email string) {
	g.token = g.call("POST", "/local/token", map[string]string{"email": email}, 200)["token"].(string)
}

// call asks the API and gives the answer; any status but the wanted ones stops the tour.
func (g *guide) call(method, path string, body any, want ...int) map[string]any {
	var data io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			g.fail("%s %s: %w", method, path, err)
		}
		data = bytes.NewReader(b)
	}
	answer, status := g.send(method, g.base+path, data, "application/json")
	out := map[string]any{}
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &out); err != nil {
			g.fail("%s %s: %w: %s", method, path, err, answer)
		}
	}
	for _, w := range want {
		if status == w {
			return out
		}
	}
	g.fail("%s %s: %d %s", method, path, status, answer)
	return nil
}

func (g *guide) send(method, address string, body io.Reader, contentType string) ([]byte, int) {
	req, err := http.NewRequestWithContext(g.ctx, method, address, body)
	if err != nil {
		g.fail("%w", err)
	}
	req.Header.Set("Content-Type", contentType)
	if g.token != "" {
		req.Header.Set("Authorization", "Bearer "+g.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		g.fail("%w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		g.fail("%w", err)
	}
	return answer, res.StatusCode
}

// until reads the release until it is as wanted.
func (g *guide) until(id string, wanted func(map[string]any) bool) map[string]any {
	for {
		r := g.call("GET", "/v1/releases/"+id, nil, 200)
		if wanted(r) {
			return r
		}
		select {
		case <-g.ctx.Done():
			g.fail("the release did not move on: %v", r)
		case <-time.After(30 * time.Millisecond):
		}
	}
}

func (g *guide) play() {
	const number = "9.0.0"
	g.signIn("merchant-admin@demo.test")
	programs := g.call("GET", "/v1/mini-programs", nil, 200)["items"].([]any)
	program := programs[0].(map[string]any)["id"].(string)
	g.tell("Signed in as merchant-admin@demo.test; the mini program is %s", program)

	upload := g.call("POST", "/v1/mini-programs/"+program+"/versions", map[string]string{"number": number, "notes": "The tour's version"}, 201)["upload"].(map[string]any)
	archive := demo.Archive(number)
	if _, status := g.send(upload["method"].(string), upload["url"].(string), bytes.NewReader(archive), "application/zip"); status >= 300 {
		g.fail("upload: %d", status)
	}
	g.call("POST", "/v1/mini-programs/"+program+"/versions/"+number+"/submit", nil, 200)
	g.tell("Uploaded version %s: %d bytes, unpacked and accepted", number, len(archive))

	created := g.call("POST", "/v1/mini-programs/"+program+"/versions/"+number+"/releases", map[string]string{"targetApp": "demo-wallet", "environment": "production"}, 202)
	id := created["id"].(string)
	built := g.until(id, func(r map[string]any) bool { return r["build"] != "building" })
	if built["build"] != "built" {
		g.fail("the build failed: %v", built["buildFaults"])
	}
	pkg := built["package"].(map[string]any)
	g.tell("Built a package of %.0f bytes, SHA-256 %.12s…, signed with key %s", pkg["size"], pkg["sha256"], pkg["keyId"])

	g.call("POST", "/v1/releases/"+id+"/test", nil, 200, 202)
	tested := g.until(id, func(r map[string]any) bool { return r["compatibility"] != "testing" && r["test"] != nil })
	test := tested["test"].(map[string]any)
	g.tell("Tested for compatibility, verdict %s: %s", test["verdict"], test["summary"])

	applied := g.call("POST", "/v1/releases/"+id+"/apply", nil, 200, 202)
	g.tell("Applied for release to demo-wallet production: %s", applied["status"])
	link, mail := g.reviewMail(number)
	g.tell("Mail to %s: %q", mail["to"], mail["subject"])

	form := url.Values{"decision": {"approve"}, "confirm": {number}, "reason": {""}}
	if page, status := g.send("POST", link, strings.NewReader(form.Encode()), "application/x-www-form-urlencoded"); status != 200 {
		g.fail("the approval page answered %d: %s", status, page)
	}
	g.until(id, func(r map[string]any) bool { return r["status"] == "release_preparation" })
	g.tell("The reviewer followed the link, typed %s back and approved: release_preparation", number)
	g.rollOut(program, id)
}

// reviewMail waits for the mail that asks for a review, and gives the approval link in it.
func (g *guide) reviewMail(number string) (link string, mail map[string]any) {
	for {
		for _, item := range g.call("GET", "/local/outbox", nil, 200)["items"].([]any) {
			m := item.(map[string]any)
			if !strings.Contains(m["subject"].(string), number) {
				continue
			}
			for _, l := range m["links"].([]any) {
				if strings.Contains(l.(string), "/approvals/") {
					return l.(string), m
				}
			}
		}
		select {
		case <-g.ctx.Done():
			g.fail("no mail asked for a review")
		case <-time.After(30 * time.Millisecond):
		}
	}
}

func (g *guide) rollOut(program, id string) {
	for _, percent := range []int{1, 10} {
		g.call("POST", "/v1/releases/"+id+"/grayscale", map[string]int{"percent": percent}, 200, 202)
		in, of := g.share(program)
		g.tell("Grayscale at %d %%: %d of %d users get the new version", percent, in, of)
	}
	full := g.call("POST", "/v1/releases/"+id+"/grayscale", map[string]int{"percent": 100}, 200, 202)
	g.until(id, func(r map[string]any) bool { return r["status"] == "full_release" })
	in, of := g.share(program)
	g.tell("Everyone: %s, %d of %d users get the new version", full["status"], in, of)
	answer := g.call("GET", "/v1/resolve/demo-wallet/production/"+program+"?user=alice", nil, 200)
	g.tell("alice is served version %s (%s)", answer["version"], answer["reason"])
}

// share asks for many users which version they get.
func (g *guide) share(program string) (in, of int) {
	const users = 500
	for i := range users {
		answer := g.call("GET", fmt.Sprintf("/v1/resolve/demo-wallet/production/%s?user=user-%d", program, i), nil, 200)
		if answer["version"] == "9.0.0" {
			in++
		}
	}
	return in, users
}
