package api

import (
	"bytes"
	"context"
)

// MostPlain and MostGzip are the largest manifests that are answered, as they are and compressed.
const (
	MostPlain = maxPlain
	MostGzip  = maxGzip
)

// AnswerManifest answers a manifest of these sizes.
func AnswerManifest(c *Call, plain, gzip int) (Answer, error) {
	const entry = `"mp_0123456789abcdefghjk":{"full":"1.0.0","withdrawn":["0.9","0.8"]},`
	d := document{plain: bytes.Repeat([]byte(entry), plain/len(entry)+1)[:plain], gzip: bytes.Repeat([]byte{0xff}, gzip), tag: "tag"}
	return d.answer(c)
}

// Long answers without any short cut.
func (r *Resolver) Long(ctx context.Context, req Request) (Response, error) {
	return r.handle(ctx, req)
}
