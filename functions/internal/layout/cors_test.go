package layout_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/api"
)

// origins are given as a parameter; SAM writes its value into the definition.
const origins = "https://console.example.com,https://staff.example.com"

// cors is what the gateway says to pages of other origins. Origins are a list, or an intrinsic function that gives one.
type cors struct {
	Origins any      `json:"allowOrigins"`
	Methods []string `json:"allowMethods"`
	Headers []string `json:"allowHeaders"`
	Exposed []string `json:"exposeHeaders"`
	MaxAge  int      `json:"maxAge"`
}

// toldByBrowsers are headers of the contract that pages do not set themselves.
var toldByBrowsers = []string{"Accept-Encoding"}

// forBrowsers are headers that a browser obeys and a page has no use for.
var forBrowsers = []string{"Refresh"}

// wantedCors is what a page of an allowed origin needs for everything that the contract offers.
func wantedCors(contract *openapi3.T) cors {
	out := cors{
		Origins: map[string]any{"Fn::Split": []any{",", origins}}, MaxAge: 3600,
		Headers: []string{"authorization", "content-type"}, Exposed: []string{"x-request-id"},
	}
	for _, r := range api.Routes {
		out.Methods = append(out.Methods, r.Method)
	}
	for _, item := range contract.Paths.Map() {
		for _, o := range item.Operations() {
			for _, p := range o.Parameters {
				if p.Value.In == "header" && !slices.Contains(toldByBrowsers, p.Value.Name) {
					out.Headers = append(out.Headers, strings.ToLower(p.Value.Name))
				}
			}
			for _, r := range o.Responses.Map() {
				for name := range r.Value.Headers {
					if !slices.Contains(forBrowsers, name) {
						out.Exposed = append(out.Exposed, strings.ToLower(name))
					}
				}
			}
		}
	}
	for _, list := range []*[]string{&out.Methods, &out.Headers, &out.Exposed} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return out
}

// corsWrong names what the gateway would tell pages otherwise than the contract needs. It reads the definition that SAM
// makes: what a template says of CORS is lost there without a word when it has the wrong form.
func corsWrong(template []byte, want cors) (out []string) {
	var t struct {
		Resources struct {
			API struct {
				Properties struct {
					Body struct {
						Cors struct {
							If []json.RawMessage `json:"Fn::If"`
						} `json:"x-amazon-apigateway-cors"`
					}
				}
			} `json:"Api"`
		}
	}
	if err := json.Unmarshal(template, &t); err != nil {
		return []string{err.Error()}
	}
	branches := t.Resources.API.Properties.Body.Cors.If
	if len(branches) != 3 {
		return []string{"the definition has no CORS that depends on Origins"}
	}
	for i, want := range []any{"HasOrigins", want, cors{Origins: []any{"https://nobody.invalid"}, Methods: []string{"GET"}}} {
		var got any
		if i == 0 {
			var name string
			_ = json.Unmarshal(branches[i], &name) // what is no name is not the one wanted
			got = name
		} else {
			var c cors
			if err := json.Unmarshal(branches[i], &c); err != nil {
				out = append(out, fmt.Sprintf("CORS is %s: %v", branches[i], err))
				continue
			}
			for _, list := range [][]string{c.Methods, c.Headers, c.Exposed} {
				slices.Sort(list)
			}
			got = c
		}
		if d := cmp.Diff(want, got); d != "" {
			out = append(out, "CORS (- wanted, + deployed):\n"+d)
		}
	}
	return out
}

func TestPagesOfOtherOriginsCanUseTheContract(t *testing.T) {
	t.Parallel() // it mostly waits for another program
	template, err := os.ReadFile(filepath.Join(translated(t, "Origins="+origins), "template.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := wantedCors(readContract(t))
	for _, wrong := range corsWrong(template, want) {
		t.Error(wrong)
	}
	for name, p := range map[string][2]string{
		"a header":  {`"if-match", `, ""},
		"exposed":   {`"slipway-age", `, ""},
		"a method":  {`"PATCH", `, ""},
		"the form":  {`{"allowOrigins": {"Fn::Split"`, `{"allowOrigin": {"Fn::Split"`},
		"anybody":   {`"https://nobody.invalid"`, `"*"`},
		"condition": {`["HasOrigins", {"allow`, `["HasEdge", {"allow`},
		"no more":   {`"x-amazon-apigateway-cors"`, `"x-apigateway-cors"`},
	} {
		planted := strings.Replace(string(template), p[0], p[1], 1)
		if planted == string(template) || corsWrong([]byte(planted), want) == nil {
			t.Errorf("%s: planted, and not found", name)
		}
	}
}
