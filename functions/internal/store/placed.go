package store

import (
	"bytes"
	"encoding/json"
	"strconv"

	"slipway/functions/internal/rollout"
)

// placed is a placement as it is kept: what manifests say of it comes first, so that a target's ten thousand need not
// be decoded to make one.
type placed struct {
	Edition int64           `json:"edition"`
	Entry   json.RawMessage `json:"entry"`
	rollout.Placement
}

// savePlacement makes the write of one placement. Everything that writes placements tells of it in changes.go.
func savePlacement(p rollout.Placement, rev int64) Write {
	line := rollout.LineOf(&p)
	return writeOf(placementKey(p.Target, p.MiniProgram), placed{Edition: p.Edition, Entry: line.Entry, Placement: p}, rev)
}

// The bytes around the entry. No string of JSON holds the last ones, as quotes are escaped there.
var (
	beforeEdition = []byte(`{"edition":`)
	beforeEntry   = []byte(`,"entry":`)
	afterEntry    = []byte(`,"miniProgram":"`)
)

// Line is what a manifest says of the row. It copies what it takes. A record that was kept before entries were is
// decoded whole.
func (r PlacementRow) Line() (rollout.Line, error) {
	if line, ok := r.head(); ok {
		return line, nil
	}
	p, err := r.Placement()
	if err != nil {
		return rollout.Line{}, err
	}
	return rollout.LineOf(&p), nil
}

func (r PlacementRow) head() (line rollout.Line, ok bool) {
	rest, ok := bytes.CutPrefix(r.Data, beforeEdition)
	if !ok {
		return line, false
	}
	digits, rest, ok := bytes.Cut(rest, beforeEntry)
	if !ok {
		return line, false
	}
	edition, err := strconv.ParseInt(string(digits), 10, 64)
	entry, _, ok := bytes.Cut(rest, afterEntry)
	if err != nil || !ok {
		return line, false
	}
	return rollout.Line{MiniProgram: r.MiniProgram, Edition: edition, Entry: bytes.Clone(entry)}, true
}
