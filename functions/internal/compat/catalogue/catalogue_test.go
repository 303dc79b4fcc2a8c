package catalogue_test

import (
	"encoding/json"
	"testing"

	"slipway/functions/internal/compat/catalogue"
	"slipway/functions/internal/compat/profile"
)

func TestCatalogue(t *testing.T) {
	c := catalogue.For(profile.APIs{Extra: []string{"faceLogin"}, Removed: []string{"scan"}, Since: map[string]string{"getLocation": "2.8"}})
	known := map[string]string{"request": "request", "env.platform": "env", "ap.openURL": "ap.openURL", "ap": "ap", "faceLogin": "faceLogin", "getRunScene": "getRunScene", "addCardAuth": "addCardAuth", "ap.faceVerify": "ap.faceVerify", "ocr": "ocr"}
	for chain, want := range known {
		if a, ok := c.Lookup(chain); !ok || a.Name != want {
			t.Errorf("Lookup(%s) = %v %v", chain, a, ok)
		}
	}
	for _, chain := range []string{"scan", "nope", "ap.nope", "", "a"} {
		if a, ok := c.Lookup(chain); ok {
			t.Errorf("Lookup(%s) = %v", chain, a)
		}
	}
	if name, ok := c.Removed("scan.x"); !ok || name != "scan" {
		t.Error("scan is removed")
	}
	if a, _ := c.Lookup("getLocation"); a.Since != "2.8" || a.Kind != "async" {
		t.Errorf("%+v", a)
	}
	if a, _ := catalogue.For(profile.APIs{}).Lookup("getLocation"); a.Since != "" {
		t.Error("one app's word reached another")
	}
}

// TestARemovedNameTakesWhatIsBelowIt but what the app adds there of its own.
func TestARemovedNameTakesWhatIsBelowIt(t *testing.T) {
	c := catalogue.For(profile.APIs{Removed: []string{"ap", "x", "scan"}, Extra: []string{"ap.own", "x.y.z"}, Since: map[string]string{"ap.faceVerify": "2.0"}})
	for chain, want := range map[string]string{"ap": "", "ap.faceVerify": "ap", "ap.openURL.a": "ap", "ap.own": "", "ap.own.a": "", "x": "", "x.y": "", "x.a": "x", "x.y.a": "x", "x.y.z": "", "scan": "scan", "scan.a": "scan", "apiece": ""} {
		if name, removed := c.Removed(chain); name != want && removed || removed != (want != "") {
			t.Errorf("Removed(%s) = %q %v, want %q", chain, name, removed, want)
		}
		if a, known := c.Lookup(chain); want != "" && known {
			t.Errorf("%s is removed and known as %+v", chain, a)
		}
	}
	for _, name := range []string{"ap.own", "x.y.z"} {
		if _, known := c.Lookup(name); !known {
			t.Errorf("%s is the app's own", name)
		}
	}
}

// TestVersionsAreLaidOverWhatWasGenerated: what is said by hand keeps the kind that the type packages give.
func TestVersionsAreLaidOverWhatWasGenerated(t *testing.T) {
	c := catalogue.For(profile.APIs{})
	for name, want := range map[string]catalogue.API{
		"exitMiniProgram":     {Kind: "async", Since: "2.7.15"},
		"getEnterOptionsSync": {Kind: "sync", Since: "2.7.5"},
		"onLazyLoadError":     {Kind: "listener", Since: "2.8.1"},
		"createCameraContext": {Kind: "factory", Since: "1.11.0"},
		"getLocation":         {Kind: "async"},
		"base64ToArrayBuffer": {Kind: "sync", Since: "2.7.3"},
		"onAppShow":           {Kind: "listener", Since: "1.20.0"},
		"ap.openURL":          {Kind: "async", Since: "2.7.20"},
	} {
		if a, ok := c.Lookup(name); !ok || a.Kind != want.Kind || a.Since != want.Since || (a.Since == "") != (a.Source == "") {
			t.Errorf("%s: %+v, want %+v", name, a, want)
		}
	}
}

func TestEveryEntryIsWhole(t *testing.T) {
	kinds := map[string]bool{"value": true, "sync": true, "async": true, "listener": true, "factory": true}
	list := catalogue.For(profile.APIs{}).APIs()
	if len(list) < 307 {
		t.Errorf("only %d entries", len(list))
	}
	for _, a := range list {
		if !kinds[a.Kind] || len(a.Sample) > 0 && !json.Valid(a.Sample) {
			t.Errorf("%+v", a)
		}
		if a.Since != "" && a.Source == "" {
			t.Errorf("%s does not say where its version was seen", a.Name)
		}
	}
}

// TestWhatTheTypesLack: these were in use before the type packages knew them, or are still unknown to them.
func TestWhatTheTypesLack(t *testing.T) {
	c := catalogue.For(profile.APIs{})
	for _, name := range []string{
		"addCardAuth", "ap.faceVerify", "createCameraContext", "getAuthUserInfo", "hideAllFavoriteMenu", "hideFavoriteMenu", "httpRequest",
		"isCollected", "navigateToCouponDetail", "ocr", "offLazyLoadError", "onLazyLoadError", "openCardDetail", "openCardList", "openMerchantCardList",
		"reportAnalytics", "reportBizReady", "reportCustomError", "startZMVerify", "textRiskIdentification", "zmCreditBorrow",
	} {
		if a, ok := c.Lookup(name); !ok || a.Kind == "" || a.Source == "" {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func TestNearest(t *testing.T) {
	c := catalogue.For(profile.APIs{})
	for name, want := range map[string]string{"getLocatoin": "getLocation", "navigateto": "navigateTo", "xyzzyplugh": ""} {
		if got := c.NearestAPI(name); got != want {
			t.Errorf("NearestAPI(%s) = %q, want %q", name, got, want)
		}
	}
	if got := c.NearestComponent("veiw"); got != "view" {
		t.Error(got)
	}
}

func TestFeatures(t *testing.T) {
	f := catalogue.AllFeatures()
	safari := func(v string) profile.Engine { return profile.Engine{Family: "safari", Version: v} }
	chrome := func(v string) profile.Engine { return profile.Engine{Family: "chrome", Version: v} }
	tests := []struct {
		feature  catalogue.Feature
		engine   profile.Engine
		prefixed bool
		want     bool
	}{
		{f.RegExp["lookbehind"], safari("16.3"), false, false},
		{f.RegExp["lookbehind"], safari("16.4"), false, true},
		{f.RegExp["lookbehind"], chrome("62"), false, true},
		{f.Statics["Object.fromEntries"], chrome("72"), false, false},
		{f.Methods["replaceAll"], chrome("85"), false, true},
		{f.Properties["backdrop-filter"], safari("12"), false, false},
		{f.Properties["backdrop-filter"], safari("12"), true, true},
		{f.Values["gap (flex)"], safari("14.0"), false, false},
		{f.Properties["font-variant-emoji"], safari("99"), false, false}, // never
	}
	for _, tt := range tests {
		if tt.feature.Name == "" {
			t.Fatalf("no such feature: %+v", tt)
		}
		if got := tt.feature.On(tt.engine, tt.prefixed); got != tt.want {
			t.Errorf("%s on %v (prefixed %v) = %v", tt.feature.Name, tt.engine, tt.prefixed, got)
		}
	}
}
