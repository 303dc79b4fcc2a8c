package api

import (
	"context"
	"maps"
	"strings"
	"time"
)

// of finds the question in a request that has been decoded, as read does in the bytes of one: it says no to everything
// about which the checks of Serve could have another opinion.
func (q *question) of(req *Request) bool {
	if req.RouteKey != resolveKey || req.Body != "" || req.IsBase64Encoded || req.RequestContext.TimeEpoch <= 0 || req.RequestContext.Authorizer != nil ||
		len(req.PathParameters) != 3 || req.RawQueryString == "" && len(req.QueryStringParameters) > 0 {
		return false
	}
	for name := range req.Headers {
		if strings.EqualFold(name, "Idempotency-Key") {
			return false
		}
	}
	*q = question{
		targetApp: req.PathParameters["targetApp"], environment: req.PathParameters["environment"], miniProgram: req.PathParameters["miniProgram"],
		query: req.RawQueryString, requestID: req.RequestContext.RequestID, subject: req.RawPath,
	}
	for _, name := range [3]string{q.targetApp, q.environment, q.miniProgram} {
		if name == "" || len(name) > maxParam || !isPlain(name) {
			return false
		}
	}
	return isPlain(q.query) && isPlain(q.subject) && isID(q.requestID)
}

// isPlain says whether something is visible ASCII and spaces.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// typed is quick for a request that has been decoded.
func (r *Resolver) typed(ctx context.Context, req *Request, started time.Time) (res Response, ok bool) {
	var q question
	if !q.of(req) {
		return res, false
	}
	text := r.find(ctx, &q, started)
	if text == nil {
		return res, false
	}
	res = text.whole
	res.Headers = maps.Clone(res.Headers)
	res.Headers[requestIDHeader] = q.requestID
	r.log(ctx, &q, started)
	return res, true
}
