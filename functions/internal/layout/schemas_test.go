package layout_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// answers are the types that are rendered as a schema of the contract. What they hold is compared with them.
var answers = map[string]any{
	"Problem": api.Problem{}, "FieldError": fault.Field{}, "Me": api.MeView{}, "Workspace": catalog.Workspace{}, "Member": catalog.Member{},
	"Token": catalog.Token{}, "NewToken": api.NewToken{}, "TargetApp": catalog.TargetApp{}, "MiniProgram": api.ProgramView{},
	"Version": api.VersionView{}, "Upload": release.Upload{}, "Release": api.ReleaseView{}, "Report": compat.Report{}, "Event": store.Event{},
	"Request": api.RequestView{}, "Image": api.ImageView{}, "Resolved": api.Resolved{}, "Explanation": api.Explanation{},
	"QrCode": api.QRCodeView{},
}

// words are the values of types that have few.
var words = map[reflect.Type][]string{
	reflect.TypeFor[release.Status]():        texts(release.Statuses),
	reflect.TypeFor[catalog.Environment]():   texts(catalog.Environments),
	reflect.TypeFor[approval.Status]():       texts(approval.Statuses),
	reflect.TypeFor[approval.Category]():     texts(approval.Categories),
	reflect.TypeFor[catalog.Action]():        texts(catalog.TokenActions),
	reflect.TypeFor[catalog.WorkspaceKind](): texts(slices.Sorted(maps.Keys(catalog.Roles))),
	reflect.TypeFor[release.Action]():        texts(slices.DeleteFunc(slices.Clone(release.Actions), func(a release.Action) bool { return !a.ByPerson() })),
	reflect.TypeFor[release.BuildState]():    texts([]release.BuildState{release.Building, release.Built, release.BuildFailed, release.BuildStale}),
	reflect.TypeFor[release.TestState]():     texts([]release.TestState{release.Untested, release.Testing, release.TestPassed, release.TestFailed, release.TestStale}),
}

// narrower are places at which only some of a type's words can stand; the contract may say so.
var narrower = []string{"Request.parties[].decision", "TargetApp.settings.pilotTesting[]"}

func texts[T ~string](list []T) (out []string) {
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

// field is one field of a JSON object.
type field struct {
	of     reflect.Type
	always bool
}

// fields are those that encoding/json writes of a struct.
func fields(t reflect.Type) map[string]field {
	out, embedded := map[string]field{}, map[string]field{}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			maps.Copy(embedded, fields(f.Type))
		case name != "-" && f.IsExported():
			out[name] = field{f.Type, !strings.Contains(options, "omit")}
		}
	}
	for name, f := range embedded {
		if _, shadowed := out[name]; !shadowed {
			out[name] = f
		}
	}
	return out
}

// departs names everything in which a type is rendered otherwise than a schema says.
func departs(path string, t reflect.Type, s *openapi3.Schema) []string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[json.RawMessage]() || t.Kind() == reflect.Interface {
		return nil
	}
	is := func(kind string) []string {
		if s.Type == nil || !s.Type.Is(kind) {
			return []string{fmt.Sprintf("%s is %v in the contract, and %s in the code", path, s.Type, t)}
		}
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			if s.Format != "date-time" {
				return []string{path + " is a time, and no date-time in the contract"}
			}
			return nil
		}
		return append(is("object"), objectDeparts(path, fields(t), s)...)
	case reflect.Slice:
		if out := is("array"); out != nil {
			return out
		}
		return departs(path+"[]", t.Elem(), s.Items.Value)
	case reflect.Map:
		if s.AdditionalProperties.Schema == nil {
			return []string{path + " has keys of its own, and no additionalProperties in the contract"}
		}
		return departs(path+"{}", t.Elem(), s.AdditionalProperties.Schema.Value)
	case reflect.String:
		return append(is("string"), wordsDepart(path, t, s)...)
	case reflect.Bool:
		return is("boolean")
	default:
		return is("integer")
	}
}

func objectDeparts(path string, in map[string]field, s *openapi3.Schema) []string {
	if len(s.Properties) == 0 && s.AdditionalProperties.Schema != nil {
		return nil // counters by name
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(in)) {
		p, ok := s.Properties[name]
		if !ok {
			out = append(out, fmt.Sprintf("%s.%s is answered, and not in the contract", path, name))
			continue
		}
		if slices.Contains(s.Required, name) != in[name].always {
			out = append(out, fmt.Sprintf("%s.%s is required in the contract: %v, always answered: %v", path, name, !in[name].always, in[name].always))
		}
		out = append(out, departs(path+"."+name, in[name].of, p.Value)...)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if _, ok := in[name]; !ok {
			out = append(out, fmt.Sprintf("%s.%s is in the contract, and never answered", path, name))
		}
	}
	return out
}

func wordsDepart(path string, t reflect.Type, s *openapi3.Schema) []string {
	want, ok := words[t]
	if !ok || slices.Contains(narrower, path) {
		return nil
	}
	var got []string
	for _, v := range s.Enum {
		got = append(got, fmt.Sprint(v))
	}
	slices.Sort(got)
	if want = slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
		return []string{fmt.Sprintf("%s can be %v in the contract, and %v in the code", path, got, want)}
	}
	return nil
}

func TestAnswersAreAsTheContractSays(t *testing.T) {
	schemas := readContract(t).Components.Schemas
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		for _, d := range departs(name, reflect.TypeOf(answers[name]), schemas[name].Value) {
			t.Error(d)
		}
	}
}

func TestPlantedDeparturesAreFound(t *testing.T) {
	type inner struct {
		At time.Time `json:"at"`
	}
	type outer struct {
		inner
		Name   string         `json:"name"`
		Status release.Status `json:"status,omitempty"`
		Counts map[string]int `json:"counts"`
		List   []inner        `json:"list"`
		Hidden int            `json:"-"`
	}
	const right = `{"type":"object","required":["at","name","counts","list"],"properties":{
		"at":{"type":"string","format":"date-time"},"name":{"type":"string"},
		"status":{"type":"string","enum":["new_version_created","under_review","release_preparation","pilot_testing","grayscale_release","full_release","canceled","archived"]},
		"counts":{"type":"object","additionalProperties":{"type":"integer"}},
		"list":{"type":"array","items":{"type":"object","required":["at"],"properties":{"at":{"type":"string","format":"date-time"}}}}}}`
	for name, test := range map[string]struct{ old, new, want string }{
		"nothing":      {"", "", ""},
		"a new field":  {`"name":{"type":"string"},`, ``, "not in the contract"},
		"an old field": {`"name":{`, `"title":{"type":"string"},"name":{`, "never answered"},
		"required":     {`"name","counts"`, `"counts"`, "required"},
		"a type":       {`"name":{"type":"string"}`, `"name":{"type":"integer"}`, "in the code"},
		"a word":       {`"canceled",`, ``, "can be"},
		"deep inside":  {`"items":{"type":"object","required":["at"]`, `"items":{"type":"object","required":[]`, "list[].at"},
	} {
		var s openapi3.Schema
		if err := json.Unmarshal([]byte(strings.Replace(right, test.old, test.new, 1)), &s); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(departs("x", reflect.TypeFor[outer](), &s), "; ")
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
