package stack

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Ledger holds every call that functions and machines made, by what it was made with.
type Ledger struct {
	mu      sync.Mutex
	used    map[Grant]int
	refused map[string]int
}

// Grant is one action on one resource that a policy allows somebody, as it is written there.
type Grant struct{ Who, Policy, Action, Resource string }

func (g Grant) String() string {
	return fmt.Sprintf("%s by %s: %s on %s", g.Who, g.Policy, g.Action, g.Resource)
}

// Grants lists what a role is allowed.
func (f Function) Grants() (out []Grant) {
	for _, s := range f.Statements {
		for _, a := range s.Actions {
			for _, r := range s.Resources {
				out = append(out, Grant{f.ID, s.Policy, a, r})
			}
		}
	}
	return out
}

// Note takes a call down under every grant that covers it, or as refused.
func (l *Ledger) Note(f Function, c Call, allowed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used == nil {
		l.used, l.refused = map[Grant]int{}, map[string]int{}
	}
	if !allowed {
		l.refused[f.ID+": "+c.String()]++
		return
	}
	for _, s := range f.Statements {
		if !s.conditioned(c) {
			continue
		}
		for _, a := range s.Actions {
			for _, r := range s.Resources {
				if (Statement{Actions: []string{a}, Resources: []string{r}}).matches(c) {
					l.used[Grant{f.ID, s.Policy, a, r}]++
				}
			}
		}
	}
}

// Exception is a difference between what is granted and what stories use. An empty field fits anything.
type Exception struct {
	Grant
	Why string
}

func (e Exception) fits(g Grant) bool {
	fits := func(pattern, s string) bool { return pattern == "" || like(pattern, s) }
	return fits(e.Who, g.Who) && fits(e.Policy, g.Policy) && fits(e.Action, g.Action) && fits(e.Resource, g.Resource)
}

// Refused lists the calls that somebody made and may not make.
func (l *Ledger) Refused() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(l.refused))
}

// Used says how many calls were taken down.
func (l *Ledger) Used() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, times := range l.used {
		n += times
	}
	return n
}

// Differences holds what the roles of a template are granted against what was used: each grant that no call needed,
// each exception that is none, each wildcard. What was needed and not granted is in Refused.
func (l *Ledger) Differences(t *Template, exceptions []Exception) (out []string) {
	roles := slices.Collect(maps.Values(t.Functions))
	for _, m := range t.Machines {
		roles = append(roles, m.Function)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	needed := make([]bool, len(exceptions))
	for _, f := range roles {
		for _, g := range f.Grants() {
			excused := slices.IndexFunc(exceptions, func(e Exception) bool { return e.fits(g) })
			switch {
			case excused >= 0:
				needed[excused] = needed[excused] || l.used[g] == 0
			case l.used[g] == 0:
				out = append(out, g.String()+": granted, and no story uses it")
			case strings.Contains(g.Action, "*"):
				out = append(out, g.String()+": the action is a wildcard")
			case g.Resource == "*":
				out = append(out, g.String()+": the resource is everything")
			}
		}
	}
	for i, e := range exceptions {
		if !needed[i] {
			out = append(out, fmt.Sprintf("the exception %s is none: everything that it fits is used, or it fits nothing", e.Grant))
		}
	}
	slices.Sort(out)
	return out
}
