package picture_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"testing"

	"slipway/functions/internal/removal/picture"
)

// TestWhole cuts images anywhere, and breaks them: only the whole one is one.
func TestWhole(t *testing.T) {
	gray := image.NewGray(image.Rect(0, 0, 40, 30))
	for i := range gray.Pix {
		gray.Pix[i] = byte(i * i)
	}
	var asPNG, asJPEG bytes.Buffer
	if err := png.Encode(&asPNG, gray); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&asJPEG, gray, nil); err != nil {
		t.Fatal(err)
	}
	lossless := "VP8L\x0d\x00\x00\x00/\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
	extended := "VP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	for name, c := range map[string]struct {
		kind string
		data []byte
	}{
		"png":           {"image/png", asPNG.Bytes()},
		"jpeg":          {"image/jpeg", asJPEG.Bytes()},
		"webp":          {"image/webp", []byte("RIFF\x1a\x00\x00\x00WEBP" + lossless)},
		"extended webp": {"image/webp", []byte("RIFF\x2c\x00\x00\x00WEBP" + extended + lossless)},
		"lossy webp":    {"image/webp", []byte("RIFF\x16\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00\x00\x00\x00\x9d\x01\x2a\x01\x00\x01\x00")},
	} {
		if !picture.Whole(c.kind, c.data) {
			t.Errorf("%s is refused", name)
		}
		for n := range c.data {
			if picture.Whole(c.kind, c.data[:n]) {
				t.Errorf("%s cut to %d of %d bytes passes", name, n, len(c.data))
			}
		}
	}
	broken := bytes.Clone(asPNG.Bytes())
	broken[len(broken)/2] ^= 1
	if picture.Whole("image/png", broken) {
		t.Error("a PNG with a wrong checksum passes")
	}
	for kind, data := range map[string]string{
		"image/webp": "RIFF\x10\x00\x00\x00WEBPVP8 garbage, garbage", "image/png": "\x89PNG\r\n\x1a\n", "image/jpeg": "\xff\xd8\xff", "image/gif": "GIF89a",
	} {
		if picture.Whole(kind, []byte(data)) {
			t.Errorf("%q passes as %s", data, kind)
		}
	}
}
