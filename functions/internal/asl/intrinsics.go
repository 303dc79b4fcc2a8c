package asl

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // States.Hash offers it; nothing here relies on it
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// intrinsic is one function of the language. call is given exactly between min and max arguments; its error is the
// cause of a States.IntrinsicFailure.
type intrinsic struct {
	name     string
	min, max int
	call     func(s *scope, a []any) (any, error)
}

// intrinsics is filled by init, because calls refer to the table through the parser.
var intrinsics = map[string]*intrinsic{}

func init() {
	for _, f := range []*intrinsic{
		{"States.Array", 0, math.MaxInt, func(_ *scope, a []any) (any, error) { return a, nil }},
		{"States.ArrayContains", 2, 2, arrayContains},
		{"States.ArrayGetItem", 2, 2, arrayGetItem},
		{"States.ArrayLength", 1, 1, arrayLength},
		{"States.ArrayPartition", 2, 2, arrayPartition},
		{"States.ArrayRange", 3, 3, arrayRange},
		{"States.ArrayUnique", 1, 1, arrayUnique},
		{"States.Base64Decode", 1, 1, base64Decode},
		{"States.Base64Encode", 1, 1, base64Encode},
		{"States.Format", 1, math.MaxInt, format},
		{"States.Hash", 2, 2, hash},
		{"States.JsonMerge", 3, 3, jsonMerge},
		{"States.JsonToString", 1, 1, func(_ *scope, a []any) (any, error) { return string(encode(a[0])), nil }},
		{"States.MathAdd", 2, 2, mathAdd},
		{"States.MathRandom", 2, 2, mathRandom},
		{"States.StringSplit", 2, 2, stringSplit},
		{"States.StringToJson", 1, 1, stringToJSON},
		{"States.UUID", 0, 0, func(s *scope, _ []any) (any, error) { return uuid(s.random), nil }},
	} {
		intrinsics[f.name] = f
	}
}

// arg takes one argument of a type, or says what it should have been.
func arg[T any](a []any, i int, want string) (T, error) {
	v, ok := a[i].(T)
	if !ok {
		return v, fmt.Errorf("argument %d must be %s, not %s", i+1, want, kindOf(a[i]))
	}
	return v, nil
}

func integer(a []any, i int) (int64, error) {
	n, ok := number(a[i])
	if !ok {
		return 0, fmt.Errorf("argument %d must be an integer, not %s", i+1, brief(a[i]))
	}
	return n, nil
}

func jsonInt(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

func same(a, b any) bool {
	if x, ok := a.(json.Number); ok {
		if y, ok := b.(json.Number); ok {
			return compareNumbers(x, y) == 0
		}
	}
	return bytes.Equal(encode(a), encode(b))
}

func arrayContains(_ *scope, a []any) (any, error) {
	list, err := arg[[]any](a, 0, "an array")
	return slices.ContainsFunc(list, func(v any) bool { return same(v, a[1]) }), err
}

func arrayGetItem(_ *scope, a []any) (any, error) {
	list, err := arg[[]any](a, 0, "an array")
	if err != nil {
		return nil, err
	}
	i, err := integer(a, 1)
	if err == nil && (i < 0 || i >= int64(len(list))) {
		err = fmt.Errorf("there is no element %d in an array of %d", i, len(list))
	}
	if err != nil {
		return nil, err
	}
	return list[i], nil
}

func arrayLength(_ *scope, a []any) (any, error) {
	list, err := arg[[]any](a, 0, "an array")
	return jsonInt(int64(len(list))), err
}

func arrayPartition(_ *scope, a []any) (any, error) {
	list, err1 := arg[[]any](a, 0, "an array")
	n, err2 := integer(a, 1)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, errors.New("the size of a chunk must be at least 1")
	}
	out := []any{}
	for chunk := range slices.Chunk(list, int(min(n, math.MaxInt32))) {
		out = append(out, chunk)
	}
	return out, nil
}

func arrayRange(_ *scope, a []any) (any, error) {
	from, err1 := integer(a, 0)
	to, err2 := integer(a, 1)
	by, err3 := integer(a, 2)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	if by == 0 {
		return nil, errors.New("the increment must not be 0")
	}
	const most = 1000
	out := []any{}
	for n := from; (by > 0 && n <= to) || (by < 0 && n >= to); n += by {
		if len(out) == most {
			return nil, fmt.Errorf("the array would have more than %d elements", most)
		}
		out = append(out, jsonInt(n))
		if (by > 0 && n > math.MaxInt64-by) || (by < 0 && n < math.MinInt64-by) {
			break // the next one would wrap around
		}
	}
	return out, nil
}

func arrayUnique(_ *scope, a []any) (any, error) {
	list, err := arg[[]any](a, 0, "an array")
	seen := map[string]bool{}
	out := []any{}
	for _, v := range list {
		if k := string(encode(v)); !seen[k] {
			seen[k] = true
			out = append(out, v)
		}
	}
	return out, err
}

// maxCoded is the longest text that Step Functions encodes, decodes or hashes.
const maxCoded = 10_000

func coded(a []any) (string, error) {
	s, err := arg[string](a, 0, "a string")
	if len(s) > maxCoded {
		err = fmt.Errorf("argument 1 has %d characters; at most %d are allowed", len(s), maxCoded)
	}
	return s, err
}

func base64Encode(_ *scope, a []any) (any, error) {
	s, err := coded(a)
	return base64.StdEncoding.EncodeToString([]byte(s)), err
}

func base64Decode(_ *scope, a []any) (any, error) {
	s, err := coded(a)
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil || !utf8.Valid(b) {
		return nil, errors.New("argument 1 is not the base64 of UTF-8 text")
	}
	return string(b), nil
}

// formatParts splits a format at its {}; the parts have their escapes taken away.
func formatParts(s string) []string {
	parts := []string{""}
	for i := 0; i < len(s); i++ {
		last := &parts[len(parts)-1]
		switch {
		case s[i] == '\\' && i+1 < len(s) && strings.IndexByte(`{}\`, s[i+1]) >= 0:
			i++
			*last += s[i : i+1]
		case strings.HasPrefix(s[i:], "{}"):
			i++
			parts = append(parts, "")
		default:
			*last += s[i : i+1]
		}
	}
	return parts
}

func format(_ *scope, a []any) (any, error) {
	s, err := arg[string](a, 0, "a string")
	if err != nil {
		return nil, err
	}
	parts := formatParts(s)
	if len(parts) != len(a) {
		return nil, fmt.Errorf("the format has %d {} for %d values", len(parts)-1, len(a)-1)
	}
	var b strings.Builder
	b.WriteString(parts[0])
	for i, v := range a[1:] {
		switch v := v.(type) {
		case string:
			b.WriteString(v)
		case []any, map[string]any:
			return nil, fmt.Errorf("value %d must be a string, number, boolean or null, not %s", i+1, kindOf(v))
		default:
			b.Write(encode(v))
		}
		b.WriteString(parts[i+1])
	}
	return b.String(), nil
}

func hash(_ *scope, a []any) (any, error) {
	s, err1 := coded(a)
	name, err2 := arg[string](a, 1, "the name of an algorithm")
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	var sum []byte
	switch b := []byte(s); name {
	case "MD5":
		h := md5.Sum(b) //nolint:gosec // asked for by the machine
		sum = h[:]
	case "SHA-1":
		h := sha1.Sum(b) //nolint:gosec // asked for by the machine
		sum = h[:]
	case "SHA-256":
		h := sha256.Sum256(b)
		sum = h[:]
	case "SHA-384":
		h := sha512.Sum384(b)
		sum = h[:]
	case "SHA-512":
		h := sha512.Sum512(b)
		sum = h[:]
	default:
		return nil, fmt.Errorf("%q is not an algorithm; use MD5, SHA-1, SHA-256, SHA-384 or SHA-512", name)
	}
	return hex.EncodeToString(sum), nil
}

func jsonMerge(_ *scope, a []any) (any, error) {
	x, err1 := arg[map[string]any](a, 0, "an object")
	y, err2 := arg[map[string]any](a, 1, "an object")
	deep, err3 := arg[bool](a, 2, "false")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	if deep {
		return nil, errors.New("argument 3 must be false: only shallow merging exists")
	}
	out := make(map[string]any, len(x)+len(y))
	for k, v := range x {
		out[k] = v
	}
	for k, v := range y {
		out[k] = v
	}
	return out, nil
}

// mathAdd takes what Step Functions takes: 32-bit integers, whose sum always fits.
func mathAdd(_ *scope, a []any) (any, error) {
	var sum int64
	for i := range a {
		n, err := integer(a, i)
		if err == nil && n != int64(int32(n)) { //nolint:gosec // the cut is the check
			err = fmt.Errorf("argument %d must fit in 32 bits, unlike %d", i+1, n)
		}
		if err != nil {
			return nil, err
		}
		sum += n
	}
	return jsonInt(sum), nil
}

func mathRandom(s *scope, a []any) (any, error) {
	from, err1 := integer(a, 0)
	to, err2 := integer(a, 1)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	if from >= to || to-from < 0 {
		return nil, errors.New("the first argument must be less than the second")
	}
	return jsonInt(from + int64(fraction(s.random)*float64(to-from))), nil
}

func stringSplit(_ *scope, a []any) (any, error) {
	s, err1 := arg[string](a, 0, "a string")
	by, err2 := arg[string](a, 1, "a string of separators")
	out := []any{}
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(by, r) }) {
		out = append(out, part)
	}
	return out, errors.Join(err1, err2)
}

func stringToJSON(_ *scope, a []any) (any, error) {
	s, err := arg[string](a, 0, "a string")
	if err != nil {
		return nil, err
	}
	v, err := decode([]byte(s))
	if err != nil {
		return nil, fmt.Errorf("argument 1 is not JSON: %w", err)
	}
	return v, nil
}

// uuid makes a version 4 UUID.
func uuid(random func([]byte)) string {
	var b [16]byte
	random(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// fraction draws a number from [0, 1).
func fraction(random func([]byte)) float64 {
	var b [8]byte
	random(b[:])
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
}
