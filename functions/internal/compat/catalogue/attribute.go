package catalogue

import (
	"maps"
	"slices"
	"strings"
)

// everywhere are attributes that every component takes.
var everywhere = map[string]bool{"id": true, "class": true, "style": true, "slot": true, "slot-scope": true, "key": true, "ref": true, "hidden": true, "role": true, "animation": true}

// plainAttribute is what two ways to write an attribute have in common: activeColor and active-color are one.
func plainAttribute(name string) string { return strings.ToLower(strings.ReplaceAll(name, "-", "")) }

func (c *Catalogue) addAttributes(component string, names []string) {
	known := c.attributes[component]
	if known == nil {
		known = map[string]string{}
		c.attributes[component] = known
	}
	for _, name := range names {
		known[plainAttribute(name)] = name
	}
}

// Attribute says whether a component of the base library takes an attribute. Events (onTap), directives (a:if) and data-*
// are taken everywhere, and so is everything where nothing is known of a component's attributes.
func (c *Catalogue) Attribute(component, name string) bool {
	known, ok := c.attributes[component]
	if !ok || everywhere[name] || strings.ContainsAny(name, ":{") {
		return true
	}
	for _, prefix := range []string{"data-", "aria-", "on", "catch", "capture-catch"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	_, ok = known[plainAttribute(name)]
	return ok
}

// NearestAttribute is the attribute of a component most like name, "" when none is close.
func (c *Catalogue) NearestAttribute(component, name string) string {
	return nearest(name, slices.Concat(slices.Sorted(maps.Values(c.attributes[component])), slices.Sorted(maps.Keys(everywhere))))
}
