package release

import (
	"slices"

	"slipway/functions/internal/catalog"
)

// Action is what somebody, or the system, does to a release.
type Action string

// The actions (spec 3.2). Those from Approve on are never a release action of the API: reviewers, time or the
// system take them.
const (
	Create          Action = "create"
	Configure       Action = "configure"
	TestAction      Action = "test"
	Apply           Action = "apply"
	Withdraw        Action = "withdraw"
	SetTesters      Action = "testers"
	CompleteTesting Action = "complete-testing"
	Grayscale       Action = "grayscale"
	Full            Action = "full"
	Reset           Action = "reset"
	Cancel          Action = "cancel"

	Approve     Action = "approve"
	Reject      Action = "reject"
	Expire      Action = "expire"
	Supersede   Action = "supersede"
	ForceRemove Action = "force-remove"
	TakeOffline Action = "take-offline"
)

// Actions in the order in which a page shows its buttons; system actions last.
var Actions = []Action{
	Create, Configure, TestAction, Apply, Withdraw, SetTesters, CompleteTesting, Grayscale, Full, Reset, Cancel,
	Approve, Reject, Expire, Supersede, ForceRemove, TakeOffline,
}

// ByPerson says whether people who may release take the action themselves on an existing release.
func (a Action) ByPerson() bool {
	return a != Create && slices.Index(Actions, a) < slices.Index(Actions, Approve)
}

// Facts are what the lifecycle asks about a release beyond its status.
type Facts struct {
	Environment   catalog.Environment
	Pilot         bool // the target has pilot testing
	SandboxReview bool
	Partner       bool
	Built         bool
	Tested        bool // a finished test of the current build
	Percent       int  // of the grayscale now
	NextPercent   int  // asked for by a grayscale action
}

// When names a condition of a row; "" always holds. Several conditions are separated by blanks and all must hold.
type When string

// Row is one line of the lifecycle: an action, where it may be taken, under which condition, and where it leads.
type Row struct {
	Action Action
	From   Status
	When   When
	To     Status
}

// conditions gives each named condition its meaning and the words for somebody who does not meet it.
var conditions = map[string]struct {
	holds  func(Facts) bool
	unless string // completes "because …"; "" for facts of the target, which a person cannot change
}{
	"production":   {func(f Facts) bool { return f.Environment == catalog.Production }, ""},
	"sandbox":      {func(f Facts) bool { return f.Environment == catalog.Sandbox }, ""},
	"isolated":     {func(f Facts) bool { return f.Environment == catalog.Test || f.Environment == catalog.Development }, ""},
	"reviewed":     {func(f Facts) bool { return f.SandboxReview }, ""},
	"unreviewed":   {func(f Facts) bool { return !f.SandboxReview }, ""},
	"piloted":      {func(f Facts) bool { return f.Pilot }, ""},
	"unpiloted":    {func(f Facts) bool { return !f.Pilot }, ""},
	"built":        {func(f Facts) bool { return f.Built }, "the package is not built: wait for the build, or mend what its log names and configure again"},
	"tested":       {func(f Facts) bool { return !f.Partner || f.Tested }, "a partner app needs a finished compatibility test of the current build: run the test first"},
	"share":        {func(f Facts) bool { return f.NextPercent < 100 }, ""},
	"everyone":     {func(f Facts) bool { return f.NextPercent == 100 }, ""},
	"nobody-in-it": {func(f Facts) bool { return f.Percent == 0 }, "a grayscale is running: raise it to 100 %, or reset it first"},
}

// Lifecycle is the one table of what may follow what (spec 3.2). Guards, messages, the actions a release offers,
// the diagram in the README and the exhaustive test all read it. For one action, status and set of facts at most
// one row holds.
var Lifecycle = []Row{
	{Create, None, "", NewVersionCreated},
	{Configure, NewVersionCreated, "", NewVersionCreated},
	{TestAction, NewVersionCreated, "built", NewVersionCreated},

	{Apply, NewVersionCreated, "built tested production", UnderReview},
	{Apply, NewVersionCreated, "built tested sandbox reviewed", UnderReview},
	{Apply, NewVersionCreated, "built tested sandbox unreviewed piloted", PilotTesting},
	{Apply, NewVersionCreated, "built tested sandbox unreviewed unpiloted", FullRelease},
	{Apply, NewVersionCreated, "built tested isolated", FullRelease},

	{Approve, UnderReview, "piloted", PilotTesting},
	{Approve, UnderReview, "production unpiloted", ReleasePreparation},
	{Approve, UnderReview, "sandbox unpiloted", FullRelease},
	{Reject, UnderReview, "", NewVersionCreated},
	{Withdraw, UnderReview, "", NewVersionCreated},
	{Expire, UnderReview, "", NewVersionCreated},

	{SetTesters, PilotTesting, "", PilotTesting},
	{CompleteTesting, PilotTesting, "production", GrayscaleRelease},
	{CompleteTesting, PilotTesting, "sandbox", FullRelease},

	{Grayscale, ReleasePreparation, "share", GrayscaleRelease},
	{Grayscale, ReleasePreparation, "everyone", FullRelease},
	{Grayscale, GrayscaleRelease, "share", GrayscaleRelease},
	{Grayscale, GrayscaleRelease, "everyone", FullRelease},
	{Full, ReleasePreparation, "", FullRelease},
	{Full, GrayscaleRelease, "nobody-in-it", FullRelease},
	{Reset, GrayscaleRelease, "", GrayscaleRelease},

	{Cancel, ReleasePreparation, "", Canceled},
	{Cancel, PilotTesting, "", Canceled},
	{Cancel, GrayscaleRelease, "", Canceled},

	{Supersede, FullRelease, "", Archived},
	{Supersede, GrayscaleRelease, "", Canceled},

	{ForceRemove, ReleasePreparation, "", Archived},
	{ForceRemove, PilotTesting, "", Archived},
	{ForceRemove, GrayscaleRelease, "", Archived},
	{ForceRemove, FullRelease, "", Archived},
	{ForceRemove, UnderReview, "", NewVersionCreated},
	{TakeOffline, FullRelease, "", Archived},
}
