package compat

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"slipway/functions/internal/compat/script"
)

// requesters are the APIs whose url goes out; what else is an address is only text until one of them takes it.
var requesters = map[string]bool{"request": true, "httpRequest": true, "uploadFile": true, "downloadFile": true, "connectSocket": true}

func (t *test) request(file string, use script.APIUse) {
	if !use.Called || !requesters[use.Name] {
		return
	}
	if use.URL != nil {
		t.requested(file, use)
	}
	if offline := t.offline(); use.NoFail && len(offline) > 0 {
		t.say(Warn, "request-without-fail", file, use.Pos, offline, "Give it a fail or complete callback that tells people what happened.",
			"Nothing takes the failure of my.%s, so that people offline see nothing happen.", use.Name)
	}
}

func (t *test) requested(file string, use script.APIUse) {
	u, host := hostOf(*use.URL)
	if u == nil {
		return
	}
	if f, wrong := t.in.judgeAddress("my."+use.Name, use.URL.Value, u, host); wrong {
		t.say(f.Severity, f.Rule, file, use.Pos, nil, f.Advice, "%s", f.Message)
	}
}

// Requested judges an address that was really asked, with what: "my.request". The finding has no place yet; there is none
// when nothing is wrong with the address, or when it is none.
func (in Input) Requested(what, address string) (Finding, bool) {
	u, host := hostOf(script.Text{Value: address, Complete: true})
	if u == nil {
		return Finding{}, false
	}
	return in.judgeAddress(what, address, u, host)
}

// judgeAddress: the host is "" when it is not known.
func (in Input) judgeAddress(what, address string, u *url.URL, host string) (f Finding, wrong bool) {
	say := func(s Severity, rule, advice, format string, args ...any) (Finding, bool) {
		return Finding{Severity: s, Rule: rule, Message: fmt.Sprintf(format, args...), Advice: advice}, true
	}
	const list = "Add it to the server domains of the configuration."
	secure := u.Scheme == "https" || u.Scheme == "wss"
	switch {
	case hasUndefined(u):
		return say(Fail, "url-undefined", "Find the variable that is not set.", "%s asks for %s.", what, address)
	case host == "":
		return f, false // computed
	case private(host):
		return say(Fail, "url-private", "Use a public https host that the configuration names.", "%s asks %s, which no phone of a user can reach.", what, host)
	case !secure:
		return say(Fail, "url-plain", "Use https.", "%s asks %s over plain %s, which is refused.", what, host, u.Scheme)
	case in.ServerDomains == nil:
		return say(Warn, "host-not-listed", list, "%s asks %s, and no server domains are configured yet.", what, host)
	case !listed(u, in.ServerDomains):
		return say(Fail, "host-not-listed", list, "%s asks %s, which is not among the server domains, so that it is refused.", what, host)
	}
	return f, false
}

// literals looks at addresses that no request was seen to take: base addresses kept for later, mostly.
func (t *test) literals(file string, s *script.Script) {
	taken := map[script.Pos]bool{}
	for _, use := range s.APIs {
		if use.URL != nil {
			taken[use.URL.Pos] = true
		}
	}
	for _, literal := range s.Literals {
		u, host := hostOf(literal)
		if u == nil || taken[literal.Pos] || host == "" {
			continue
		}
		network := slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme)
		switch {
		case !network:
		case hasUndefined(u):
			t.say(Warn, "url-undefined", file, literal.Pos, nil, "Find the variable that is not set.", "The address %s holds \"undefined\".", literal.Value)
		case private(host):
			t.say(Warn, "url-private", file, literal.Pos, nil, "Use a public https host, or remove it.", "The address %s is one that no phone of a user can reach.", host)
		case namespace[host]:
		case u.Scheme == "http" || u.Scheme == "ws":
			t.say(Warn, "url-plain", file, literal.Pos, nil, "Use https.", "The address of %s is plain %s.", host, u.Scheme)
		case !t.named[host] && !listed(u, t.in.ServerDomains) && !listed(u, t.in.H5Domains):
			t.named[host] = true // once is enough: configuration lists each host once
			t.say(Info, "host-not-listed", file, literal.Pos, nil, "Add it to the domains of the configuration if it is requested or shown.", "The host %s is in neither list of domains.", host)
		}
	}
}

// namespace are hosts that stand in names of formats and are never asked.
var namespace = map[string]bool{"www.w3.org": true, "json-schema.org": true, "schemas.openxmlformats.org": true, "ns.adobe.com": true}

// hostOf reads an address as far as it is known. The host is "" when it may go on beyond what is known.
func hostOf(t script.Text) (*url.URL, string) {
	address := t.Value
	if !t.Complete { // "https://a.b" may go on as a.b.evil; "https://a.b/" may not
		_, rest, ok := strings.Cut(address, "://")
		if !ok {
			return nil, ""
		}
		if !strings.ContainsAny(rest, "/?#") {
			u, err := url.Parse(strings.SplitAfter(address, "://")[0])
			if err != nil {
				return nil, ""
			}
			return u, ""
		}
	}
	address = strings.TrimSpace(address)
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return nil, ""
	}
	return u, strings.ToLower(u.Hostname())
}

func hasUndefined(u *url.URL) bool {
	return slices.Contains(strings.FieldsFunc(u.Host+"/"+u.Path+"?"+u.RawQuery, func(r rune) bool { return strings.ContainsRune("/?&=.:", r) }), "undefined")
}

// private says whether a host means something only on one machine or in one building.
func private(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".lan") || strings.HasSuffix(host, ".internal") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified())
}

// listed compares with a list of hosts as configurations hold them: with or without https://, in any case, perhaps with a
// port, which then must be the one asked for; "*.a.b" stands for all below a.b.
func listed(u *url.URL, domains []string) bool {
	host, port := strings.ToLower(u.Hostname()), cmp.Or(u.Port(), defaultPorts[u.Scheme])
	for _, d := range domains {
		d = strings.ToLower(strings.TrimSpace(d))
		if _, rest, ok := strings.Cut(d, "://"); ok {
			d = rest
		}
		d, _, _ = strings.Cut(d, "/")
		name, wanted, _ := strings.Cut(d, ":")
		named := host == name || strings.HasPrefix(name, "*.") && strings.HasSuffix(host, name[1:])
		if named && (wanted == "" || wanted == port) {
			return true
		}
	}
	return false
}

var defaultPorts = map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443"}

func (t *test) offline() []string {
	var ids []string
	for _, n := range t.in.Runtime.Networks {
		if n.Offline() {
			ids = append(ids, n.ID)
		}
	}
	return ids
}
