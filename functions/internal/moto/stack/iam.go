package stack

import (
	"fmt"
	"slices"
	"strings"
)

// Statement is one of a policy, resolved. All allow something.
type Statement struct {
	Policy     string
	Actions    []string
	Resources  []string
	Conditions map[string]map[string][]string // operator → key → values
}

// Call is one use of a permission.
type Call struct {
	Action   string              // "dynamodb:Query"
	Resource string              // ARN
	Context  map[string][]string // what conditions may ask for
}

func (c Call) String() string { return c.Action + " on " + c.Resource }

// allows judges a call as IAM does: action, resource and every condition have to fit.
func (s Statement) allows(c Call) bool {
	return s.matches(c) && s.conditioned(c)
}

func (s Statement) matches(c Call) bool {
	fits := func(pattern, what string) bool { return like(pattern, what) }
	return slices.ContainsFunc(s.Actions, func(a string) bool { return fits(strings.ToLower(a), strings.ToLower(c.Action)) }) &&
		slices.ContainsFunc(s.Resources, func(r string) bool { return fits(r, c.Resource) })
}

func (s Statement) conditioned(c Call) bool {
	for operator, keys := range s.Conditions {
		for key, values := range keys {
			if !condition(operator, values, c.Context[key]) {
				return false
			}
		}
	}
	return true
}

// condition knows the operators that the template uses. A key that the call does not have fits ForAllValues and
// …IfExists, and nothing else.
func condition(operator string, values, asked []string) bool {
	fits := func(a string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return like(v, a) })
	}
	switch operator {
	case "ForAllValues:StringLike", "ForAllValues:StringEquals":
		return !slices.ContainsFunc(asked, func(a string) bool { return !fits(a) })
	case "StringLikeIfExists", "StringEqualsIfExists":
		return len(asked) == 0 || slices.ContainsFunc(asked, fits)
	case "StringLike", "StringEquals", "ArnLike", "ArnEquals":
		return slices.ContainsFunc(asked, fits)
	}
	panic(fmt.Sprintf("stack: the template uses the condition %s, which is not judged here yet", operator))
}

// like matches a pattern in which * stands for anything.
func like(pattern, s string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == s
	}
	if !strings.HasPrefix(s, first) {
		return false
	}
	for s = s[len(first):]; ; s = s[1:] {
		if like(rest, s) {
			return true
		}
		if s == "" {
			return false
		}
	}
}

// Allowed says whether a function may make a call: by its policies, and within its bounds.
func (f Function) Allowed(c Call) bool {
	allows := func(s Statement) bool { return s.allows(c) }
	return slices.ContainsFunc(f.Statements, allows) && (f.Bounds == nil || slices.ContainsFunc(f.Bounds, allows))
}
