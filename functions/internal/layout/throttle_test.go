package layout_test

import (
	"fmt"
	"maps"
	"testing"

	"slipway/functions/internal/api"
)

// throttle is a limit of a route; PublicRate, which is a parameter, is at least 1.
type throttle struct {
	Rate  string `yaml:"ThrottlingRateLimit"`
	Burst string `yaml:"ThrottlingBurstLimit"`
}

// unthrottled names the routes that anybody may ask without limit, and limits of routes that nobody has.
func unthrottled(settings map[string]throttle) (out []string) {
	left := maps.Clone(settings)
	for _, r := range api.Routes {
		s, ok := settings[r.Key()]
		if limited := s.Rate != "" && s.Rate != "0" && s.Burst != "" && s.Burst != "0"; ok != (r.Auth != api.Bearer) || ok && !limited {
			out = append(out, fmt.Sprintf("%s: a throttle of its own: %v, open to anybody: %v", r.Key(), ok && limited, r.Auth != api.Bearer))
		}
		delete(left, r.Key())
	}
	for key := range left {
		out = append(out, key+" is throttled, and is no route")
	}
	return out
}

func TestEveryOpenDoorIsThrottled(t *testing.T) {
	var door struct {
		RouteSettings map[string]throttle `yaml:"RouteSettings"`
	}
	a := readTemplate(t).Resources["Api"]
	if err := a.Properties.Decode(&door); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range unthrottled(door.RouteSettings) {
		t.Error(wrong)
	}
	const key = "GET /q/{code}"
	for name, plant := range map[string]func(map[string]throttle){
		"no settings":   func(s map[string]throttle) { delete(s, key) },
		"no rate":       func(s map[string]throttle) { s[key] = throttle{Burst: "1"} },
		"no burst":      func(s map[string]throttle) { s[key] = throttle{Rate: "1"} },
		"nothing at":    func(s map[string]throttle) { s[key] = throttle{Rate: "0", Burst: "1"} },
		"another route": func(s map[string]throttle) { s["GET /q"] = throttle{Rate: "1", Burst: "1"} },
	} {
		planted := maps.Clone(door.RouteSettings)
		plant(planted)
		if len(unthrottled(planted)) != 1 {
			t.Errorf("%s: planted, and found %v", name, unthrottled(planted))
		}
	}
}
