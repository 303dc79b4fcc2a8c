package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// How long an answer is kept, and how long a first attempt may run before a repetition takes its place: longer than
// any function may run, so that a second one never starts beside a first that lives.
const (
	keepAnswers = 24 * time.Hour
	attemptTime = 30 * time.Second // functions of the API end after 29
)

// maxKept is the largest answer that is kept; answers to POST are small.
const maxKept = 200 << 10

func idempotencyKey(s string) (string, error) {
	for i := range len(s) {
		if s[i] < 0x21 || s[i] > 0x7e {
			return "", fault.New(fault.Invalid, "bad_idempotency_key", "Idempotency-Key has a character that is not visible ASCII; a UUID is a good key.")
		}
	}
	if len(s) > 255 {
		return "", fault.New(fault.Invalid, "bad_idempotency_key", "Idempotency-Key has %d characters; at most 255 are allowed.", len(s))
	}
	return s, nil
}

// once runs the operation under the call's Idempotency-Key: a repetition gets the first answer, problems included. An
// answer that blames ourselves (5xx, 429) or asks to try again is not kept: repeating it is a new attempt.
func (c *Call) once(ctx context.Context, table store.Table, operation Operation) (Answer, error) {
	seal, err := c.sealer()
	if err != nil {
		return Answer{}, err
	}
	id, print := c.attemptID(), c.fingerprint()
	kept, rev, err := store.LoadAttempt(ctx, table, id)
	if err != nil {
		return Answer{}, err
	}
	if live := rev > 0 && c.Now.Before(kept.Started.Add(keepAnswers)); live {
		switch {
		case kept.Fingerprint != print:
			return Answer{}, fault.New(fault.Unprocessable, "idempotency_key_reused", "This Idempotency-Key was used for another request; every new request needs a new key.")
		case kept.Status != 0:
			return replay(seal, kept)
		case c.Now.Before(kept.Until):
			return Answer{}, stillRunning()
		}
	}
	attempt := store.Attempt{ID: id, Fingerprint: print, Started: c.Now, Until: c.Now.Add(attemptTime), Expires: c.Now.Add(keepAnswers)}
	if end, ok := ctx.Deadline(); ok && end.Before(attempt.Until) { // the function is stopped then
		attempt.Until = end
	}
	if err := store.SaveAttempt(ctx, table, attempt, rev); err != nil {
		if store.IsConflict(err) {
			return Answer{}, stillRunning()
		}
		return Answer{}, err
	}
	return c.keep(ctx, table, attempt, rev+1, seal, operation)
}

func stillRunning() error {
	return fault.New(fault.Conflict, "idempotency_in_progress", "The first request with this Idempotency-Key is still running; repeat it in a moment.")
}

// keep runs the operation and stores its answer, unless another attempt took its place meanwhile. When storing fails the
// answer is given all the same: what was done is done, and a repetition will find the attempt unfinished.
func (c *Call) keep(ctx context.Context, table store.Table, attempt store.Attempt, rev int64, seal sealer, operation Operation) (Answer, error) {
	done := false
	defer func() { // also when the operation panics
		if !done {
			_ = store.DropAttempt(context.WithoutCancel(ctx), table, attempt, rev)
		}
	}()
	answer, failed := operation(ctx, c)
	res, _ := respond(c, answer, failed)
	if res.StatusCode >= 500 || res.StatusCode == 429 || len(res.Body) > maxKept || passing(failed) {
		return answer, failed
	}
	attempt.Status, attempt.Headers = res.StatusCode, answer.Headers
	attempt.ContentType, attempt.ETag = res.Headers["Content-Type"], res.Headers["ETag"]
	attempt.Body = seal.close([]byte(res.Body))
	done = true
	_ = store.SaveAttempt(context.WithoutCancel(ctx), table, attempt, rev)
	return answer, failed
}

// passing says whether an error tells the caller to repeat the same request in a moment.
func passing(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && (f.Code == "busy" || f.Code == "write_conflict")
}

func replay(seal sealer, kept store.Attempt) (Answer, error) {
	body, err := seal.open(kept.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("open a kept answer: %w", err)
	}
	headers := map[string]string{"Idempotency-Replayed": "true"}
	for k, v := range kept.Headers {
		headers[k] = v
	}
	a := Answer{Status: kept.Status, ETag: kept.ETag, Headers: headers, ContentType: kept.ContentType}
	if kept.ContentType != "" {
		a.Raw = body
	}
	return a, nil
}

// attemptID is the key within its scope: who asks, and the route. On routes without an actor the path, which holds
// their secret, stands for who asks.
func (c *Call) attemptID() string {
	who := c.Actor.Subject + "\x00" + c.Actor.Email
	if c.Route.Auth != Bearer {
		who = c.request.RawPath
	}
	return digest(who, c.Route.Operation, c.IdempotencyKey)
}

// fingerprint tells whether two requests are the same one.
func (c *Call) fingerprint() string {
	return digest(c.request.RawPath, c.request.RawQueryString, c.Header("If-Match"), c.Header("Content-Type"), string(c.body))
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p))
		_, _ = h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// secretRoutes answer a secret that must not lie readable in the table.
var secretRoutes = map[string]bool{"createToken": true}

func (c *Call) sealer() (sealer, error) {
	if !secretRoutes[c.Route.Operation] {
		return sealer{}, nil
	}
	if len(c.IdempotencyKey) < 32 {
		return sealer{}, fault.New(fault.Invalid, "bad_idempotency_key",
			"Idempotency-Key has %d characters; here it protects a secret answer and needs at least 32, for example a random UUID.", len(c.IdempotencyKey))
	}
	return sealer{key: []byte(c.IdempotencyKey)}, nil
}
