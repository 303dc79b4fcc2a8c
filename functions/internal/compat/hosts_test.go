package compat_test

import (
	"testing"

	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
)

// TestDomainsAsConfigurationsHoldThem asks each list of domains for a request and for the entrance of an h5 program.
func TestDomainsAsConfigurationsHoldThem(t *testing.T) {
	for _, tt := range []struct {
		url, domain string
		ok          bool
	}{
		{"https://api.example.com/a", "api.example.com", true},
		{"https://api.example.com/a", "https://api.example.com", true},
		{"https://api.example.com/a", "https://API.example.com/", true},
		{"https://API.Example.com/a", "api.example.com", true},
		{"https://api.example.com/a", "api.example.com:443", true},
		{"https://api.example.com:8443/a", "https://api.example.com:8443", true},
		{"https://api.example.com:8443/a", "api.example.com", true},
		{"https://api.example.com/a", "api.example.com:8443", false},
		{"https://api.example.com:9000/a", "api.example.com:8443", false},
		{"https://a.api.example.com/", "api.example.com", false},
		{"https://evilapi.example.com/", "*.api.example.com", false},
		{"https://a.api.example.com/", "*.api.example.com", true},
		{"https://api.example.com.evil.example/", "api.example.com", false},
	} {
		t.Run(tt.url+" "+tt.domain, func(t *testing.T) {
			in := input(t, map[string]string{"pages/menu/menu.js": "Page({ onLoad() { my.request({ url: '" + tt.url + "', fail() {} }) } })"})
			in.ServerDomains = []string{tt.domain}
			if r := run(t, in); (r.Verdict == compat.Pass) != tt.ok {
				t.Errorf("a request: %v", lines(r))
			}
			if r := compat.RunH5(tt.url, []string{tt.domain}, profile.Default()); (r.Verdict == compat.Pass) != tt.ok {
				t.Errorf("an entrance: %v", lines(r))
			}
		})
	}
}
