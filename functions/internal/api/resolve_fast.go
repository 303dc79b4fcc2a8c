package api

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store/fresh"
)

// answers are what the users of one placement can be told, rendered when the first of them asks.
type answers struct {
	placement rollout.Placement
	ready     []atomic.Pointer[ready] // by outcome
}

// ready is a whole answer but for the request id, which stands between the two parts.
type ready struct {
	before, after string
	whole         Response
	until         time.Time // the address of the package in it is to be renewed then
}

// readyFor is well below the time for which the address of a package is good.
const readyFor = 30 * time.Minute

// The outcomes of a decision beside the pilots, which follow them.
const (
	outRemoved = iota
	outNotAvailable
	outNoUser
	outFull
	outGrayscale
	outPilots
)

func newAnswers(p rollout.Placement) *answers {
	return &answers{placement: p, ready: make([]atomic.Pointer[ready], outPilots+len(p.Pilots))}
}

// outcome numbers what Decide said.
func (a *answers) outcome(served *rollout.Served, reason rollout.Reason) int {
	switch reason {
	case rollout.ReasonRemoved:
		return outRemoved
	case rollout.ReasonNoUser:
		return outNoUser
	case rollout.ReasonFull:
		return outFull
	case rollout.ReasonGrayscale:
		return outGrayscale
	case rollout.ReasonPilot:
		for i := range a.placement.Pilots {
			if served == &a.placement.Pilots[i].Served {
				return outPilots + i
			}
		}
	}
	return outNotAvailable
}

// Invoke answers the bytes of an event with the bytes of a response, as lambda.Handler. What nearly everybody asks, a
// plain question for a placement that is at hand, is answered without decoding the event or encoding the response;
// whatever else comes, and everything that is not certain, goes the way of all other routes.
func (r *Resolver) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	started := r.now() // only for the log and the renewal of addresses
	if out := r.quick(ctx, string(payload), started); out != nil {
		return out, nil
	}
	var req Request
	if err := json.NewDecoder(bytes.NewReader(payload)).Decode(&req); err != nil { // as the Lambda runtime decodes
		return nil, err // no gateway sends this
	}
	res, err := r.handle(ctx, req)
	if err != nil {
		return nil, err
	}
	return encode(res)
}

// encode is how the Lambda runtime encodes a response.
func encode(res Response) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(res)
	return out.Bytes(), err
}

func (r *Resolver) quick(ctx context.Context, payload string, started time.Time) []byte {
	var q question
	if !q.read(payload) {
		return nil
	}
	text := r.find(ctx, &q, started)
	if text == nil {
		return nil
	}
	out := make([]byte, 0, len(text.before)+len(q.requestID)+len(text.after))
	out = append(append(append(out, text.before...), q.requestID...), text.after...)
	r.log(ctx, &q, started)
	return out
}

// find is the answer to a question, nil when the long way has to be taken.
func (r *Resolver) find(ctx context.Context, q *question, now time.Time) *ready {
	var stack [3 * maxParam]byte
	v := r.cache.Hit(fresh.AppendKey(stack[:0], q.targetApp, q.environment, q.miniProgram))
	if v == nil {
		return nil
	}
	a := *v
	user, ok := q.user()
	if !ok {
		return nil
	}
	served, reason := rollout.Decide(&a.placement, user)
	if reason == rollout.ReasonNotAvailable && !a.placement.Says() {
		return nil // there is nothing to say
	}
	return r.text(ctx, a, served, reason, now)
}

func (r *Resolver) log(ctx context.Context, q *question, started time.Time) {
	if slog.Default().Enabled(ctx, slog.LevelInfo) {
		slog.LogAttrs(ctx, slog.LevelInfo, "request", slog.String("action", "resolve"), slog.String("subject", strings.TrimPrefix(q.subject, "/v1/resolve/")),
			slog.Duration("duration", r.now().Sub(started)), slog.String("requestId", q.requestID), slog.String("outcome", "ok"))
	}
}

// text is the rendered answer for an outcome; nil when it cannot be rendered, which the other way then says.
func (r *Resolver) text(ctx context.Context, a *answers, served *rollout.Served, reason rollout.Reason, now time.Time) *ready {
	slot := &a.ready[a.outcome(served, reason)]
	if t := slot.Load(); t != nil && now.Before(t.until) {
		return t
	}
	// The very code that answers everybody else renders it, with an id that no answer has.
	const here = "here-goes-the-request-id"
	opened, err := open(ctx, r.packages, &a.placement, served, reason)
	if err != nil {
		return nil
	}
	res, err := render(&Call{Route: Route{Method: "GET"}, RequestID: here}, Answer{Body: Resolved{Opened: opened}})
	if err != nil {
		return nil
	}
	whole, err := encode(res)
	if err != nil {
		return nil
	}
	before, after, ok := strings.Cut(string(whole), here)
	if !ok {
		return nil
	}
	t := &ready{before: before, after: after, whole: res, until: now.Add(readyFor)}
	slot.Store(t)
	return t
}
