package release

import (
	"slices"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/rollout"
)

// Scene is everything that a command on a release may look at and change.
type Scene struct {
	Release   Release
	Placement rollout.Placement
	Settings  catalog.Settings
	// Live are the other releases of the same mini program and target that the placement names: the full one, and
	// the one in grayscale. Those that a command supersedes come back in Outcome.
	Live []Release
}

// Outcome is what a command made of a scene.
type Outcome struct {
	Release    Release
	Placement  rollout.Placement
	Superseded []Release // archived or canceled by it; a canceled one's machine has to be ended
}

// MostOpen is how many releases may be between under_review and full_release at once, on one target of one mini program.
// Each may be a pilot with a hundred testers, and all of them are in the one placement that resolve reads: 10 take half of
// what a record can hold.
const MostOpen = 10

// Check says whether a command can be carried out in a scene, without changing anything.
func Check(s Scene, cmd Command) (to Status, err error) {
	if cmd.Action != ForceRemove && slices.Contains(s.Placement.Removing, s.Release.ID) {
		return "", s.forceRemoved()
	}
	facts := FactsOf(s.Release, s.Settings)
	facts.NextPercent = cmd.Percent
	if cmd.Action == Grayscale && (cmd.Percent < 1 || cmd.Percent > 100) {
		return "", fault.Fields([]fault.Field{{Field: "percent", Detail: "must be a whole number from 1 to 100"}})
	}
	if to, err = Next(cmd.Action, s.Release.Status, facts); err != nil {
		return "", err
	}
	if cmd.Action.ByPerson() && to.Open() && cmd.Removals < s.Placement.Removals {
		return "", s.forceRemoved()
	}
	if n := s.others(); to.Open() && to != FullRelease && !s.Release.Status.Open() && n >= MostOpen {
		return "", s.conflict("too_many_open",
			"%d other releases of this mini program are under review, in pilot testing, in preparation or in grayscale on this target; %d are the most. Cancel one, or take one to everybody.", n, MostOpen)
	}
	if cmd.Action == Grayscale && cmd.Percent <= s.Release.Percent {
		return "", s.conflict("percent_not_higher",
			"The grayscale is at %d %% and can only be raised; to lower it, reset it to 0 %% and start again.", s.Release.Percent)
	}
	if goesLive(cmd, to) && s.rival() != nil && !cmd.Supersede {
		return "", s.conflict("grayscale_running",
			"Version %s is in grayscale at %d %% on this target. Send \"supersede\": true to cancel it and keep its share of users, or cancel it first.",
			s.Placement.Grayscale.Version, s.Placement.Grayscale.Percent)
	}
	return to, nil
}

// Carry carries a command out.
func Carry(s Scene, cmd Command) (Outcome, error) {
	to, err := Check(s, cmd)
	if err != nil {
		return Outcome{}, err
	}
	r := s.Release
	switch cmd.Action {
	case Configure:
		r.Configuration = *cmd.Configuration
		r.Build = Building
		if r.Type == string(catalog.H5) {
			r.Build = Built
		}
		if r.Compatibility != Untested {
			r.Compatibility = TestStale
		}
	case TestAction:
		r.Compatibility = Testing
	case Grayscale:
		r.Percent = cmd.Percent
	case Reset:
		r.Percent = 0
	case SetTesters:
		r.Testers = slices.Clone(cmd.Testers)
	}
	out := Outcome{Release: r, Placement: s.Placement}
	if goesLive(cmd, to) {
		out.cancelRival(s, cmd)
	}
	out.move(s, to, cmd)
	out.Placement = out.Placement.WithOpen(r.ID, to.Open())
	for _, old := range out.Superseded {
		out.Placement = out.Placement.WithOpen(old.ID, false)
	}
	if cmd.Action == ForceRemove {
		out.Placement = out.Placement.Mapped(r.ID)
	}
	return out, nil
}

// goesLive says whether users will get the version who did not before.
func goesLive(cmd Command, to Status) bool {
	return cmd.Action == Grayscale || to == FullRelease
}

// rival is another release's running grayscale on this target.
func (s Scene) rival() *rollout.Share {
	if g := &s.Placement.Grayscale; g.Release != "" && g.Release != s.Release.ID {
		return g
	}
	return nil
}

// others counts the other open releases of this target, without the full one.
func (s Scene) others() (n int) {
	for _, id := range s.Placement.Open {
		if id != s.Release.ID && id != s.Placement.Full.Release {
			n++
		}
	}
	return n
}

func (s Scene) live(id string) (Release, bool) {
	i := slices.IndexFunc(s.Live, func(r Release) bool { return r.ID == id })
	if i < 0 {
		return Release{}, false
	}
	return s.Live[i], true
}

// cancelRival cancels the grayscale that the command supersedes; its salt goes on, so the same users stay in.
func (o *Outcome) cancelRival(s Scene, cmd Command) {
	share := s.rival()
	if share == nil {
		return
	}
	o.Release.Salt = share.Salt.String()
	o.Placement = o.Placement.Without(share.Release, share.Version)
	if old, ok := s.live(share.Release); ok {
		old.Status, old.Percent, old.UpdatedAt = Canceled, 0, cmd.At
		o.Superseded = append(o.Superseded, old)
	}
}

// move brings the release to a status and the placement with it.
func (o *Outcome) move(s Scene, to Status, cmd Command) {
	r := &o.Release
	r.Status, r.UpdatedAt = to, cmd.At
	switch to {
	case PilotTesting:
		o.Placement = o.Placement.WithPilot(r.Served(), r.Testers)
	case GrayscaleRelease:
		if r.Percent > 0 {
			o.Placement = o.Placement.WithGrayscale(r.Served(), r.Percent, r.Salt)
		} else {
			o.Placement = o.Placement.Without(r.ID, r.Version)
		}
	case FullRelease:
		if old, ok := s.live(s.Placement.Full.Release); ok && old.ID != r.ID {
			old.Status, old.UpdatedAt = Archived, cmd.At
			o.Superseded = append(o.Superseded, old)
		}
		r.Percent = 100
		o.Placement = o.Placement.WithFull(r.Served())
	case Canceled, Archived:
		r.Percent = 0
		o.Placement = o.Placement.Without(r.ID, r.Version)
	}
	o.Placement.UpdatedAt = cmd.At
}

func (s Scene) forceRemoved() error {
	return s.conflict("force_removed", "The mini program was force removed from %s %s a moment ago.", s.Release.TargetApp, s.Release.Environment)
}

func (s Scene) conflict(code, format string, args ...any) error {
	e := fault.New(fault.Conflict, code, format, args...)
	e.Status = string(s.Release.Status)
	for _, a := range Possible(s.Release.Status, FactsOf(s.Release, s.Settings)) {
		e.Actions = append(e.Actions, string(a))
	}
	return e
}

// Served is the release as clients are handed it.
func (r Release) Served() rollout.Served {
	return rollout.Served{
		Release: r.ID, Version: r.Version, PackageKey: r.Package.Key, SHA256: r.Package.SHA256, Size: r.Package.Size,
		Signature: r.Package.Signature, KeyID: r.Package.KeyID, EntranceURL: r.EntranceURL,
	}
}
