package rollout

import "fmt"

// Steps tells the rule of Decide in words, step by step up to the one that decided.
func Steps(p *Placement, user string) []string {
	_, reason := Decide(p, user)
	steps := []string{}
	add := func(format string, args ...any) { steps = append(steps, fmt.Sprintf(format, args...)) }
	if reason == ReasonRemoved {
		add("The mini program was force removed from this target: nobody gets anything.")
		return steps
	}
	add("The mini program is not removed from this target.")
	if user == "" {
		add("No user was given: the full version, if there is one.")
		return steps
	}
	if reason == ReasonPilot {
		add("The user is a tester of a pilot release and gets its version.")
		return steps
	}
	add("The user is no tester of a pilot release.")
	if g := p.Grayscale; g.Percent > 0 {
		bucket := g.Salt.Bucket(user)
		if reason == ReasonGrayscale {
			add("Bucket %d of %d is below %d: the user is in the %d %% that get version %s.", bucket, Buckets, 100*g.Percent, g.Percent, g.Version)
			return steps
		}
		add("Bucket %d of %d is not below %d: the user is not in the %d %% that get version %s.", bucket, Buckets, 100*g.Percent, g.Percent, g.Version)
	} else {
		add("No grayscale is running.")
	}
	if reason == ReasonFull {
		add("The full version is %s.", p.Full.Version)
	} else {
		add("There is no full version: nothing is available.")
	}
	return steps
}
