package api

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
)

// Contract is the OpenAPI document of what Routes lists; tests hold it equal to Routes and to template.yaml, and
// every answer of the stories to it.
//
//go:embed openapi.yaml
var Contract []byte

// ReadContract answers GET /openapi.yaml. It reads no table: the document is part of the program.
func ReadContract() Handler {
	sum := sha256.Sum256(Contract)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return Serve(nil, Operations{"readContract": func(context.Context, *Call) (Answer, error) {
		return Answer{
			Raw: Contract, ContentType: "application/yaml", ETag: tag,
			Headers: map[string]string{"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"},
		}, nil
	}})
}
