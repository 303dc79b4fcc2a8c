package qr_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"slipway/functions/internal/qr"
)

// texts are what codes say: the shortest and longest addresses, and the most that a code takes.
var texts = map[string]string{
	"address":  "https://slipway.example.com/q/0123456789abcdefghjk",
	"laptop":   "http://127.0.0.1:8080/q/0123456789abcdefghjk",
	"longest":  "https://" + strings.Repeat("long-", 45) + "name.example.com/q/0123456789abcdefghjk",
	"thousand": strings.Repeat("0123456789abcdef", 62),
}

// reader finds a program that reads pictures, or skips.
func reader(t *testing.T, program, pack string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is required in CI: apt-get install %s", program, pack)
		}
		t.Skipf("%s is missing; apt-get install %s", program, pack)
	}
	return path
}

// read is what another program sees in a picture.
func read(t *testing.T, picture []byte) string {
	t.Helper()
	zbar := reader(t, "zbarimg", "zbar-tools")
	file := filepath.Join(t.TempDir(), "code.png")
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(zbar, "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file).Output()
	if err != nil {
		t.Fatalf("zbarimg reads nothing: %v", err)
	}
	return strings.TrimSuffix(string(out), "\n")
}

func TestAnotherProgramReadsThePNG(t *testing.T) {
	for name, text := range texts {
		code, err := qr.New(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{qr.LeastSize, qr.DefaultSize, 777, qr.MostSize} {
			if name == "thousand" && size < qr.DefaultSize {
				continue // one pixel for a module is less than a reader needs
			}
			picture, err := code.PNG(size)
			if err != nil {
				t.Fatalf("%s at %d: %v", name, size, err)
			}
			if got := read(t, picture); got != text {
				t.Errorf("%s at %d pixels is read as %q", name, size, got)
			}
		}
	}
}

func TestAnotherProgramReadsTheSVG(t *testing.T) {
	rsvg := reader(t, "rsvg-convert", "librsvg2-bin")
	for name, text := range texts {
		code, err := qr.New(text)
		if err != nil {
			t.Fatal(err)
		}
		draw := exec.Command(rsvg)
		draw.Stdin = bytes.NewReader(code.SVG(qr.DefaultSize))
		picture, err := draw.Output()
		if err != nil {
			t.Fatalf("%s: rsvg-convert: %v", name, err)
		}
		if got := read(t, picture); got != text {
			t.Errorf("%s is read as %q", name, got)
		}
	}
}

// TestErrorCorrection reads the level where a code says it: the first two modules beside the upper left square, which
// for M are dark and light (ISO/IEC 18004, 7.9).
func TestErrorCorrection(t *testing.T) {
	code, err := qr.New(texts["address"])
	if err != nil {
		t.Fatal(err)
	}
	svg := string(code.SVG(qr.DefaultSize))
	if !strings.Contains(svg, "M4 12h1v1h-1z") {
		t.Errorf("the level is not M: %s", svg)
	}
}

var run = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// TestBothPicturesAreTheSame needs no other program: the drawing and the picture are dark in the same places.
func TestBothPicturesAreTheSame(t *testing.T) {
	for name, text := range texts {
		code, err := qr.New(text)
		if err != nil {
			t.Fatal(err)
		}
		svg := string(code.SVG(qr.DefaultSize))
		box := regexp.MustCompile(`viewBox="0 0 (\d+) `).FindStringSubmatch(svg)
		side, _ := strconv.Atoi(box[1])
		data, err := code.PNG(side) // one pixel for a module
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		drawn := map[image.Point]bool{}
		for _, m := range run.FindAllStringSubmatch(svg, -1) {
			x, _ := strconv.Atoi(m[1])
			y, _ := strconv.Atoi(m[2])
			n, _ := strconv.Atoi(m[3])
			for i := range n {
				drawn[image.Pt(x+i, y)] = true
			}
		}
		for y := range side {
			for x := range side {
				r, _, _, _ := picture.At(x, y).RGBA()
				if dark := r == 0; dark != drawn[image.Pt(x, y)] {
					t.Fatalf("%s: at %d,%d the picture is dark: %v", name, x, y, dark)
				}
				if edge := min(x, y, side-1-x, side-1-y); edge < 4 && r == 0 {
					t.Fatalf("%s: the margin is dark at %d,%d", name, x, y)
				}
			}
		}
	}
}

func TestTooMuchIsSaid(t *testing.T) {
	if _, err := qr.New(strings.Repeat("x", 2332)); err == nil || !strings.Contains(err.Error(), "2332 bytes") {
		t.Errorf("a text that is too long: %v", err)
	}
	code, err := qr.New(texts["thousand"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := code.PNG(64); err == nil || !strings.Contains(err.Error(), "64 pixels") {
		t.Errorf("a picture that is too small: %v", err)
	}
}
