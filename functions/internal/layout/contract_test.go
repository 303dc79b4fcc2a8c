package layout_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"slipway/functions/internal/api"
)

// operation is what routes, contract and template have to agree on. A source leaves out what it does not know.
type operation struct {
	id       string
	function string
	bearer   bool
	query    []string
}

// differences names every disagreement of two lists of operations by route key.
func differences(a, b map[string]operation, compare ...func(x, y operation) string) []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(a)) {
		other, ok := b[key]
		if !ok {
			out = append(out, key+": only on one side")
			continue
		}
		for _, c := range compare {
			if d := c(a[key], other); d != "" {
				out = append(out, key+": "+d)
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[key]; !ok {
			out = append(out, key+": only on the other side")
		}
	}
	return out
}

func sameID(x, y operation) string {
	if strings.EqualFold(x.id, y.id) {
		return ""
	}
	return fmt.Sprintf("operation %q and %q", x.id, y.id)
}

func sameFunction(x, y operation) string {
	if x.function == y.function {
		return ""
	}
	return fmt.Sprintf("function %q and %q", x.function, y.function)
}

func sameAuth(x, y operation) string {
	if x.bearer == y.bearer {
		return ""
	}
	return fmt.Sprintf("needs a token: %v and %v", x.bearer, y.bearer)
}

func sameQuery(x, y operation) string {
	if slices.Equal(x.query, y.query) {
		return ""
	}
	return fmt.Sprintf("query %v and %v", x.query, y.query)
}

func ofRoutes() map[string]operation {
	out := map[string]operation{}
	for _, r := range api.Routes {
		out[r.Key()] = operation{r.Operation, r.Function, r.Auth == api.Bearer, slices.Sorted(slices.Values(r.Query))}
	}
	return out
}

func readContract(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func ofContract(doc *openapi3.T) map[string]operation {
	out := map[string]operation{}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			op := operation{id: o.OperationID, bearer: o.Security == nil || len(*o.Security) > 0}
			for _, p := range o.Parameters {
				if p.Value.In == "query" {
					op.query = append(op.query, p.Value.Name)
				}
			}
			slices.Sort(op.query)
			out[method+" "+path] = op
		}
	}
	return out
}

func ofTemplate(functions map[string]lambda) map[string]operation {
	out := map[string]operation{}
	for folder, f := range functions {
		for event, e := range f.Events {
			if e.Type == "HttpApi" {
				out[e.Properties.Method+" "+e.Properties.Path] = operation{id: event, function: folder, bearer: e.Properties.Auth.Authorizer != "NONE"}
			}
		}
	}
	return out
}

func TestContractIsValid(t *testing.T) {
	doc := readContract(t)
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	for key, o := range ofContract(doc) {
		method, path, _ := strings.Cut(key, " ")
		got := doc.Paths.Find(path).GetOperation(method)
		if got.Summary == "" || len(got.Tags) != 1 {
			t.Errorf("%s: an operation needs a summary and one tag", o.id)
		}
		var params []string
		for _, p := range got.Parameters {
			if p.Value.In == "path" {
				params = append(params, p.Value.Name)
			}
		}
		if !slices.Equal(params, api.Params(path)) {
			t.Errorf("%s: path parameters %v, want %v in the order of the path", o.id, params, api.Params(path))
		}
		asks := slices.ContainsFunc(api.Routes, func(r api.Route) bool { return r.Operation == o.id && r.Auth == api.Public })
		if key := hasParameter(got, "Idempotency-Key"); key != (method == "POST" && !asks) {
			t.Errorf("%s: Idempotency-Key is for every POST that changes something and nothing else", o.id)
		}
	}
}

func hasParameter(o *openapi3.Operation, name string) bool {
	return slices.ContainsFunc(o.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.Name == name })
}

func TestContractEqualsRoutes(t *testing.T) {
	for _, d := range differences(ofRoutes(), ofContract(readContract(t)), sameID, sameAuth, sameQuery) {
		t.Error("routes.go and openapi.yaml: ", d)
	}
}

func TestTemplateEqualsRoutes(t *testing.T) {
	for _, d := range differences(ofRoutes(), ofTemplate(readTemplate(t).lambdas(t)), sameID, sameFunction, sameAuth) {
		t.Error("routes.go and template.yaml: ", d)
	}
}

func TestPlantedDifferencesAreFound(t *testing.T) {
	plant := func(change func(map[string]operation)) []string {
		changed := ofRoutes()
		change(changed)
		return differences(ofRoutes(), changed, sameID, sameFunction, sameAuth, sameQuery)
	}
	const key = "POST /v1/releases/{id}/apply"
	set := func(o operation) func(map[string]operation) { return func(m map[string]operation) { m[key] = o } }
	was := ofRoutes()[key]
	if was.id != "applyRelease" {
		t.Fatalf("%s is %+v", key, was)
	}
	for name, test := range map[string]struct {
		change func(map[string]operation)
		want   string
	}{
		"missing":  {func(m map[string]operation) { delete(m, key) }, "only on one side"},
		"extra":    {func(m map[string]operation) { m["GET /v1/more"] = operation{} }, "only on the other side"},
		"id":       {set(operation{"apply", was.function, was.bearer, was.query}), "operation"},
		"function": {set(operation{was.id, "releases/full", was.bearer, was.query}), "function"},
		"auth":     {set(operation{was.id, was.function, false, was.query}), "needs a token"},
		"query":    {set(operation{was.id, was.function, was.bearer, []string{"q"}}), "query"},
	} {
		if got := plant(test.change); len(got) != 1 || !strings.Contains(got[0], test.want) {
			t.Errorf("%s: found %q, want one that says %q", name, got, test.want)
		}
	}
	if got := plant(func(map[string]operation) {}); got != nil {
		t.Errorf("without a difference: %q", got)
	}
}
