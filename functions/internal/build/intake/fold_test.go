package intake_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"slipway/functions/internal/build/intake"
)

// asUnicodeFolds is what Unicode calls a caseless match, by tables made from its own. Cherokee is written small
// by us and large by it, which is all the same to who compares.
func asUnicodeFolds(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cherokee, r) {
			return unicode.ToLower(r)
		}
		return r
	}, norm.NFC.String(cases.Fold().String(norm.NFKC.String(s))))
}

// Characters are folded one by one, so what holds for each holds for every name.
func TestEveryCharacterIsFolded(t *testing.T) {
	wrong := 0
	for r := range unicode.MaxRune + 1 {
		if !utf8.ValidRune(r) {
			continue
		}
		if got, want := intake.Folded(string(r)), asUnicodeFolds(string(r)); got != want {
			if wrong++; wrong < 20 {
				t.Errorf("%U is folded to %+q, want %+q", r, got, want)
			}
		}
	}
}

func TestNamesAreFolded(t *testing.T) {
	// Letters that fold to several, that have several forms, that are composed, and marks in all orders.
	letters := []rune("aAzZßẞıiIİͅςσΣᾳᾼαΑιΙΐΰŉǰſẛKµϲꭰᎠﬀéÉ각ᄀㅏ")
	letters = append(letters, '\u0301', '\u0307', '\u0308', '\u0313', '\u0316', '\u0327', '\u0345', '\u0342', '\u030c', '\u200d', '/', '.', '1')
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringOf(rapid.SampledFrom(letters)), rapid.String()).Draw(t, "name")
		if got, want := intake.Folded(s), asUnicodeFolds(s); got != want {
			t.Fatalf("%+q is folded to %+q, want %+q", s, got, want)
		}
	})
}
