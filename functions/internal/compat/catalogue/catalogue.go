// Package catalogue holds the data that compatibility rules are measured with: the APIs and components of the base
// library, and which engine brought which feature of scripts and styles.
//
// It holds data and look-ups only; rules are in package compat. The JSON files say where their entries come from and
// under which licence.
package catalogue

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"slipway/functions/internal/compat/profile"
)

//go:embed apis.json
var apisJSON []byte

//go:embed additions.json
var additionsJSON []byte

//go:embed attributes.json
var attributesJSON []byte

// API is one entry below "my".
type API struct {
	Name       string          `json:"name"` // without "my."
	Kind       string          `json:"kind"` // value, sync, async, listener or factory
	Sample     json.RawMessage `json:"sample,omitempty"`
	Methods    []string        `json:"methods,omitempty"` // of what a factory makes, and of the task that an async one gives back
	Deprecated bool            `json:"deprecated,omitempty"`
	Since      string          `json:"since,omitempty"` // base library, "" when older than any in the field
	Source     string          `json:"source,omitempty"`
}

// Catalogue is what one target app offers. It is immutable.
type Catalogue struct {
	apis       map[string]API
	components map[string]bool
	attributes map[string]map[string]string // component → plain form of an attribute → as it is written
	removed    map[string]bool
}

var base = sync.OnceValue(func() *Catalogue {
	c := &Catalogue{apis: map[string]API{}, components: map[string]bool{}, attributes: map[string]map[string]string{}, removed: map[string]bool{}}
	for _, src := range [][]byte{apisJSON, attributesJSON, additionsJSON} {
		var file struct {
			APIs       []API               `json:"apis"`
			Components []string            `json:"components"`
			Attributes map[string][]string `json:"attributes"`
		}
		if err := json.Unmarshal(src, &file); err != nil {
			panic(fmt.Sprintf("catalogue: an embedded file is broken: %v", err)) // a build that ships this fails its first test
		}
		for _, a := range file.APIs {
			c.apis[a.Name] = merge(c.apis[a.Name], a)
		}
		for _, name := range file.Components {
			c.components[name] = true
		}
		for component, names := range file.Attributes {
			c.addAttributes(component, names)
		}
	}
	return c
})

// merge lays what is said by hand over what was generated.
func merge(old, more API) API {
	if old.Name == "" {
		return more
	}
	if more.Kind != "" {
		old.Kind = more.Kind
	}
	if more.Sample != nil {
		old.Sample = more.Sample
	}
	old.Methods = slices.Compact(slices.Sorted(slices.Values(slices.Concat(old.Methods, more.Methods))))
	old.Deprecated = old.Deprecated || more.Deprecated
	old.Since, old.Source = more.Since, more.Source
	return old
}

// For is the catalogue of a target app: the common one with the app's own word over it.
func For(apis profile.APIs) *Catalogue {
	b := base()
	c := &Catalogue{apis: maps.Clone(b.apis), components: b.components, attributes: b.attributes, removed: map[string]bool{}}
	for _, name := range apis.Extra {
		if _, known := c.apis[name]; !known {
			c.apis[name] = API{Name: name, Kind: "async"}
		}
	}
	for name, since := range apis.Since {
		a, known := c.apis[name]
		if !known {
			a = API{Name: name, Kind: "async"}
		}
		a.Since = since
		c.apis[name] = a
	}
	for _, name := range apis.Removed {
		c.removed[name] = true
	}
	for name := range c.apis {
		if _, removed := c.above(name); removed && !slices.Contains(apis.Extra, name) {
			delete(c.apis, name)
		}
	}
	return c
}

// Lookup finds the API that a chain of members below "my" reaches: of "env.platform" that is "env". A namespace such
// as "ap" alone is known too, with Kind "namespace".
func (c *Catalogue) Lookup(chain string) (API, bool) {
	for name := chain; name != ""; {
		if a, ok := c.apis[name]; ok {
			return a, true
		}
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			break
		}
		name = name[:i]
	}
	if !strings.Contains(chain, ".") && c.namespace(chain) {
		return API{Name: chain, Kind: "namespace"}, true
	}
	return API{}, false
}

func (c *Catalogue) namespace(name string) bool {
	for below := range c.apis {
		if strings.HasPrefix(below, name+".") {
			return true
		}
	}
	return false
}

// Removed says whether this app does not have an API that others have. What it adds below a removed name it has, and with
// that what leads there.
func (c *Catalogue) Removed(chain string) (string, bool) {
	name, removed := c.above(chain)
	if removed && c.namespace(chain) {
		return "", false
	}
	for longer := chain; removed && longer != name; longer = longer[:strings.LastIndexByte(longer, '.')] {
		if _, known := c.apis[longer]; known {
			return "", false
		}
	}
	return name, removed
}

// above is the removed name that a chain is or lies below.
func (c *Catalogue) above(chain string) (string, bool) {
	for name := chain; ; {
		if c.removed[name] {
			return name, true
		}
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			return "", false
		}
		name = name[:i]
	}
}

// APIs lists all entries by name.
func (c *Catalogue) APIs() []API {
	list := make([]API, 0, len(c.apis))
	for _, name := range slices.Sorted(maps.Keys(c.apis)) {
		list = append(list, c.apis[name])
	}
	return list
}

// Component says whether the base library has a component of that name.
func (c *Catalogue) Component(name string) bool { return c.components[name] }

// NearestAPI is the known name most like name, "" when none is close.
func (c *Catalogue) NearestAPI(name string) string {
	return nearest(name, slices.Sorted(maps.Keys(c.apis)))
}

// NearestComponent is the known component most like name, "" when none is close.
func (c *Catalogue) NearestComponent(name string) string {
	return nearest(name, slices.Sorted(maps.Keys(c.components)))
}

// nearest takes the smallest edit distance, at most a third of the name; the first in order wins a tie.
func nearest(name string, known []string) string {
	if len(name) > 64 {
		return ""
	}
	best, least := "", len(name)/3+1
	for _, k := range known {
		if diff := len(k) - len(name); diff >= least || -diff >= least {
			continue
		}
		if d := distance(strings.ToLower(name), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is Levenshtein's, over bytes, with two neighbours that changed places as one mistake.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := last[j]
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// Components lists the components of the base library by name.
func (c *Catalogue) Components() []string { return slices.Sorted(maps.Keys(c.components)) }
