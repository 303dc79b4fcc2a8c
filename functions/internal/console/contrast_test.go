package console_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	block    = regexp.MustCompile(`(?s):root \{(.*?)\}`)
	variable = regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`)
)

// WCAG 2.2 AA asks 4.5 to 1 of text and 3 to 1 of the edges of controls, in light and in dark.
func TestContrast(t *testing.T) {
	sheet, err := os.ReadFile("style.css")
	if err != nil {
		t.Fatal(err)
	}
	themes := block.FindAllStringSubmatch(string(sheet), -1)
	if len(themes) != 2 {
		t.Fatalf("%d themes, want light and dark", len(themes))
	}
	for i, theme := range themes {
		colour := map[string]string{}
		for _, v := range variable.FindAllStringSubmatch(theme[1], -1) {
			colour[v[1]] = v[2]
		}
		for pair, least := range map[string]float64{
			"ink card": 4.5, "ink page": 4.5, "ink sunk": 4.5, "soft card": 4.5, "soft page": 4.5, "soft sunk": 4.5, "accent card": 4.5,
			"accent page": 4.5, "accent sunk": 4.5, "on-accent accent": 4.5, "bad card": 4.5, "bad bad-sunk": 4.5, "ink bad-sunk": 4.5,
			"warn card": 4.5, "good card": 4.5, "edge card": 3, "edge sunk": 3,
		} {
			a, b, _ := strings.Cut(pair, " ")
			if got := contrast(t, colour[a], colour[b]); got < least {
				t.Errorf("theme %d: %s on %s is %.2f to 1, want %.1f", i, a, b, got, least)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) != 7 {
		t.Fatalf("%q is not a colour", hex)
	}
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
