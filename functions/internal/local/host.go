package local

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"slipway/functions/internal/api"
	"slipway/functions/internal/fault"
)

// Guard lets through what is addressed to this machine or to base, and refuses any other name: a page of a stranger
// could have its own name lead here (DNS rebinding), and then sign in as anybody and read the outbox. An address in
// digits is let through, since nobody can have it lead elsewhere.
func (s *Server) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.ours(hostName(r.Host)) {
			write(w, r, api.Refuse(fault.New(fault.Forbidden, "foreign_host",
				"This server does not answer for the host %.80q; use %s, or name another with --base.", r.Host, s.Base()), s.gateway.newID()))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) ours(host string) bool {
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	base, err := url.Parse(s.Base())
	return host == "localhost" || err == nil && host == strings.ToLower(base.Hostname())
}

// hostName is a Host header without its port.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
