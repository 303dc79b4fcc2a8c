package mail

import (
	"fmt"
	"strings"
)

// The texts below are whole messages, in reading order: paragraphs with an empty line between, of which empty ones are
// left out. Values are clean already: none has a line break unless it is quoted.

func (m ReviewRequested) subject() string { return "Review requested: " + m.headline(m.Category) }

func (m ReviewRequested) text(v view) string {
	asks := m.SubmittedBy + " asks to force remove " + m.MiniProgram + " from " + m.Where() + ". Every released version would be removed at once, in every environment."
	back := "the version number"
	switch m.Category {
	case Release:
		asks = m.SubmittedBy + " asks to release " + m.What() + " to " + m.Where() + "."
	case Offline:
		asks = m.SubmittedBy + " asks to take " + m.What() + " offline in " + m.Where() + ". Its users would no longer find it there."
	case ForceRemoval:
		back = "the mini program's name"
	}
	decide := "Review and decide:\n" + v.Link + "\n\n" +
		"This link is yours alone, so please do not forward it. Opening it decides nothing: the page shows everything first, and\n" +
		"asks you to type back " + back + " with your decision."
	if m.SignIn {
		decide = "Sign in to review and decide:\n" + v.Link + "\n\n" +
			"You decide on that page after signing in. This link decides nothing by itself."
	}
	return paragraphs(
		hello(m.Reviewer),
		asks+" Your decision is needed for "+m.Party+" by "+utc(m.ExpiresAt)+".",
		table(v.Facts),
		quoted("Reason, in the words of "+m.SubmittedBy+":", m.Reason),
		quoted("Notes on this version, in the words of its makers:", m.Notes),
		decide,
		"If nobody decides in time, the request expires and nothing changes for users.",
		foot(v),
	)
}

func (m Decided) subject() string { return status(m.Outcome) + ": " + m.headline(m.Category) }

func (m Decided) text(v view) string {
	said := m.rejected()
	if m.Outcome == Approved {
		said = m.approved()
	}
	return paragraphs(
		hello(m.Submitter),
		said,
		table(v.Facts),
		quoted("Reason given:", m.Reason),
		changed(m.Changes),
		under("See it here:", v.Link),
		foot(v),
	)
}

func (m Decided) approved() string {
	switch {
	case m.Category == Offline:
		return "Your request was approved: " + m.What() + " is being taken offline in " + m.Where() + ", unless it is gone from there already. Another mail says when it is done."
	case m.Category == ForceRemoval && len(m.Changes) > 0:
		return "Your request was approved. " + m.MiniProgram + " is removed from " + m.Where() + ", and its merchant has been told why."
	case m.Category == ForceRemoval:
		return "Your request was approved. By then no release of " + m.MiniProgram + " was left to remove from " + m.Where() + ", so nothing was changed."
	}
	return "Good news: " + m.What() + " was approved for " + m.Where() + "." + m.next()
}

// next is what an approved release waits for. Both parts of the mail say it in these words.
func (m Decided) next() string {
	switch {
	case m.Next == "release_preparation" && m.Final:
		return " Next, choose how it goes live: grayscale release or final release."
	case m.Next == "release_preparation":
		return " Next, choose how it goes live: grayscale release or full release."
	case m.Next == "pilot_testing":
		return " Next comes pilot testing: add the testers, and complete the testing when you are satisfied."
	case m.Next == "full_release":
		return " It is live for all users there."
	}
	return ""
}

func (m Decided) rejected() string {
	switch m.Category {
	case Offline:
		return "Your request was rejected. " + m.What() + " stays available in " + m.Where() + ". You can ask again once what the reviewer names is resolved."
	case ForceRemoval:
		return "Your request was rejected. Nothing was removed from " + m.Where() + ". You can submit it again once what the reviewer names is resolved."
	}
	return m.What() + " was not approved for " + m.Where() + ". The release is back in New Version Created. Resolve what the reviewer names, then apply again; if the project itself has to change, upload a new version."
}

func (m Expired) subject() string { return "Expired without a decision: " + m.headline(m.Category) }

func (m Expired) text(v view) string {
	after := "The release is back in New Version Created. You can apply again; a word to the reviewers beforehand may help."
	switch m.Category {
	case Offline:
		after = m.What() + " stays available in " + m.Where() + ". You can ask again; a word to the reviewers beforehand may help."
	case ForceRemoval:
		after = "Nothing was removed. You can submit it again; if it is urgent, please reach a reviewer directly."
	}
	return paragraphs(
		hello(m.Submitter),
		"Nobody decided your request in time, so it expired on "+utc(m.ExpiredAt)+". "+after,
		table(v.Facts),
		under("See it here:", v.Link),
		foot(v),
	)
}

func (m Withdrawn) subject() string { return "Withdrawn: " + m.headline(m.Category) }

func (m Withdrawn) text(v view) string {
	return paragraphs(
		hello(m.Submitter),
		quoted("Your request was withdrawn by the system, not by a person, on "+utc(m.WithdrawnAt)+". The cause:", m.Cause),
		m.after(),
		table(v.Facts),
		under("See it here:", v.Link),
		foot(v),
	)
}

// after is what the submitter can do. Both parts of the mail say it in these words.
func (m Withdrawn) after() string {
	if m.Category == Release {
		return "The release is back in New Version Created. You can apply again once the cause is resolved."
	}
	return "There is nothing you need to do."
}

func (m ForceRemoved) subject() string {
	return "Force removed: " + m.MiniProgram + " from " + where(m.Targets, maxTargets)
}

func (m ForceRemoved) text(v view) string {
	back := "To come back, resolve what the reason names, upload a new version and release it as usual."
	if m.Contact != "" {
		back += " Questions are best asked at " + m.Contact + "."
	}
	return paragraphs(
		hello(""),
		m.RemovedBy+" has removed "+m.MiniProgram+" from "+m.Where()+", in every environment. Users there can no longer open it, and ongoing releases to "+m.apps()+" were stopped.",
		quoted("Reason given by "+m.RemovedBy+":", m.Reason),
		table(v.Facts),
		changed(m.Changes),
		back,
		under("See it here:", v.Link),
		foot(v),
	)
}

func (m ForceRemoved) apps() string {
	if len(m.Targets) > 1 {
		return "these apps"
	}
	return "this app"
}

func (m OfflineDone) subject() string {
	return "Taken offline: " + m.What() + " from " + where(m.Targets, maxTargets)
}

func (m OfflineDone) text(v view) string {
	return paragraphs(
		hello(""),
		m.What()+" is now offline in "+m.Where()+", as "+m.RequestedBy+" asked. Users there can no longer open it; other apps and environments are not affected, and your data is kept.",
		quoted("Reason given:", m.Reason),
		table(v.Facts),
		"To come back, create a new version and release it as usual.",
		under("See it here:", v.Link),
		foot(v),
	)
}

func (m BuildFailed) subject() string { return "Build failed: " + m.headline(Release) }

func (m BuildFailed) text(v view) string {
	var faults []string
	for _, f := range m.First() {
		faults = append(faults, f.text())
	}
	return paragraphs(
		hello(m.StartedBy),
		m.What()+" could not be built for "+m.Where()+". "+m.stopped()+":",
		paragraphs(faults...),
		m.others(),
		table(v.Facts),
		"Nothing changed for users. A fault in the project needs a new version; a fault in the configuration can be mended in place, and the build starts again by itself.",
		under("The whole build log:", v.Link),
		foot(v),
	)
}

// stopped says how many faults there are, and how many of them follow.
func (m BuildFailed) stopped() string {
	switch {
	case m.Count() == 1:
		return "This stopped it"
	case m.More() > 0:
		return fmt.Sprintf("%d faults stopped it; here are the first %d", m.Count(), len(m.First()))
	}
	return number(m.Count()) + " faults stopped it"
}

func (m BuildFailed) others() string {
	if m.More() == 0 {
		return ""
	}
	return "The build log has the other " + number(m.More()) + "."
}

func (f Fault) text() string {
	s := f.Message
	if w := f.Where(); w != "" {
		s = w + "\n  " + s
	}
	if f.Advice != "" {
		s += "\n  What would be right: " + f.Advice
	}
	return "- " + s
}

func paragraphs(all ...string) string {
	var said []string
	for _, p := range all {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, "\n\n")
}

func hello(name string) string {
	if name == "" {
		return "Hello,"
	}
	return "Hello " + name + ","
}

// under is a line with what belongs to it below, or nothing when there is nothing.
func under(line, rest string) string {
	if rest == "" {
		return ""
	}
	return line + "\n" + rest
}

// quoted marks every line that somebody else wrote, so that a reason cannot pass for our own words.
func quoted(line, s string) string {
	if s == "" {
		return ""
	}
	return under(line, "> "+strings.ReplaceAll(s, "\n", "\n> "))
}

func changed(changes []Change) string {
	var all []string
	for _, c := range changes {
		all = append(all, "- "+c.Version+" in "+c.Target.String()+": "+status(c.From)+" -> "+status(c.To))
	}
	return under("What changed:", strings.Join(all, "\n"))
}

// table is the facts in aligned columns.
func table(rows []fact) string {
	width := 0
	for _, r := range rows {
		width = max(width, len(r.Label))
	}
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(r.Label + ":" + strings.Repeat(" ", width-len(r.Label)+1) + r.Value + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// foot ends the text; mail programs know the line "-- " for where a signature begins.
func foot(v view) string {
	return "-- \nSlipway sent this mail because of your role. It cannot read replies.\nReference: " + v.Reference + "\n"
}
