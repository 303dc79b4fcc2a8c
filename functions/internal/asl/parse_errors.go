package asl

import (
	"fmt"
	"slices"
	"strings"
)

// reservedNames are the names beginning with "States." that may be retried or caught.
var reservedNames = []string{
	errAll, errBranch, errDataLimit, errHeartbeat, errIntrinsic, errNoChoice, errParameterPath, errPermissions,
	errResultPath, errTaskFailed, errTimeout,
}

// errorEquals reads the names of one retrier or catcher; seen are those of the ones before, with their place.
func (p *parser) errorEquals(n node, last bool, seen map[string]string) []string {
	at := n.at("ErrorEquals")
	list, ok := n.vals["ErrorEquals"].([]any)
	if !ok || len(list) == 0 {
		p.badf(at, "must be an array of at least one error name")
		return nil
	}
	var names []string
	for i, v := range list {
		here := fmt.Sprintf("%s/%d", at, i)
		name, ok := v.(string)
		switch {
		case !ok || name == "":
			p.badf(here, "must be an error name, not %s", brief(plain(v)))
		case name == errRuntime:
			p.badf(here, "States.Runtime always fails the execution; it cannot be retried or caught")
		case strings.HasPrefix(strings.ToLower(name), "states.") && !slices.Contains(reservedNames, name):
			p.badf(here, "there is no error %s%s", name, nearest(name, reservedNames))
		case seen[name] != "":
			p.badf(here, "%s is named before, at %s, so this one never applies", name, seen[name])
		case name == errAll && len(list) > 1:
			p.badf(here, "States.ALL must stand alone")
		case name == errAll && !last:
			p.badf(here, "States.ALL must come last; what follows never applies")
		}
		if ok {
			names = append(names, name)
			if seen[name] == "" {
				seen[name] = here
			}
		}
	}
	return names
}

// each gives the objects of an array field.
func (p *parser) each(n node, key string, f func(i int, last bool, n node)) {
	v, ok := n.vals[key]
	if !ok || !slices.Contains(fieldsOf[fmt.Sprint(n.vals["Type"])], key) {
		return // known refused it already
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		p.badf(n.at(key), "must be an array of at least one object; leave it out otherwise")
		return
	}
	for i, x := range list {
		if o, ok := p.object(fmt.Sprintf("%s/%d", n.at(key), i), x); ok {
			f(i, i == len(list)-1, o)
		}
	}
}

func (p *parser) retriers(n node) []retrier {
	var out []retrier
	seen := map[string]string{}
	p.each(n, "Retry", func(_ int, last bool, n node) {
		p.known(n, "BackoffRate", "Comment", "ErrorEquals", "IntervalSeconds", "JitterStrategy", "MaxAttempts", "MaxDelaySeconds")
		p.optional(n, "Comment")
		r := retrier{errors: p.errorEquals(n, last, seen), interval: 1, most: 3, backoff: 2}
		if n.has("IntervalSeconds") {
			r.interval = p.integer(n, "IntervalSeconds", 1, maxSeconds)
		}
		if n.has("MaxAttempts") {
			r.most = p.integer(n, "MaxAttempts", 0, maxSeconds)
		}
		if v, ok := n.vals["BackoffRate"]; ok {
			if r.backoff, ok = float(v); !ok || r.backoff < 1 {
				p.badf(n.at("BackoffRate"), "must be a number of at least 1.0, not %s", brief(plain(v)))
			}
		}
		if n.has("MaxDelaySeconds") {
			if r.maxDelay = p.integer(n, "MaxDelaySeconds", 1, 31_622_399); r.maxDelay <= r.interval {
				p.badf(n.at("MaxDelaySeconds"), "must be greater than IntervalSeconds, which is %d", r.interval)
			}
		}
		switch v := n.vals["JitterStrategy"]; {
		case v == "FULL":
			r.jitter = true
		case v != "NONE" && n.has("JitterStrategy"):
			p.badf(n.at("JitterStrategy"), `must be "FULL" or "NONE", not %s`, brief(plain(v)))
		}
		out = append(out, r)
	})
	return out
}

func (p *parser) catchers(n node) []catcher {
	var out []catcher
	seen := map[string]string{}
	p.each(n, "Catch", func(_ int, last bool, n node) {
		p.known(n, "Comment", "ErrorEquals", "Next", "ResultPath")
		out = append(out, catcher{
			comment: p.optional(n, "Comment"), errors: p.errorEquals(n, last, seen), resultPath: p.resultPath(n),
			next: p.required(n, "Next", "name the state that deals with the error"),
		})
	})
	return out
}
