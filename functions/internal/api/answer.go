package api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"slipway/functions/internal/fault"
)

// Answer is what an operation answers: a JSON body, or raw bytes of a type.
type Answer struct {
	Status      int    // 0 means 200
	Body        any    // rendered as JSON; nil sends no body
	Raw         []byte // sent as they are, with ContentType
	ContentType string
	ETag        string            // as ETag makes it; answers If-None-Match of a GET with 304
	Fresh       bool              // never 304: it shows more than the ETag is of
	Headers     map[string]string // over the headers that every answer has
}

// List is a page of a list, as clients see it.
type List[T any] struct {
	Items         []T    `json:"items"`
	NextPageToken string `json:"nextPageToken,omitempty"`
}

// NewList makes a page whose items are never null.
func NewList[T any](items []T, next string) List[T] {
	if items == nil {
		items = []T{}
	}
	return List[T]{Items: items, NextPageToken: next}
}

// headers go with every answer: nothing here is ever a page that may be framed, sniffed or kept by a proxy, unless an
// operation says otherwise.
var headers = map[string]string{
	"Cache-Control":             "no-store",
	"Content-Security-Policy":   "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
	"Referrer-Policy":           "no-referrer",
	"Strict-Transport-Security": "max-age=31536000",
	"X-Content-Type-Options":    "nosniff",
}

// respond renders the answer or, when err is set, the problem. The error it returns is what the log should tell of.
func respond(c *Call, a Answer, err error) (Response, error) {
	if err == nil {
		res, failed := render(c, a)
		if failed == nil {
			return res, nil
		}
		err = failed
	}
	return Refuse(err, c.RequestID), err
}

// shown is a refusal as a page. What a program goes by stays: the status, and when to try again.
func shown(c *Call, refused Response, err error, pageOf func(*Call, error) (Answer, error)) Response {
	a, failed := pageOf(c, err)
	if failed != nil {
		return refused
	}
	res, failed := render(c, a)
	if failed != nil {
		return refused
	}
	if later, ok := refused.Headers["Retry-After"]; ok {
		res.Headers["Retry-After"] = later
	}
	return res
}

func render(c *Call, a Answer) (Response, error) {
	res := Response{StatusCode: a.Status, Headers: standardHeaders(c.RequestID)}
	if res.StatusCode == 0 {
		res.StatusCode = 200
	}
	if a.ETag != "" {
		res.Headers["ETag"] = a.ETag
	}
	for k, v := range a.Headers {
		res.Headers[k] = v
	}
	if a.ETag != "" && !a.Fresh && c.Route.Method == "GET" && matches(c.Header("If-None-Match"), a.ETag, true) {
		res.StatusCode = 304
		return res, nil
	}
	switch {
	case a.Raw != nil:
		res.Headers["Content-Type"] = a.ContentType
		res.Body = string(a.Raw)
		if !utf8.Valid(a.Raw) { // an event is JSON, which has no bytes that are not text
			res.Body, res.IsBase64Encoded = base64.StdEncoding.EncodeToString(a.Raw), true
		}
	case a.Body != nil:
		var body strings.Builder
		enc := json.NewEncoder(&body)
		enc.SetEscapeHTML(false) // addresses stay readable; nosniff keeps the rest from being taken for a page
		if err := enc.Encode(a.Body); err != nil {
			return Response{}, fmt.Errorf("render the answer: %w", err)
		}
		res.Headers["Content-Type"] = "application/json"
		res.Body = body.String()
	}
	return res, nil
}

const requestIDHeader = "X-Request-Id"

func standardHeaders(requestID string) map[string]string {
	out := make(map[string]string, len(headers)+4)
	for k, v := range headers {
		out[k] = v
	}
	if requestID != "" {
		out[requestIDHeader] = requestID
	}
	return out
}

// ETag is the strong entity tag of a record at a revision.
func ETag(rev int64) string { return `"` + strconv.FormatInt(rev, 10) + `"` }

// MatchRev holds If-Match against the revision of what the call is about: Stale when it names another one. A call
// without If-Match passes.
func (c *Call) MatchRev(rev int64) error {
	want := c.Header("If-Match")
	if want == "" || matches(want, ETag(rev), false) {
		return nil
	}
	return fault.New(fault.Stale, "stale", "If-Match is %.80s, but it is at %s now: read it again and decide anew.", want, ETag(rev))
}

// matches compares a list of entity tags with one. Weak tags never match strongly (RFC 9110, 8.8.3.2).
func matches(header, tag string, weak bool) bool {
	for part := range strings.SplitSeq(header, ",") {
		part = strings.TrimSpace(part)
		if weak {
			part = strings.TrimPrefix(part, "W/")
		}
		if part == "*" || part == tag {
			return true
		}
	}
	return false
}
