package catalogue

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"slipway/functions/internal/compat/profile"
)

//go:embed features.json
var featuresJSON []byte

// Feature is something an engine has from a version on; "" means that it never got it.
type Feature struct {
	Name     string `json:"name"`
	Chrome   string `json:"chrome"`
	Safari   string `json:"safari"`
	Prefixed *struct {
		Chrome string `json:"chrome"`
		Safari string `json:"safari"`
	} `json:"prefixed,omitempty"` // with a vendor prefix
}

// On says whether an engine has the feature; prefixed, whether a vendor prefix is written too.
func (f Feature) On(e profile.Engine, prefixed bool) bool {
	chrome, safari := f.Chrome, f.Safari
	if prefixed && f.Prefixed != nil {
		chrome, safari = older(chrome, f.Prefixed.Chrome), older(safari, f.Prefixed.Safari)
	}
	since := chrome
	if e.Family == "safari" {
		since = safari
	}
	return since != "" && profile.Compare(e.Version, since) >= 0
}

func older(a, b string) string {
	if a == "" || b != "" && profile.Compare(b, a) < 0 {
		return b
	}
	return a
}

// Features are the tables of script and style features by name. What every engine in use has is not in them.
type Features struct {
	Globals    map[string]Feature // BigInt
	Statics    map[string]Feature // Object.fromEntries
	Methods    map[string]Feature // by the method alone: "replaceAll", named String.replaceAll
	RegExp     map[string]Feature // lookbehind, flag-s
	Properties map[string]Feature // backdrop-filter
	Values     map[string]Feature // position: sticky
	Functions  map[string]Feature // clamp
	Selectors  map[string]Feature // :is
	AtRules    map[string]Feature // @container
}

// AllFeatures reads the embedded tables once.
var AllFeatures = sync.OnceValue(func() *Features {
	var file map[string]json.RawMessage
	if err := json.Unmarshal(featuresJSON, &file); err != nil {
		panic(fmt.Sprintf("catalogue: features.json is broken: %v", err)) // a build that ships this fails its first test
	}
	table := func(key string) map[string]Feature {
		var list []Feature
		if err := json.Unmarshal(file[key], &list); err != nil {
			panic(fmt.Sprintf("catalogue: features.json: %s: %v", key, err))
		}
		m := make(map[string]Feature, len(list))
		for _, f := range list {
			m[f.Name] = f
		}
		return m
	}
	f := &Features{
		Globals: table("globals"), Statics: table("statics"), Methods: map[string]Feature{}, RegExp: table("regexp"),
		Properties: table("properties"), Values: table("values"), Functions: table("functions"),
		Selectors: table("selectors"), AtRules: table("atRules"),
	}
	for name, feature := range table("methods") {
		f.Methods[afterDot(name)] = feature
	}
	return f
})

func afterDot(name string) string {
	for i := range len(name) {
		if name[i] == '.' {
			return name[i+1:]
		}
	}
	return name
}
