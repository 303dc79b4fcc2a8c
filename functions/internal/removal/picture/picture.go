// Package picture looks into images, for the one handler that does: what reads their formats would weigh on every
// function that knows of removals. Which images a request may name is said by package removal.
package picture

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image/jpeg"
	"image/png"
	"slices"
)

// Whole is api.Inspect: it says whether an image is there from its beginning to its end, so that reviewers see what was meant. Pixels are
// not decoded: a small file can say that it has more of them than there is memory.
func Whole(contentType string, data []byte) bool {
	switch contentType {
	case "image/png":
		_, err := png.DecodeConfig(bytes.NewReader(data))
		return err == nil && wholePNG(data)
	case "image/jpeg":
		_, err := jpeg.DecodeConfig(bytes.NewReader(data))
		scan := bytes.Index(data, []byte{0xff, 0xda})
		return err == nil && scan > 0 && bytes.Contains(data[scan:], []byte{0xff, 0xd9})
	case "image/webp":
		return wholeWebP(data)
	}
	return false
}

// wholePNG goes from chunk to chunk: length, name, data, CRC of name and data.
func wholePNG(data []byte) bool {
	pixels := false
	for rest := data[8:]; len(rest) >= 12; {
		n := int64(binary.BigEndian.Uint32(rest)) + 12
		if n > int64(len(rest)) || crc32.ChecksumIEEE(rest[4:n-4]) != binary.BigEndian.Uint32(rest[n-4:]) {
			return false
		}
		switch string(rest[4:8]) {
		case "IDAT":
			pixels = true
		case "IEND":
			return pixels
		}
		rest = rest[n:]
	}
	return false
}

// wholeWebP goes from chunk to chunk up to the first one with pixels: name, length, data, padded to an even length.
// Those of an animation lie inside of chunks of their own.
func wholeWebP(data []byte) bool {
	if len(data) < 12 || int64(binary.LittleEndian.Uint32(data[4:]))+8 > int64(len(data)) {
		return false
	}
	for rest := data[12:]; len(rest) >= 8; {
		n := int64(binary.LittleEndian.Uint32(rest[4:])) + 8
		if n > int64(len(rest)) {
			return false
		}
		name, body := string(rest[:4]), rest[8:n]
		switch {
		case name == "VP8 ":
			return len(body) >= 10 && slices.Equal(body[3:6], []byte{0x9d, 0x01, 0x2a})
		case name == "VP8L":
			return len(body) >= 5 && body[0] == 0x2f
		case name == "ANMF":
			return len(body) >= 24
		}
		rest = rest[min(n+n%2, int64(len(rest))):]
	}
	return false
}
