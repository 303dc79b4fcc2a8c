package storetest

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// oneWins lets writers that all read the same revision race: this is what single-use tokens are built on.
func oneWins(t *testing.T, table store.Table) {
	const writers, rounds = 8, 12
	for round := range int64(rounds) {
		errs := together(writers, func(n int) error {
			return table.Transact(context.Background(), put("p", "token", round, strconv.Itoa(n)), put("log", fmt.Sprintf("%03d", round), store.Absent, strconv.Itoa(n)))
		})
		winner := -1
		for n, err := range errs {
			if err != nil {
				WantConflict(t, err)
				continue
			}
			if winner >= 0 {
				t.Fatalf("round %d: %d and %d both won", round, winner, n)
			}
			winner = n
		}
		if winner < 0 {
			t.Fatalf("round %d: nobody won", round)
		}
		won := strconv.Itoa(winner)
		want(t, table, item("p", "token", round+1, won), item("log", fmt.Sprintf("%03d", round), 1, won))
	}
}

func increments(t *testing.T, table store.Table) {
	const writers, each = 4, 6
	write(t, table, put("p", "sum", store.Absent, `0`))
	failOn(t, together(writers, func(int) error {
		for range each {
			if err := add(table, map[string]int{"sum": 1}); err != nil {
				return err
			}
		}
		return nil
	}))
	want(t, table, item("p", "sum", writers*each+1, strconv.Itoa(writers*each)))
}

// transfers moves amounts between two items in opposite orders, where locks taken in the order asked would deadlock.
func transfers(t *testing.T, table store.Table) {
	write(t, table, put("p", "a", store.Absent, `100`), put("p", "b", store.Absent, `100`))
	failOn(t, together(4, func(n int) error {
		for range 4 {
			amount := 1 - 2*(n%2)
			if err := add(table, map[string]int{"a": amount, "b": -amount}); err != nil {
				return err
			}
		}
		return nil
	}))
	want(t, table, item("p", "a", 17, `100`), item("p", "b", 17, `100`))
}

// add changes numbers in one transaction, again and again until no other writer is in between.
func add(table store.Table, amounts map[string]int) error {
	for range 1000 {
		var keys []store.Key
		for sk := range amounts {
			keys = append(keys, key("p", sk))
		}
		items, err := table.Get(context.Background(), keys...)
		if err != nil {
			return err
		}
		var writes []store.Write
		for _, it := range items {
			n, err := strconv.Atoi(string(it.Data))
			if err != nil {
				return err
			}
			writes = append(writes, put("p", it.SK, it.Rev, strconv.Itoa(n+amounts[it.SK])))
		}
		if err = table.Transact(context.Background(), writes...); !fault.Is(err, fault.Conflict) {
			return err
		}
	}
	return fmt.Errorf("no transaction in a thousand went through")
}

// together runs f n times at once and returns what each said.
func together(n int, f func(int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func failOn(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}
