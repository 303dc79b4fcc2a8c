package main

import (
	"errors"
	"flag"
	"net"
	"strings"
	"testing"
)

// TestAlone: tour plays on a store of its own, so a flag of the server behind it would be passed over in silence.
func TestAlone(t *testing.T) {
	for args, helped := range map[string]bool{"": false, "--help": true, "-h": true, "--addr x": false, "there": false} {
		help := false
		err := alone("tour", strings.Fields(args), func() { help = true })
		if help != helped || errors.Is(err, flag.ErrHelp) != helped || (err == nil) != (args == "") {
			t.Errorf("%q: help %v, %v", args, help, err)
		}
	}
}

func TestBaseOf(t *testing.T) {
	here := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	for name, tc := range map[string]struct {
		given     string
		listening net.Addr
		want      string // "" for a refusal
	}{
		"the address":           {"", here, "http://127.0.0.1:8080"},
		"every address":         {"", &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080}, "http://127.0.0.1:8080"},
		"IPv6":                  {"", &net.TCPAddr{IP: net.IPv6loopback, Port: 80}, "http://[::1]:80"},
		"given":                 {"https://slipway.example.com", here, "https://slipway.example.com"},
		"given with a slash":    {"http://slipway.example.com:80/", here, "http://slipway.example.com:80"},
		"another scheme":        {"ftp://slipway.example.com", here, ""},
		"no scheme":             {"slipway.example.com", here, ""},
		"no host":               {"http://:8080", here, ""},
		"a path nothing serves": {"https://example.com/slipway", here, ""},
		"a query":               {"https://example.com/?x", here, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := baseOf(tc.given, tc.listening)
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("%q, %v; want %q", got, err, tc.want)
			}
		})
	}
}
