package asl_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"slipway/functions/internal/asl"
)

// TestStrict holds every bad machine of the corpus to its problems: place, and a part of the sentence.
func TestStrict(t *testing.T) {
	b, err := os.ReadFile("testdata/bad.json")
	if err != nil {
		t.Fatal(err)
	}
	var corpus []struct {
		Name  string
		Text  string          // the definition as text, where it must not be JSON
		State json.RawMessage // or one state S, beside a Pass T that it should lead to
		Def   json.RawMessage // or a whole definition
		Wants []string        // each "place sentence", in order
	}
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&corpus); err != nil {
		t.Fatal(err)
	}
	if len(corpus) < 60 {
		t.Errorf("only %d bad machines", len(corpus))
	}
	for _, c := range corpus {
		t.Run(c.Name, func(t *testing.T) {
			def := c.Text
			switch {
			case c.State != nil:
				def = `{"StartAt":"S","States":{"S":` + string(c.State) + `,"T":{"Type":"Succeed"}}}`
			case c.Def != nil:
				def = string(c.Def)
			}
			_, err := asl.Parse([]byte(def))
			var bad *asl.DefinitionError
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want a DefinitionError", err)
			}
			if len(bad.Problems) != len(c.Wants) {
				t.Fatalf("got %d problems, want %d:\n%v", len(bad.Problems), len(c.Wants), err)
			}
			for i, want := range c.Wants {
				place, sentence, _ := strings.Cut(want, " | ")
				if got := bad.Problems[i]; got.Path != place || !strings.Contains(got.Detail, sentence) {
					t.Errorf("problem %d is\n  %s | %s\nwant\n  %s", i, got.Path, got.Detail, want)
				}
			}
		})
	}
}

func TestLimitsOfDefinitions(t *testing.T) {
	name := strings.Repeat("n", 81)
	for what, def := range map[string]string{
		"a state's name has at most 80": `{"StartAt":"` + name + `","States":{"` + name + `":{"Type":"Succeed"}}}`,
		"nested deeper than":            strings.Repeat(`{"States":`, 200) + "1" + strings.Repeat("}", 200),
		"larger than 1 MiB":             `{"Comment":"` + strings.Repeat("x", 1<<20) + `"}`,
		"is not UTF-8":                  "{\"Comment\":\"\xff\"}",
	} {
		if _, err := asl.Parse([]byte(def)); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("got %v, want %q", err, what)
		}
	}
}

func TestListing(t *testing.T) {
	m := mustParse(t, tour)
	var names []string
	for _, s := range m.States() {
		names = append(names, s.Name)
	}
	equal(t, "states", names, []string{"First", "Both", "Ask", "Nap", "Nobody", "Given up", "Each", "Double", "Rest", "Enough?", "Risk", "Wait long", "Blow up", "End"})
	equal(t, "functions", m.Functions(), []string{"ask", "double", "flaky", "lose"})
	equal(t, "errors", m.ErrorNames(), []string{"Again", "Blown", "Flaky", "States.Timeout"})
	equal(t, "a task", m.States()[4], asl.StateInfo{
		Path: "/States/Both/Branches/1/States/Nobody", Name: "Nobody", Type: "Task", Function: "lose", Callback: true, Timeout: true,
		Next: []string{"Given up"}, End: true, Catch: []asl.CatchInfo{{Errors: []string{"States.Timeout"}, Next: "Given up"}},
	})
}

// FuzzParse: whatever the bytes, Parse gives a machine or says what is wrong and where.
func FuzzParse(f *testing.F) {
	f.Add([]byte(tour))
	if b, err := os.ReadFile("testdata/bad.json"); err == nil {
		var corpus []struct{ Text, State, Def json.RawMessage }
		if json.Unmarshal(b, &corpus) == nil {
			for _, c := range corpus {
				f.Add([]byte(c.Def))
				f.Add([]byte(`{"StartAt":"S","States":{"S":` + string(c.State) + `}}`))
			}
		}
	}
	f.Fuzz(func(t *testing.T, def []byte) {
		m, err := asl.Parse(def)
		var bad *asl.DefinitionError
		switch {
		case err == nil:
			m.States()
		case !errors.As(err, &bad) || len(bad.Problems) == 0 || bad.Problems[0].Path == "" || bad.Problems[0].Detail == "":
			t.Errorf("a problem without a place or a sentence: %#v", err)
		}
	})
}
