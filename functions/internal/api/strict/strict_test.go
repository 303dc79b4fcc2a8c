package strict_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slipway/functions/internal/api/strict"
	"slipway/functions/internal/fault"
)

type inner struct {
	Name  string   `json:"name"`
	Tags  []string `json:"tags"`
	Count int64    `json:"count"`
}

type base struct {
	ID string `json:"id"`
}

type outer struct {
	base
	Base
	On    bool              `json:"on"`
	Inner inner             `json:"inner"`
	By    map[string]inner  `json:"by"`
	Ptr   *inner            `json:"ptr"`
	Text  *string           `json:"text"`
	Raw   json.RawMessage   `json:"raw"`
	Vars  map[string]string `json:"vars"`
	List  []inner           `json:"list"`
	Skip  string            `json:"-"`
}

// Base is embedded, as records embed nouns.
type Base struct {
	Kind string `json:"kind"`
}

func decode(t *testing.T, text string) (outer, *fault.Error) {
	t.Helper()
	var v outer
	err := strict.Decode([]byte(text), &v)
	var f *fault.Error
	if err != nil && !errors.As(err, &f) {
		t.Fatalf("%s: not a fault: %v", text, err)
	}
	return v, f
}

func TestDecode(t *testing.T) {
	got, f := decode(t, ` {"kind": "k", "on": true, "inner": {"name": "ä\u00e4😀", "tags": ["a"], "count": 1e2}, "by": {"x y": {"count": 2.0}},
		"ptr": {"name": "p"}, "text": null, "raw": {"a": [1, {"b": null}]}, "vars": {"A": ""}, "list": []} `)
	if f != nil {
		t.Fatal(f)
	}
	want := outer{
		Base: Base{Kind: "k"}, On: true, Inner: inner{Name: "ää😀", Tags: []string{"a"}, Count: 100}, By: map[string]inner{"x y": {Count: 2}},
		Ptr: &inner{Name: "p"}, Raw: json.RawMessage(`{"a": [1, {"b": null}]}`), Vars: map[string]string{"A": ""}, List: []inner{},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(outer{}, base{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEverythingWrongIsNamedAtOnce(t *testing.T) {
	_, f := decode(t, `{"on": 1, "inner": {"name": [], "tags": "a", "count": 1.5, "more": 1}, "by": {"a b": {"name": 7}}, "list": [{"name": "x"}, 3], "Kind": "", "Skip": "", "-": 1}`)
	if f == nil {
		t.Fatal("taken")
	}
	got := map[string]string{}
	for _, field := range f.Fields {
		got[field.Field] = field.Detail
	}
	for path, says := range map[string]string{
		"on": "is a number; a boolean is expected", "inner.name": "is an array; a string", "inner.tags": "is a string; an array", "inner.count": "is 1.5; a whole number",
		"inner.more": "known are count, name, tags", `by["a b"].name`: "is a number", "list[1]": "is a number; an object", "Kind": `"kind" exists`, "Skip": "not a known field", "-": "not a known field",
	} {
		// "-" is quoted in a path because it would be misread.
		if path == "-" {
			path = `["-"]`
		}
		if !strings.Contains(got[path], says) {
			t.Errorf("%s: %q, want %q", path, got[path], says)
		}
	}
	if len(got) != 10 {
		t.Errorf("%d faults, want 10: %v", len(got), got)
	}
}

func TestNumbers(t *testing.T) {
	for text, ok := range map[string]bool{
		"0": true, "-7": true, "9007199254740993": true, "1e3": true, "1.0": true, "1.5": false, "1e-1": false, "1e400": false, "99999999999999999999": false, `"1"`: false, "true": false,
	} {
		if _, f := decode(t, `{"inner": {"count": `+text+`}}`); (f == nil) != ok {
			t.Errorf("%s: %v", text, f)
		}
	}
}

func TestPositions(t *testing.T) {
	for text, says := range map[string]string{
		"":                         "The body is empty",
		"   ":                      "The body is empty",
		`{"on": true`:              "ends too early",
		`{"on": tru`:               "ends too early",
		`{"on": truf}`:             "byte 11",
		`{"on": true} {}`:          "byte 14",
		`{"on": true}}`:            "byte 13",
		`{"on": true,}`:            "byte 13",
		`{'on': true}`:             "byte 2",
		"{\"kind\": \"a\xc3\"}":    "byte 12: the text is not UTF-8",
		`{"kind": "\ud83e"}`:       "byte 11: there is half a character",
		`{"kind": "\udd8a"}`:       "byte 11: there is half a character",
		`{"kind": "a\\\ud83eb"}`:   "byte 14: there is half a character",
		`{"kind": "\ud83e\ud83e"}`: "byte 11: there is half a character",
		`{"kind": "\ud83e\n"}`:     "byte 11: there is half a character",
		`{"\ud83e": 1}`:            "byte 3: there is half a character",
		`{"on": 1, "on": 2}`:       `"on" comes twice`,
		`{"on":1,"\u006fn":true}`:  `"on" comes twice`,
		"\ufeff{}":                 "byte 1",
	} {
		_, f := decode(t, text)
		if f == nil || f.Code != "bad_json" || !strings.Contains(f.Detail, says) {
			t.Errorf("%q: %v, want %q", text, f, says)
		}
	}
}

// TestWholeCharactersAreTaken, however they are written.
func TestWholeCharactersAreTaken(t *testing.T) {
	for text, want := range map[string]string{
		`\ud83e\udd8a`: "🦊", `\uD83E\uDD8A!`: "🦊!", `\\ud83e`: `\ud83e`, `\\\\`: `\\`, `\"\u0041\/`: `"A/`, `\ufffd`: "\ufffd", `\u0000`: "\x00", "🦊": "🦊",
	} {
		if got, f := decode(t, `{"kind": "`+text+`"}`); f != nil || got.Kind != want {
			t.Errorf("%s: %q %v, want %q", text, got.Kind, f, want)
		}
	}
}

// TestManyFaultsStayReadable: a hostile body cannot make the answer huge.
func TestManyFaultsStayReadable(t *testing.T) {
	var b bytes.Buffer
	b.WriteString(`{"vars": {`)
	for i := range 10000 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strings.Repeat("k", 20) + string(rune('a'+i%26)) + json.Number(strings.Repeat("1", 1+i%5)).String() + strings.Repeat("x", i/130) + `": 1`)
	}
	b.WriteString(`}}`)
	_, f := decode(t, b.String())
	if f == nil || len(f.Fields) > 50 {
		t.Errorf("%d faults named", len(f.Fields))
	}
}

// TestAgreesWithTheStandardLibrary: what is taken is read as encoding/json reads it.
func TestAgreesWithTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := outer{
			On: rapid.Bool().Draw(t, "on"), Base: Base{Kind: rapid.String().Draw(t, "kind")},
			Inner: inner{Name: rapid.String().Draw(t, "name"), Tags: rapid.SliceOf(rapid.String()).Draw(t, "tags"), Count: rapid.Int64Range(-1<<53, 1<<53).Draw(t, "count")},
			Vars:  rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "vars"), By: map[string]inner{}, List: []inner{},
			Raw: json.RawMessage(`{}`),
		}
		if in.Inner.Tags == nil {
			in.Inner.Tags = []string{}
		}
		data, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var want, got outer
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if err := strict.Decode(data, &got); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(outer{}, base{})); diff != "" {
			t.Fatalf("%s\n%s", data, diff)
		}
	})
}

// FuzzDecode: nothing that a stranger sends panics, and what is taken is JSON.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"on": true}`, `{"inner": {"tags": [1]}}`, `[[[[`, `{"raw": "\ud800"}`, `{"by": {"": {}}}`, "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v outer
		if err := strict.Decode(data, &v); err == nil && !json.Valid(data) {
			t.Errorf("%q was taken", data)
		}
	})
}
