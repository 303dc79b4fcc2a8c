// Package qr draws QR codes: a text as a picture, PNG or SVG, with error correction M (15 % of it may be dirty).
//
// What a code stands for and where it leads does not belong here (package catalog), nor who may have one (package api).
package qr

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strconv"

	"github.com/boombuler/barcode/qr"

	"slipway/functions/internal/fault"
)

// Sizes of a picture, in pixels of its side.
const (
	LeastSize   = 128
	DefaultSize = 512
	MostSize    = 2048
)

// quiet is the margin that a reader needs around the code, in modules (ISO/IEC 18004, 9.1).
const quiet = 4

// Code is a text as a square of dark and light modules.
type Code struct {
	side int
	dark []bool // row by row
}

// New encodes a text of at most 2 331 bytes; a longer one is an Invalid fault.
func New(text string) (Code, error) {
	drawn, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return Code{}, fault.Wrap(fault.Invalid, "too_long", err, "A text of %d bytes does not fit into a QR code.", len(text))
	}
	c := Code{side: drawn.Bounds().Dx()}
	c.dark = make([]bool, c.side*c.side)
	for i := range c.dark {
		r, _, _, _ := drawn.At(i%c.side, i/c.side).RGBA()
		c.dark[i] = r == 0
	}
	return c, nil
}

// PNG is the code as a picture of size × size pixels, black on white. Every module has the same whole number of pixels;
// what is left over is margin. A size that leaves less than a pixel for a module is an Invalid fault.
func (c Code) PNG(size int) ([]byte, error) {
	module := size / (c.side + 2*quiet)
	if module < 1 {
		return nil, fault.New(fault.Invalid, "too_small", "%d pixels are too few for this code; it needs %d.", size, c.side+2*quiet)
	}
	picture := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.White, color.Black})
	margin := (size - module*c.side) / 2
	for i, dark := range c.dark {
		if !dark {
			continue
		}
		x, y := margin+i%c.side*module, margin+i/c.side*module
		for row := y; row < y+module; row++ {
			start := picture.PixOffset(x, row)
			for p := start; p < start+module; p++ {
				picture.Pix[p] = 1
			}
		}
	}
	var out bytes.Buffer
	err := png.Encode(&out, picture)
	return out.Bytes(), err
}

// SVG is the code as a drawing that is size pixels wide unless it is scaled, black on white: one path, a stroke for each
// run of dark modules.
func (c Code) SVG(size int) []byte {
	whole := c.side + 2*quiet
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" shape-rendering="crispEdges">`, size, size, whole, whole)
	fmt.Fprintf(&out, `<path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, whole, whole)
	for y := range c.side {
		for x := 0; x < c.side; {
			run := 0
			for x+run < c.side && c.dark[y*c.side+x+run] {
				run++
			}
			if run > 0 {
				n := strconv.Itoa(run)
				fmt.Fprintf(&out, "M%d %dh%sv1h-%sz", x+quiet, y+quiet, n, n)
			}
			x += max(run, 1)
		}
	}
	out.WriteString(`"/></svg>`)
	return out.Bytes()
}
