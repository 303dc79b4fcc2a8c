package api

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/keyring"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// How large a manifest may be in bytes to be sent as it is, and compressed. A Lambda function answers at most 6 MB, in JSON:
// as it is a manifest gets a back-slash before every quote, and compressed it is sent as base64.
const (
	maxPlain = 4 << 20
	maxGzip  = 4_700_000
)

// ReadManifest answers GET /v1/manifests/{targetApp}/{environment}: all placements of a target in one signed document,
// for clients that decide by themselves (rollout/MANIFEST.md). It is public.
//
// Every request that reaches the function looks whether anything has changed, so an answer is never older than its
// request. Caches may keep it until the next full second, and no longer while the function is away: a point in time holds
// for any number of them, one behind the other, where a duration would begin anew in each. A table that cannot be read is
// a 503: the client keeps what it has.
func ReadManifest(t store.Table, rings keyring.Holder) Handler {
	all := shelves{table: t, rings: rings, targets: map[rollout.Target]*shelf{}}
	return Serve(t, Operations{"readManifest": func(ctx context.Context, c *Call) (Answer, error) {
		target := rollout.Target{TargetApp: c.Param("targetApp"), Environment: c.Param("environment")}
		if !slices.Contains(catalog.Environments, catalog.Environment(target.Environment)) {
			return Answer{}, noManifest()
		}
		if err := wellFormedTags("If-None-Match", c.Header("If-None-Match")); err != nil {
			return Answer{}, err
		}
		doc, err := all.get(ctx, target, c.Now)
		if err != nil {
			return Answer{}, err
		}
		return doc.answer(c)
	}})
}

func noManifest() error {
	return fault.New(fault.NotFound, "not_available", "Nothing is released to that target.")
}

// document is a manifest as it is sent.
type document struct {
	plain, gzip []byte
	tag         string // without quotes
}

func (d *document) answer(c *Call) (Answer, error) {
	a := Answer{
		Raw: d.plain, ContentType: "application/x-ndjson", ETag: `"` + d.tag + `"`,
		Headers: map[string]string{
			"Cache-Control": "public, stale-if-error=0", "Expires": c.Now.Truncate(time.Second).Add(time.Second).Format(http.TimeFormat),
			"Vary": "Accept-Encoding", "Access-Control-Allow-Origin": "*",
		},
	}
	switch {
	case len(d.gzip) > maxGzip:
		return Answer{}, fault.New(fault.Unprocessable, "too_many", "So much is placed on this target that its manifest cannot be answered: ask resolve, which takes up to %d mini programs at once.", maxMany)
	case takesGzip(c.Header("Accept-Encoding")):
		a.Raw, a.ETag = d.gzip, `"`+d.tag+`-gzip"`
		a.Headers["Content-Encoding"] = "gzip"
	case len(d.plain) > maxPlain:
		return Answer{}, fault.New(fault.Unprocessable, "only_gzip", "This manifest has %d bytes and is sent compressed only: ask with Accept-Encoding: gzip.", len(d.plain))
	}
	if want := c.Header("If-Match"); want != "" && !matches(want, a.ETag, false) {
		return Answer{}, fault.New(fault.Stale, "stale", "If-Match is %.80s, but the manifest is %s now.", want, a.ETag)
	}
	return a, nil
}

// takesGzip says whether a client takes gzip (RFC 9110, 12.5.3). One that says nothing may not know it.
func takesGzip(header string) bool {
	takes := false
	for part := range strings.SplitSeq(header, ",") {
		name, parameters, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != "gzip" && name != "*" {
			continue
		}
		weight, isWeight := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(parameters), " ", ""), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		refused := isWeight && (err != nil || q <= 0)
		if name == "gzip" {
			return !refused
		}
		takes = !refused
	}
	return takes
}

// wellFormedTags refuses what is no list of entity tags (RFC 9110, 8.8.3): a client that sends one would never be told
// that it has the current one, and never learn why.
func wellFormedTags(name, header string) error {
	rest := strings.TrimSpace(header)
	if rest == "" || rest == "*" {
		return nil
	}
	for {
		rest = strings.TrimPrefix(strings.TrimLeft(rest, " \t"), "W/")
		inside, ok := strings.CutPrefix(rest, `"`)
		tag, after, closed := strings.Cut(inside, `"`)
		if !ok || !closed || strings.ContainsFunc(tag, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return fault.New(fault.Invalid, "bad_etag", "%s is %.80q; it is * or a list of tags in double quotes, each as an ETag header gave it.", name, header)
		}
		rest = strings.TrimLeft(after, " \t")
		if rest == "" {
			return nil
		}
		if rest, ok = strings.CutPrefix(rest, ","); !ok {
			return fault.New(fault.Invalid, "bad_etag", "%s is %.80q; tags are separated by commas.", name, header)
		}
	}
}

// publish signs a manifest and makes the document: the manifest on the first line, its signature on the second.
func publish(ring keyring.Ring, manifest []byte) (*document, error) {
	sig, id := ring.SignManifest(manifest)
	plain := append(manifest, "\n{\"keyId\":\""+id+"\",\"signature\":\""+base64.StdEncoding.EncodeToString(sig)+"\"}\n"...)
	sum := sha256.Sum256(sig) // the signature stands for the manifest and the key alike
	d := &document{plain: plain, tag: hex.EncodeToString(sum[:12])}
	var err error
	d.gzip, err = compress(plain)
	return d, err
}

// PublicKey is one key of the document of keys, as a JSON Web Key (RFC 8037).
type PublicKey struct {
	Type      string         `json:"kty"` // OKP
	Curve     string         `json:"crv"` // Ed25519
	ID        string         `json:"kid"`
	X         string         `json:"x"` // the 32 bytes, base64url
	Use       string         `json:"use"`
	Algorithm string         `json:"alg"`
	Status    keyring.Status `json:"status"`
}

// PublicKeys is the answer of GET /.well-known/slipway-keys.json.
type PublicKeys struct {
	Keys []PublicKey `json:"keys"`
}

// ReadKeys answers GET /.well-known/slipway-keys.json: which keys sign packages and manifests.
func ReadKeys(rings keyring.Holder) Handler {
	return Serve(nil, Operations{"readKeys": func(ctx context.Context, _ *Call) (Answer, error) {
		ring, err := rings.Ring(ctx)
		if err != nil {
			return Answer{}, err
		}
		return publicKeys(ring), nil
	}})
}

func publicKeys(ring keyring.Ring) Answer {
	var out PublicKeys
	sum := sha256.New()
	for _, k := range ring.Public() {
		out.Keys = append(out.Keys, PublicKey{
			Type: "OKP", Curve: "Ed25519", ID: k.ID, X: base64.RawURLEncoding.EncodeToString(k.Key[:ed25519.PublicKeySize]),
			Use: "sig", Algorithm: "EdDSA", Status: k.Status,
		})
		sum.Write([]byte(k.ID + string(k.Status)))
	}
	tag := `"` + hex.EncodeToString(sum.Sum(nil)[:8]) + `"`
	return Answer{Body: out, ETag: tag, Headers: map[string]string{
		"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*",
	}}
}
