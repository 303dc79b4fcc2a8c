package store_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// TestLinesOfManifests reads lines as they lie in front of placements, and as they are made of placements that were
// kept without: both are what the placement says, whatever characters it is made of.
func TestLinesOfManifests(t *testing.T) {
	tab := openTable(t)
	target := rollout.Target{TargetApp: "app", Environment: "production"}
	word := rapid.OneOf(rapid.StringMatching(`[0-9.]{1,5}`), rapid.String(), rapid.Just(`,"miniProgram":"`))
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		p := rollout.Placement{MiniProgram: "mp_" + string(rune('a'+n%26)) + rapid.StringMatching(`[a-z0-9]{20}`).Draw(rt, "id"), Target: target}
		served := func() rollout.Served {
			return rollout.Served{Release: word.Draw(rt, "release") + "r", Version: word.Draw(rt, "version")}
		}
		for range rapid.IntRange(0, 4).Draw(rt, "steps") {
			switch v := served(); rapid.IntRange(0, 3).Draw(rt, "step") {
			case 0:
				p = p.WithFull(v)
			case 1:
				p = p.WithGrayscale(v, 1+rapid.IntRange(0, 98).Draw(rt, "percent"), word.Draw(rt, "salt"))
			case 2:
				p = p.WithPilot(v, []string{word.Draw(rt, "tester")})
			default:
				p = p.WithRemoved(p.UpdatedAt)
			}
		}
		if err := tab.Transact(rt.Context(), store.SavePlacements([]rollout.Placement{p}, []int64{store.Any})...); err != nil {
			rt.Fatal(err)
		}
		rows := []store.PlacementRow{{Target: target, MiniProgram: p.MiniProgram}}
		if err := store.PlacementRows(rt.Context(), tab, rows); err != nil {
			rt.Fatal(err)
		}
		old, err := json.Marshal(p)
		if err != nil {
			rt.Fatal(err)
		}
		for name, data := range map[string][]byte{"beside": rows[0].Data, "without": old} {
			row := rows[0]
			row.Data = data
			line, err := row.Line()
			if err != nil {
				rt.Fatal(err)
			}
			var got, want rollout.Entry
			if err := json.Unmarshal(line.Entry, &got); err != nil {
				rt.Fatalf("%s: %s: %v", name, line.Entry, err)
			}
			again, err := rows[0].Placement()
			if err != nil {
				rt.Fatal(err)
			}
			if want = again.Entry(); !cmp.Equal(want, got) || line.Edition != p.Edition || line.MiniProgram != p.MiniProgram {
				rt.Errorf("%s: edition %d, %s", name, line.Edition, cmp.Diff(want, got))
			}
		}
	})
}
