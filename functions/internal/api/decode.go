package api

import (
	"encoding/base64"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"slipway/functions/internal/api/strict"
	"slipway/functions/internal/fault"
)

// maxBody is the most that a request may carry: files go to the package store, never through here.
const maxBody = 1 << 20

func bodyOf(req Request) ([]byte, error) {
	tooLarge := fault.New(fault.TooLarge, "body_too_large", "The body is over %d bytes; files are uploaded to the address that an upload answers.", maxBody)
	if !req.IsBase64Encoded {
		if len(req.Body) > maxBody {
			return nil, tooLarge
		}
		return []byte(req.Body), nil
	}
	if base64.StdEncoding.DecodedLen(len(req.Body)) > maxBody+3 {
		return nil, tooLarge
	}
	body, err := base64.StdEncoding.DecodeString(req.Body)
	if err != nil {
		return nil, fault.New(fault.Invalid, "bad_body", "The body is not the base64 it claims to be.")
	}
	if len(body) > maxBody {
		return nil, tooLarge
	}
	return body, nil
}

// DecodeBody reads the JSON body into v, a pointer to a struct; every field that is unknown or of a wrong type is
// named. Values are not validated.
func (c *Call) DecodeBody(v any) error {
	if err := c.contentType("application/json"); err != nil {
		return err
	}
	return strict.Decode(c.body, v)
}

// DecodeOptional is DecodeBody for actions that need no body: an empty one leaves v as it is.
func (c *Call) DecodeOptional(v any) error {
	if len(strings.TrimSpace(string(c.body))) == 0 {
		return nil
	}
	return c.DecodeBody(v)
}

// NoBody refuses a body with anything in it.
func (c *Call) NoBody() error { return c.DecodeOptional(&struct{}{}) }

// Form reads a form as a page posts it: only the fields named, each at most once.
func (c *Call) Form(fields ...string) (map[string]string, error) {
	if err := c.contentType("application/x-www-form-urlencoded"); err != nil {
		return nil, err
	}
	values, err := url.ParseQuery(string(c.body))
	if err != nil || !utf8.Valid(c.body) {
		return nil, fault.New(fault.Invalid, "bad_form", "The body is not a form.")
	}
	return single(values, fields, "form field")
}

func (c *Call) contentType(want string) error {
	is, params, err := mime.ParseMediaType(c.Header("Content-Type"))
	charset := strings.ToLower(params["charset"])
	if err == nil && is == want && (charset == "" || charset == "utf-8") {
		return nil
	}
	return fault.New(fault.Invalid, "content_type", "Content-Type is %.80q; send %s in UTF-8.", c.Header("Content-Type"), want)
}

// queryOf reads the query. RawQueryString is asked because the gateway joins repeated parameters with commas, after
// which nobody can tell them from a comma.
func queryOf(req Request, known []string) (map[string]string, error) {
	values, err := url.ParseQuery(req.RawQueryString)
	if err != nil {
		return nil, fault.New(fault.Invalid, "bad_query", "The query is not well formed: every %% needs two hex digits, and parts are joined by &.")
	}
	if req.RawQueryString == "" {
		for k, v := range req.QueryStringParameters {
			values.Set(k, v)
		}
	}
	return single(values, known, "query parameter")
}

func single(values url.Values, known []string, what string) (map[string]string, error) {
	out := make(map[string]string, len(values))
	var wrong []fault.Field
	for name, v := range values {
		field := fault.Field{Field: fmt.Sprintf("%.80s", name)}
		switch {
		case !slices.Contains(known, name):
			field.Detail = "is not a known " + what
			if len(known) > 0 {
				field.Detail += "; known are " + strings.Join(known, ", ")
			}
		case len(v) > 1:
			field.Detail = "is given more than once; give it once"
		case !utf8.ValidString(v[0]):
			field.Detail = "is not UTF-8"
		default:
			out[name] = v[0]
			continue
		}
		wrong = append(wrong, field)
	}
	slices.SortFunc(wrong, func(a, b fault.Field) int { return strings.Compare(a.Field, b.Field) })
	return out, fault.Fields(wrong)
}
