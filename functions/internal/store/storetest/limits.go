package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/limits"
)

// limitsHold tries each limit from both sides: the largest that works, and one more, which must write nothing.
func limitsHold(t *testing.T, table store.Table) {
	most := make([]store.Write, limits.MaxWrites)
	keys := make([]store.Key, limits.MaxKeys)
	for i := range most {
		most[i] = put("many", fmt.Sprintf("%03d", i), store.Absent, `1`)
		keys[i] = most[i].Key
	}
	write(t, table, most...)
	if items := get(t, table, keys...); len(items) != limits.MaxKeys || items[99].Rev != 1 {
		t.Errorf("get of %d keys returned %d items", limits.MaxKeys, len(items))
	}
	longPK, longSK := strings.Repeat("p", limits.MaxPK), strings.Repeat("s", limits.MaxSK)
	write(t, table, put(longPK, longSK, store.Absent, `1`))
	want(t, table, item(longPK, longSK, 1, `1`))

	expiring := func(op store.Op, at time.Time) store.Write {
		return store.Write{Op: op, Key: key("p", "x"), IfRev: store.Any, Expires: at}
	}
	large := make([]store.Write, 12)
	for i := range large {
		large[i] = put("large", fmt.Sprint(i), store.Absent, strings.Repeat("x", limits.MaxData))
	}
	for name, writes := range map[string][]store.Write{
		"101 writes":            append([]store.Write{put("p", "x", store.Any, `1`)}, bump(most)...),
		"same key twice":        {put("p", "x", store.Any, `1`), put("p", "x", store.Any, `2`)},
		"put and check one key": {put("p", "x", store.Any, `1`), {Op: store.Check, Key: key("p", "x"), IfRev: store.Absent}},
		"check any twice":       {{Op: store.Check, Key: key("p", "x"), IfRev: store.Any}, put("p", "x", store.Any, `1`)},
		"data over 300 KiB":     {put("p", "x", store.Any, strings.Repeat("x", limits.MaxData+1))},
		"data in sum":           append(large, put("p", "x", store.Any, `1`)),
		"data not UTF-8":        {put("p", "x", store.Any, "\"\xff\"")},
		"no partition key":      {put("p", "x", store.Any, `1`), put("", "x", store.Any, `1`)},
		"no sort key":           {put("p", "x", store.Any, `1`), put("p", "", store.Any, `1`)},
		"long partition key":    {put("p", "x", store.Any, `1`), put(longPK+"p", "x", store.Any, `1`)},
		"long sort key":         {put("p", "x", store.Any, `1`), put("p", longSK+"s", store.Any, `1`)},
		"key not UTF-8":         {put("p", "x", store.Any, `1`), put("p", "x\xff", store.Any, `1`)},
		"unknown operation":     {put("p", "x", store.Any, `1`), {Op: 9, Key: key("p", "y"), IfRev: store.Any}},
		"unknown condition":     {put("p", "x", -2, `1`)},
		"check with expiry":     {expiring(store.Check, time.Unix(2_000_000_000, 0))},
		"expiry before 1970":    {expiring(store.Put, time.Unix(-1, 0))},
	} {
		refused(t, name, table.Transact(context.Background(), writes...))
	}
	want(t, table, item("p", "x", 0, ""), item("many", "000", 1, `1`))
	readLimits(t, table, keys)
}

func readLimits(t *testing.T, table store.Table, keys []store.Key) {
	_, err := table.Get(context.Background(), append([]store.Key{key("p", "x")}, keys...)...)
	refused(t, "101 keys", err)
	_, err = table.Get(context.Background(), key("p", ""))
	refused(t, "get without sort key", err)
	for name, q := range map[string]store.Query{
		"no limit":        {PK: "p"},
		"negative limit":  {PK: "p", Limit: -1},
		"limit over 1000": {PK: "p", Limit: limits.MaxPage + 1},
		"no partition":    {Limit: 1},
		"prefix not UTF8": {PK: "p", Limit: 1, Prefix: "\xff"},
		"after too long":  {PK: "p", Limit: 1, After: strings.Repeat("s", limits.MaxSK+1)},
	} {
		_, err := table.Query(context.Background(), q)
		refused(t, name, err)
	}
	if items := all(t, table, store.Query{PK: "many", Limit: limits.MaxPage}); len(items) != len(keys) {
		t.Errorf("query with the largest limit: %d items, want %d", len(items), len(keys))
	}
}

// refused wants an error that nobody mistakes for the state of the world.
func refused(t *testing.T, name string, err error) {
	t.Helper()
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		t.Errorf("%s: got %v, want an error that is no fault", name, err)
	}
}

func bump(writes []store.Write) []store.Write {
	next := append([]store.Write{}, writes...)
	for i := range next {
		next[i].IfRev = 1
	}
	return next
}
