package release

import (
	"fmt"
	"slices"
	"strings"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
)

// Next is the status an action leads to, or a Conflict that says why it cannot be taken and what can.
func Next(action Action, from Status, f Facts) (Status, error) {
	unmet := ""
	known := false
	for _, row := range Lifecycle {
		if row.Action != action || row.From != from {
			continue
		}
		known = true
		failed := row.failing(f)
		if failed == "" {
			return row.To, nil
		}
		if why := conditions[failed].unless; why != "" {
			unmet = why
		}
	}
	return "", conflict(action, from, f, known, unmet)
}

// failing is the first condition of the row that does not hold, "" when all do.
func (r Row) failing(f Facts) string {
	for _, name := range strings.Fields(string(r.When)) {
		if !conditions[name].holds(f) {
			return name
		}
	}
	return ""
}

func conflict(action Action, from Status, f Facts, known bool, unmet string) error {
	var e *fault.Error
	switch {
	case unmet != "":
		e = fault.New(fault.Conflict, "not_ready", "%s is not possible yet: %s.", action, unmet)
	case known:
		e = fault.New(fault.Conflict, "not_for_target", "%s is not possible in %s for this target.", action, from)
	default:
		e = fault.New(fault.Conflict, "wrong_status", "%s is not possible while the release is %s; it is possible in: %s.",
			action, orNone(from), orNone(Status(joinFrom(action))))
	}
	e.Status = string(from)
	for _, a := range Possible(from, f) {
		e.Actions = append(e.Actions, string(a))
	}
	if e.Actions == nil {
		e.Actions = []string{}
	}
	return e
}

func orNone(s Status) string {
	if s == "" {
		return "nothing"
	}
	return string(s)
}

func joinFrom(action Action) string {
	var from []string
	for _, row := range Lifecycle {
		if row.Action == action && !slices.Contains(from, string(row.From)) {
			from = append(from, string(row.From))
		}
	}
	return strings.Join(from, ", ")
}

// Possible lists what people who may release can do now, in the order of the buttons on a page.
func Possible(from Status, f Facts) []Action {
	out := []Action{}
	for _, action := range Actions {
		if !action.ByPerson() {
			continue
		}
		g := f
		g.NextPercent = min(max(f.Percent+1, 1), 100) // the least that a grayscale could ask for
		for _, row := range Lifecycle {
			if row.Action == action && row.From == from && row.failing(g) == "" {
				out = append(out, action)
				break
			}
		}
	}
	return out
}

// FactsOf collects what the lifecycle asks about a release.
func FactsOf(r Release, s catalog.Settings) Facts {
	return Facts{
		Environment: r.Environment, Pilot: s.Pilots(r.Environment), SandboxReview: s.SandboxReview, Partner: s.Partner,
		Built: r.Build == Built, Tested: r.Compatibility == TestPassed || r.Compatibility == TestFailed, Percent: r.Percent,
	}
}

// Diagram is the lifecycle as a Mermaid state diagram; the README shows it.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, row := range Lifecycle {
		from, to, label := string(row.From), string(row.To), string(row.Action)
		if row.From == None {
			from = "[*]"
		}
		if row.When != "" {
			label += " (" + strings.ReplaceAll(string(row.When), " ", ", ") + ")"
		}
		fmt.Fprintf(&b, "    %s --> %s: %s\n", from, to, label)
	}
	for _, s := range Statuses {
		if s.Final() {
			fmt.Fprintf(&b, "    %s --> [*]\n", s)
		}
	}
	return b.String()
}
