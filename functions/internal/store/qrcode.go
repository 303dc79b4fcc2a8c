package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/rollout"
)

// QR codes are kept at C#code/META, listed at P#miniProgram/C#created#code. What was scanned is counted in rows
// S#code/day#counter: each process that answers scans has a counter of its own, which nobody else writes, so counting
// needs neither reading nor agreeing, and writing the same count twice changes nothing.

func qrCodeKey(code string) Key { return Key{"C#" + code, "META"} }

// QRCode reads a code; rev 0 when there is none.
func QRCode(ctx context.Context, t Table, code string) (catalog.QRCode, int64, error) {
	return Load[catalog.QRCode](ctx, t, qrCodeKey(code))
}

// CreateQRCode makes the writes of a new code.
func CreateQRCode(q catalog.QRCode) []Write {
	return []Write{
		writeOf(qrCodeKey(q.Code), q, Absent),
		writeOf(Key{"P#" + q.MiniProgram, "C#" + stamp(q.CreatedAt) + "#" + q.Code}, ref{q.Code}, Absent),
	}
}

// QRCodes reads a page of the codes of a mini program, newest first.
func QRCodes(ctx context.Context, t Table, miniProgram, after string, limit int) (out Slice[catalog.QRCode], err error) {
	rows, err := ReadSlice[ref](ctx, t, Range{"P#" + miniProgram, "C#"}, after, limit, true)
	if err != nil {
		return out, err
	}
	keys := make([]Key, len(rows.Items))
	for i, row := range rows.Items {
		keys[i] = qrCodeKey(row.ID)
	}
	out.Next = rows.Next
	out.Items, _, err = LoadAll[catalog.QRCode](ctx, t, keys)
	return out, err
}

// BehindQRCode reads, at once, what a code opens: the mini program, the app, and what users are served there now.
func BehindQRCode(ctx context.Context, t Table, q catalog.QRCode, target rollout.Target) (m catalog.MiniProgram, app catalog.TargetApp, p rollout.Placement, err error) {
	items, err := t.Get(ctx, MiniProgramKey(q.MiniProgram), TargetAppKey(q.TargetApp), placementKey(target, q.MiniProgram))
	if err != nil {
		return m, app, p, err
	}
	for i, v := range []any{&m, &app, &p} {
		if items[i].Rev == 0 {
			continue
		}
		if err := json.Unmarshal(items[i].Data, v); err != nil {
			return m, app, p, fmt.Errorf("record %s %s: %w", items[i].PK, items[i].SK, err)
		}
	}
	return m, app, p, nil
}

// keptScans is how long counts are kept: a year and what a comparison with the year before needs.
const keptScans = 400 * 24 * time.Hour

type scans struct {
	Count int64 `json:"count"`
}

// CountScans makes the write of what one counter has counted of a code on one day (UTC, 2026-01-31).
func CountScans(code, day, counter string, count int64, at time.Time) Write {
	w := writeOf(Key{"S#" + code, day + "#" + counter}, scans{count}, Any)
	w.Expires = at.Add(keptScans).Truncate(time.Second)
	return w
}

// ScansSince adds up what was counted of a code by day, from one day on.
func ScansSince(ctx context.Context, t Table, code, day string) (map[string]int64, error) {
	sums := map[string]int64{}
	q := Query{PK: "S#" + code, After: day, Limit: 1000}
	for {
		page, err := t.Query(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			c, err := decode[scans](item)
			if err != nil {
				return nil, err
			}
			sums[item.SK[:len(time.DateOnly)]] += c.Count
			q.After = item.SK
		}
		if !page.More || len(page.Items) == 0 {
			return sums, nil
		}
	}
}
