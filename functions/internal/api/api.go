// Package api answers HTTP: it knows the routes, reads requests strictly, finds out who asks, calls the use case, and
// puts the answer, or what went wrong, into words of HTTP.
//
// What belongs here: everything about the wire, and use cases that only read or change the catalogue. What does not:
// rules (the domain packages), items (package store), and anything of AWS but the shape of its events.
package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// Request and Response are the events of an API Gateway HTTP API, payload format 2.0.
type (
	Request  = events.APIGatewayV2HTTPRequest
	Response = events.APIGatewayV2HTTPResponse
)

// Handler answers one request. The error is always nil: a Lambda function that returns one loses its answer.
type Handler = func(context.Context, Request) (Response, error)

// Operation is what one route does.
type Operation func(ctx context.Context, c *Call) (Answer, error)

// Operations maps operation ids of Routes to what answers them.
type Operations map[string]Operation

// Call is one request on its way through an operation.
type Call struct {
	Route          Route
	Actor          catalog.Actor // empty on public routes
	Via            string        // how the actor acts, for the history: "api", "ci" or "link"
	Now            time.Time     // when the gateway took the request
	IP             string
	RequestID      string
	IdempotencyKey string
	Random         io.Reader // source of ids and secrets

	request Request
	query   map[string]string
	body    []byte
	subject string
}

// Serve answers the routes of one function. An operation that Routes does not know, or that belongs to another
// function than the rest, panics when the function starts, so that no deployment can carry it.
func Serve(table store.Table, operations Operations) Handler { return serve(table, operations, nil) }

// serve is Serve with what makes a page of an error, for what people visit by browser. Only who shows pages names that:
// a branch here would link all pages into every function.
func serve(table store.Table, operations Operations, pageOf func(*Call, error) (Answer, error)) Handler {
	routes := routesOf(operations)
	return func(ctx context.Context, req Request) (Response, error) {
		started := time.Now() // only for the log: rules take the time from the event
		c := &Call{
			Now: time.UnixMilli(req.RequestContext.TimeEpoch).UTC(), IP: req.RequestContext.HTTP.SourceIP,
			RequestID: req.RequestContext.RequestID, Via: "api", Random: rand.Reader, request: req,
		}
		answer, err := c.run(ctx, table, routes, operations)
		res, err := respond(c, answer, err)
		if err != nil && pageOf != nil {
			res = shown(c, res, err, pageOf)
		}
		logLine(ctx, c, res, err, time.Since(started))
		return res, nil
	}
}

func routesOf(operations Operations) map[string]Route {
	routes, function := map[string]Route{}, ""
	for _, r := range Routes {
		if operations[r.Operation] == nil {
			continue
		}
		if function != "" && function != r.Function {
			panic(fmt.Sprintf("api: operations of %s and %s in one function", function, r.Function))
		}
		function = r.Function
		routes[r.Key()] = r
	}
	if len(routes) != len(operations) {
		panic(fmt.Sprintf("api: %s: an operation is not among Routes", function))
	}
	return routes
}

// run is one request from its route to its answer. A panic is a bug; the caller learns nothing of it but that.
func (c *Call) run(ctx context.Context, table store.Table, routes map[string]Route, operations Operations) (answer Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	route, ok := routes[c.request.RouteKey]
	if !ok {
		return Answer{}, NoRoute(c.request.RequestContext.HTTP.Method, c.request.RawPath)
	}
	c.Route = route
	return c.answer(ctx, table, operations[route.Operation])
}

func (c *Call) answer(ctx context.Context, table store.Table, operation Operation) (Answer, error) {
	if err := c.admit(ctx, table); err != nil {
		return Answer{}, err
	}
	if c.Route.Method == "POST" && c.Route.Auth != Public && c.IdempotencyKey != "" { // behind a public one nothing is changed
		return c.once(ctx, table, operation)
	}
	return operation(ctx, c)
}

// admit reads all of the request that every route reads alike, and who asks.
func (c *Call) admit(ctx context.Context, table store.Table) (err error) {
	if c.request.RequestContext.TimeEpoch <= 0 {
		return fmt.Errorf("the event carries no time")
	}
	if c.Route.Auth == Bearer {
		if err := c.refused(); err != nil {
			return err
		}
	}
	if err := c.plausible(); err != nil {
		return err
	}
	if c.body, err = bodyOf(c.request); err != nil {
		return err
	}
	if !slices.Contains(passedOn, c.Route.Operation) {
		if c.query, err = queryOf(c.request, c.Route.Query); err != nil {
			return err
		}
	}
	if c.IdempotencyKey, err = idempotencyKey(c.Header("Idempotency-Key")); err != nil {
		return err
	}
	if c.Route.Auth == Bearer {
		return c.authenticate(ctx, table)
	}
	if c.Route.Auth == Link {
		c.Via = "link"
	}
	return nil
}

// passedOn are operations whose addresses people are handed. What apps and mail gateways add to them on the way, to see who
// follows, is not asked for and not wrong either.
var passedOn = []string{"openQrCode", "showApproval", "decideApproval"}

// maxParam is more than any id, email or number has.
const maxParam = 256

// plausible refuses path parameters that cannot name anything, before they become keys.
func (c *Call) plausible() error {
	for _, name := range Params(c.Route.Pattern) {
		v := c.Param(name)
		if !nameable(v) {
			return fault.New(fault.NotFound, "not_found", "The {%s} in the path cannot be one: it is empty, too long or not text.", name)
		}
	}
	return nil
}

// Param is a path parameter of the route's pattern.
func (c *Call) Param(name string) string { return c.request.PathParameters[name] }

// email is the path parameter of that name. Gateways differ in whether they decode "%40" in a path.
func (c *Call) email() string {
	s := c.Param("email")
	if decoded, err := url.PathUnescape(s); err == nil && !strings.Contains(s, "@") {
		return decoded
	}
	return s
}

// Query is a query parameter, "" when absent. Which ones a route knows is in Routes.
func (c *Call) Query(name string) string { return c.query[name] }

// Header is a request header; names are not case-sensitive.
func (c *Call) Header(name string) string { return headerOf(c.request.Headers, name) }

func headerOf(headers map[string]string, name string) string {
	if v, ok := headers[strings.ToLower(name)]; ok {
		return v
	}
	for k, v := range headers {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// About names in the log what the call is about, when path parameters do not say it (an id that was just made).
func (c *Call) About(subject string) { c.subject = subject }

// Event begins a line of history about this call.
func (c *Call) Event(action string) store.Event {
	return store.Event{ID: c.NewID("ev"), At: c.Now, Action: action, Actor: c.Actor.Person, Via: c.Via, IP: c.IP}
}

// alphabet has no letters that are mistaken for digits, so that ids survive being read aloud.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// NewID makes an id of 100 random bits: "mp_" and 20 characters that fit into paths, keys and execution names.
func (c *Call) NewID(prefix string) string {
	b := c.RandomBytes(20)
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return prefix + "_" + string(b)
}

// RandomBytes makes n bytes nobody can guess.
func (c *Call) RandomBytes(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(c.Random, b); err != nil {
		panic(err) // a machine without randomness cannot make secrets
	}
	return b
}

// logLine writes the one line of an invocation: never a token, never a payload.
func logLine(ctx context.Context, c *Call, res Response, err error, took time.Duration) {
	outcome, level := "ok", slog.LevelInfo
	attrs := []any{
		"action", c.Route.Operation, "subject", c.subjectOfLog(), "actor", c.actorOfLog(), "status", res.StatusCode,
		"duration", took.Round(time.Microsecond).String(), "requestId", c.RequestID,
	}
	if err != nil {
		outcome = string(fault.KindOf(err))
		if res.StatusCode >= 500 {
			level = slog.LevelError
			attrs = append(attrs, "error", err.Error())
		}
	}
	slog.Log(ctx, level, "request", append(attrs, "outcome", outcome)...)
}

func (c *Call) subjectOfLog() string {
	if c.subject != "" {
		return c.subject
	}
	var parts []string
	for _, name := range Params(c.Route.Pattern) {
		if name != "token" { // an approval link's token is a secret
			parts = append(parts, c.Param(name))
		}
	}
	return strings.Join(parts, "/")
}

func (c *Call) actorOfLog() string {
	switch {
	case c.Actor.Token != nil:
		return "token:" + c.Actor.Token.ID
	case c.Actor.Subject != "":
		return c.Actor.Subject
	}
	return c.Actor.Email
}
