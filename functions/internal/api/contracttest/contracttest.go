// Package contracttest holds real HTTP requests and answers against the API's contract, for tests that talk to the API.
//
// Nothing here belongs into a running program.
package contracttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"slipway/functions/internal/api"
)

// Check says how an answer, or the request that got it, departs from openapi.yaml: a route, status, media type or
// field that is not there, a value of another form. A request that was refused (4xx, 5xx) may be as wrong as it likes.
// Both bodies can still be read afterwards. Requests to paths that the contract does not speak of are an error.
func Check(req *http.Request, res *http.Response) error {
	c, err := load()
	if err != nil {
		return err
	}
	in, err := c.input(req)
	if err != nil {
		return err
	}
	if res.StatusCode < 400 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			return fmt.Errorf("%s %s was accepted with %d, but the contract refuses it: %w", req.Method, req.URL.Path, res.StatusCode, err)
		}
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	if err := fits(in, res, body); err != nil {
		return fmt.Errorf("%s %s answered %d: %w", req.Method, req.URL.Path, res.StatusCode, err)
	}
	return nil
}

// Shape says how a JSON document departs from one of the contract's schemas, for what is written elsewhere than over HTTP.
func Shape(schema string, document []byte) error {
	c, err := load()
	if err != nil {
		return err
	}
	s := c.schemas[schema]
	if s == nil {
		return fmt.Errorf("the contract has no schema %s", schema)
	}
	var value any
	if err := json.Unmarshal(document, &value); err != nil {
		return err
	}
	return s.Value.VisitJSON(value, openapi3.MultiErrors())
}

type contract struct {
	router  routers.Router
	schemas openapi3.Schemas
}

var load = sync.OnceValues(func() (*contract, error) { return open(api.Contract) })

// open reads a contract and makes it stricter than clients should be: an answer with a field that is not in it fails.
func open(data []byte) (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, err
	}
	for _, s := range doc.Components.Schemas {
		closed(s.Value, map[*openapi3.Schema]bool{})
	}
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	return &contract{router, doc.Components.Schemas}, err
}

// closed forbids fields that a schema does not list, at any depth.
func closed(s *openapi3.Schema, seen map[*openapi3.Schema]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	for _, p := range s.Properties {
		closed(p.Value, seen)
	}
	if s.Items != nil {
		closed(s.Items.Value, seen)
	}
	if s.AdditionalProperties.Schema != nil {
		closed(s.AdditionalProperties.Schema.Value, seen)
	}
	if len(s.Properties) > 0 && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
		no := false
		s.AdditionalProperties.Has = &no
	}
}

func (c *contract) input(req *http.Request) (*openapi3filter.RequestValidationInput, error) {
	again := req.Clone(context.Background())
	again.Body = http.NoBody
	if req.GetBody != nil { // the client has consumed the body itself
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		again.Body = body
	}
	u := *req.URL
	u.Scheme, u.Host = "", ""
	again.URL = &u
	route, params, err := c.router.FindRoute(again)
	if err != nil {
		return nil, fmt.Errorf("%s %s is not in the contract: %w", req.Method, req.URL.Path, err)
	}
	return &openapi3filter.RequestValidationInput{
		Request: again, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			IncludeResponseStatus: true, MultiError: true,
			AuthenticationFunc: func(_ context.Context, in *openapi3filter.AuthenticationInput) error {
				if !strings.HasPrefix(in.RequestValidationInput.Request.Header.Get("Authorization"), "Bearer ") {
					return errors.New("an operation that needs a token answered without one")
				}
				return nil
			},
		},
	}, nil
}

func fits(in *openapi3filter.RequestValidationInput, res *http.Response, body []byte) error {
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: res.StatusCode, Header: res.Header, Options: in.Options,
		Body: io.NopCloser(bytes.NewReader(body)),
	}
	return openapi3filter.ValidateResponse(context.Background(), out)
}

// Pages, pictures and the contract itself: there is nothing in them to hold against a schema.
func init() {
	for _, kind := range []string{"text/html", "application/yaml", "application/x-ndjson", "image/png", "image/svg+xml"} {
		openapi3filter.RegisterBodyDecoder(kind, openapi3filter.FileBodyDecoder)
	}
}
