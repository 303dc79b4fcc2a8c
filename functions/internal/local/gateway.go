package local

import (
	"context"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"slipway/functions/internal/api"
	"slipway/functions/internal/fault"
)

// maxEvent is what API Gateway takes at most; the API itself takes less.
const maxEvent = 10 << 20

// gateway is API Gateway on a laptop: HTTP in, events to the deployed handlers, HTTP out.
type gateway struct {
	handlers  map[string]api.Handler // by function
	authorize api.Authorizer
	newID     func() string
	now       func() time.Time
}

// Gateway puts every route of the API on a mux, before functions and an authorizer that run elsewhere.
func Gateway(mux *http.ServeMux, handlers map[string]api.Handler, authorize api.Authorizer) {
	gateway{handlers: handlers, authorize: authorize, newID: newRequestID, now: func() time.Time { return time.Now().UTC() }}.mount(mux)
}

// Answer writes what a function answered to whoever asked over HTTP.
func Answer(w http.ResponseWriter, r *http.Request, res api.Response) { write(w, r, res) }

// mount puts every route of the API on the mux.
func (g gateway) mount(mux *http.ServeMux) {
	for _, route := range api.Routes {
		handler, ok := g.handlers[route.Function]
		if !ok {
			panic("local: nothing answers " + route.Function)
		}
		mux.HandleFunc(route.Key(), func(w http.ResponseWriter, r *http.Request) { g.serve(w, r, route, handler) })
	}
}

func (g gateway) serve(w http.ResponseWriter, r *http.Request, route api.Route, handler api.Handler) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxEvent+1))
	req := g.event(r, route.Key(), body)
	for _, name := range api.Params(route.Pattern) {
		if req.PathParameters == nil {
			req.PathParameters = map[string]string{}
		}
		req.PathParameters[name] = r.PathValue(name)
	}
	switch {
	case err != nil:
		return // the client went away
	case len(body) > maxEvent:
		write(w, r, api.Refuse(fault.New(fault.TooLarge, "body_too_large", "The body is over %d bytes; files are uploaded to the address that an upload answers.", maxEvent), req.RequestContext.RequestID))
		return
	}
	if route.Auth == api.Bearer {
		if err := g.admit(r.Context(), &req); err != nil {
			write(w, r, api.Refuse(err, req.RequestContext.RequestID))
			return
		}
	}
	res, _ := handler(r.Context(), req) // the error is always nil
	write(w, r, res)
}

// admit asks the authorizer as the gateway does, for every request, and hands on what it says.
func (g gateway) admit(ctx context.Context, req *api.Request) error {
	answer, err := g.authorize(ctx, events.APIGatewayV2CustomAuthorizerV2Request{
		Version: "2.0", Type: "REQUEST", RouteKey: req.RouteKey, RawPath: req.RawPath, Headers: req.Headers, RequestContext: req.RequestContext,
	})
	if err == nil && !answer.IsAuthorized { // the gateway's own words; the authorizer never asks for them
		err = fault.New(fault.Forbidden, "forbidden", "Forbidden")
	}
	req.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: answer.Context}
	return err
}

func (g gateway) event(r *http.Request, key string, body []byte) api.Request {
	now := g.now()
	req := api.Request{
		Version: "2.0", RouteKey: key, RawPath: r.URL.EscapedPath(), RawQueryString: r.URL.RawQuery,
		Headers: map[string]string{}, QueryStringParameters: map[string]string{},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: key, Stage: "$default", RequestID: g.newID(), APIID: "local", DomainName: r.Host,
			Time: now.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: sourceIP(r), UserAgent: r.UserAgent(),
			},
		},
	}
	for name, values := range r.Header {
		req.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	req.Headers["host"] = r.Host
	for name, values := range r.URL.Query() {
		req.QueryStringParameters[name] = strings.Join(values, ",")
	}
	if utf8.Valid(body) {
		req.Body = string(body)
	} else {
		req.Body, req.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return req
}

func sourceIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func write(w http.ResponseWriter, r *http.Request, res api.Response) {
	for name, value := range res.Headers {
		w.Header().Set(name, value)
	}
	for name, values := range res.MultiValueHeaders {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	w.WriteHeader(res.StatusCode)
	if r.Method == http.MethodHead {
		return
	}
	if res.IsBase64Encoded {
		body, err := base64.StdEncoding.DecodeString(res.Body)
		if err == nil {
			w.Write(body)
		}
		return
	}
	io.WriteString(w, res.Body)
}
