package fresh_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway/functions/internal/store"
)

// past is all that ever happens to a table. It is made first and then shared: any number of environments can look at
// it as of any time, each at its own pace.
type past struct {
	*memory // as it is in the end
	now     time.Time
	early   func() time.Duration // by how much a row shows before its transaction is committed

	rows  map[store.Key][]row
	slots []row // of all slots, in order of time
}

// row is what a row holds from some time on.
type row struct {
	from time.Time
	store.Item
}

func newPast(at time.Time, early func() time.Duration) *past {
	return &past{memory: newMemory(), now: at, early: early, rows: map[store.Key][]row{}}
}

// Transact shows the rows of a transaction one after another, in any order, as DynamoDB does.
func (p *past) Transact(ctx context.Context, writes ...store.Write) error {
	if err := p.memory.Transact(ctx, writes...); err != nil {
		return err
	}
	for _, w := range writes {
		r := row{p.now.Add(-p.early()), p.items[w.Key]}
		all := p.rows[w.Key]
		if n := len(all); n > 0 && r.from.Before(all[n-1].from) {
			r.from = all[n-1].from
		}
		p.rows[w.Key] = append(all, r)
		if w.Key.PK == "CHANGES" {
			p.slots = append(p.slots, r)
		}
	}
	return nil
}

// done puts what was written in the order in which it shows.
func (p *past) done() {
	slices.SortStableFunc(p.slots, func(a, b row) int { return a.from.Compare(b.from) })
}

// asOf is a row as it was, false before it was.
func (p *past) asOf(k store.Key, at time.Time) (it store.Item, ok bool) {
	all := p.rows[k]
	for i := len(all) - 1; i >= 0; i-- {
		if !all[i].from.After(at) {
			return all[i].Item, true
		}
	}
	return store.Item{Key: k}, false
}

// present is the past as one environment has come through it. Its time never goes back.
type present struct {
	store.Table // nobody writes
	past        *past
	at          *time.Time
	shown       int // of past.slots
	slots       [store.Slots]store.Item
}

func (p *present) Get(_ context.Context, keys ...store.Key) ([]store.Item, error) {
	out := make([]store.Item, len(keys))
	for i, k := range keys {
		out[i], _ = p.past.asOf(k, *p.at)
	}
	return out, nil
}

func (p *present) Query(_ context.Context, q store.Query) (page store.Page, err error) {
	if q.PK == "CHANGES" {
		for ; p.shown < len(p.past.slots) && !p.past.slots[p.shown].from.After(*p.at); p.shown++ {
			r := p.past.slots[p.shown]
			i, _ := strconv.Atoi(r.SK)
			p.slots[i] = r.Item
		}
		return store.Page{Items: p.slots[:]}, nil
	}
	for _, sk := range p.past.partitions[q.PK] {
		if !strings.HasPrefix(sk, q.Prefix) || sk <= q.After {
			continue
		}
		if len(page.Items) == q.Limit {
			page.More = true
			break
		}
		if it, ok := p.past.asOf(store.Key{PK: q.PK, SK: sk}, *p.at); ok {
			page.Items = append(page.Items, it)
		}
	}
	return page, nil
}
