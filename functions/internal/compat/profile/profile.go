// Package profile describes what a target app's phones are: the runtime settings that a compatibility test tests against.
//
// It holds data, defaults and their validation. The rules that compare a mini program with a profile are in package
// compat. It imports the standard library and fault only, because the domain stores these settings.
package profile

import "encoding/json"

// Runtime is the `runtime` part of a target app's settings (spec 1.1).
type Runtime struct {
	BaseLibrary     string    `json:"baseLibrary"`     // newest base library in the field, dotted: "2.9.40"
	MinBaseLibrary  string    `json:"minBaseLibrary"`  // oldest that still starts mini programs
	Systems         []System  `json:"systems"`         // operating systems, one per version worth testing
	Devices         []Device  `json:"devices"`         // device classes
	Networks        []Network `json:"networks"`        // network environments
	APIs            APIs      `json:"apis"`            // where this app differs from the catalogue
	Limits          Limits    `json:"limits"`          // sizes in bytes
	AllowUnresolved bool      `json:"allowUnresolved"` // modules that do not resolve become empty ones instead of failing the build
	Fixtures        Fixtures  `json:"fixtures"`        // what the smoke run answers
}

// System is one operating system version with the engines that run a mini program on it.
type System struct {
	ID     string `json:"id"`     // unique over all profiles: "ios-12"
	Name   string `json:"name"`   // for people: "iOS 12"
	Family string `json:"family"` // "ios", "android" or "harmony"
	Script Engine `json:"script"` // runs the mini program's logic
	CSS    Engine `json:"css"`    // draws its pages
}

// Engine is a browser engine at a version, the granularity at which feature tables are kept.
type Engine struct {
	Family  string `json:"family"`  // "safari" (JavaScriptCore, WKWebView) or "chrome" (V8, Android web view)
	Version string `json:"version"` // dotted: "12.0", "69"
}

// Device is a class of phones.
type Device struct {
	ID          string `json:"id"` // "small-phone"
	Name        string `json:"name"`
	MemoryClass int    `json:"memoryClass"` // megabytes that the system leaves to one app
	ScreenWidth int    `json:"screenWidth"` // CSS pixels
}

// Network is a network environment. Zero Kbps means offline.
type Network struct {
	ID       string `json:"id"` // "slow-2g"
	Name     string `json:"name"`
	Kbps     int    `json:"kbps"`     // downlink, kilobits per second
	RTTMs    int    `json:"rttMs"`    // round trip, milliseconds
	BudgetMs int    `json:"budgetMs"` // what a person is asked to wait for the first page
}

// Offline says whether nothing can be reached on n.
func (n Network) Offline() bool { return n.Kbps == 0 }

// APIs is where an app differs from the catalogue; names without "my.".
type APIs struct {
	Extra   []string          `json:"extra,omitempty"`   // names that this app adds
	Removed []string          `json:"removed,omitempty"` // names that this app does not have
	Since   map[string]string `json:"since,omitempty"`   // name → base library that brought it, over the catalogue's word
}

// Limits are sizes in bytes.
type Limits struct {
	Package    int64 `json:"package"`    // all of it, compressed
	SubPackage int64 `json:"subPackage"` // the main package, and each subpackage, built and unpacked
	Page       int64 `json:"page"`       // what one page itself brings, built
	Image      int64 `json:"image"`      // one image
}

// Fixtures answer a mini program during the smoke run.
type Fixtures struct {
	Replies []Reply                    `json:"replies,omitempty"`
	Queries map[string]string          `json:"queries,omitempty"` // page path → query: "id=7&from=home"
	Storage map[string]json.RawMessage `json:"storage,omitempty"` // what my.getStorage finds
	Ext     json.RawMessage            `json:"ext,omitempty"`     // ext.json
}

// Reply is the answer to one API, or to requests whose URL starts with URL.
type Reply struct {
	API  string          `json:"api,omitempty"` // without "my."
	URL  string          `json:"url,omitempty"`
	Body json.RawMessage `json:"body"`
}
