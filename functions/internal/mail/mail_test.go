package mail_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/mail"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	to        = "rita@demowallet.example"
	reference = "req_01/rita"
	link      = "https://slipway.example/approvals/Zm9vYmFy"
)

func at(day, hour, minute int) time.Time {
	// A zone other than UTC: the mails must convert, not merely print.
	return time.Date(2026, time.November, day, hour, minute, 0, 0, time.FixedZone("+08", 8*3600))
}

var (
	coffee = mail.Subject{MiniProgram: "Coffee Now", MiniProgramID: "mp_2610", Version: "1.2.0",
		Targets: []mail.Target{{App: "Demo Wallet", Environment: "production"}}}
	removal = mail.Subject{MiniProgram: "Coffee Now", MiniProgramID: "mp_2610",
		Targets: []mail.Target{{App: "Demo Wallet"}, {App: "Demo Market"}}}
	review = mail.ReviewRequested{Subject: coffee, Category: mail.Release, RequestID: "req_01", Reviewer: "Rita Chen",
		Party: "Demo Wallet", OtherParties: []string{"Slipway Platform"}, SubmittedBy: "Milo Baker",
		SubmittedAt: at(20, 22, 22), ExpiresAt: at(27, 22, 22), Notes: "Faster start.\nNew: pay at the table.",
		Digest:        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		Compatibility: "Passed with 2 warnings on 7 pages"}
)

// samples is every mail in the variants that read differently.
func samples() map[string]mail.Content {
	offline, forced, signIn := review, review, review
	offline.Category, offline.Notes, offline.Compatibility, offline.OtherParties = mail.Offline, "", "", nil
	offline.Reason = "We close the shop for the season."
	forced.Subject, forced.Category, forced.Notes, forced.Digest = removal, mail.ForceRemoval, "", ""
	forced.Compatibility, forced.OtherParties = "", nil
	forced.Reason, forced.Images = "It asks for card numbers.\nSee the images.", 2
	signIn.SignIn = true
	by := []mail.Decision{{Party: "Demo Wallet", By: "Rita Chen", At: at(21, 18, 5), Outcome: mail.Approved},
		{Party: "Slipway Platform", By: "Pat Ade", At: at(22, 1, 40), Outcome: mail.Approved}}
	no := []mail.Decision{{Party: "Demo Wallet", By: "Rita Chen", At: at(21, 18, 5)}}
	approved := mail.Decided{Subject: coffee, Category: mail.Release, RequestID: "req_01", Submitter: "Milo Baker",
		Outcome: mail.Approved, Decisions: by, Next: "release_preparation", Final: true}
	rejected := mail.Decided{Subject: coffee, Category: mail.Release, RequestID: "req_01", Submitter: "Milo Baker",
		Outcome: mail.Rejected, Decisions: no, Reason: "The price on the second page is wrong."}
	changes := []mail.Change{
		{Version: "1.1.0", Target: mail.Target{App: "Demo Wallet", Environment: "production"}, From: "full_release", To: "archived"},
		{Version: "1.2.0", Target: mail.Target{App: "Demo Wallet", Environment: "sandbox"}, From: "under_review", To: "new_version_created"}}
	removedYes := mail.Decided{Subject: removal, Category: mail.ForceRemoval, RequestID: "req_02", Submitter: "Ada Quinn",
		Outcome: mail.Approved, Decisions: by[:1], Changes: changes}
	removedNothing := removedYes
	removedNothing.Changes = nil
	offlineNo := rejected
	offlineNo.Category = mail.Offline
	offlineYes := approved
	offlineYes.Category, offlineYes.Next, offlineYes.Final = mail.Offline, "", false
	return map[string]mail.Content{
		"review_release": review, "review_offline": offline, "review_force_removal": forced, "review_sign_in": signIn,
		"approved_release": approved, "rejected_release": rejected, "rejected_offline": offlineNo, "approved_offline": offlineYes,
		"approved_force_removal": removedYes, "approved_force_removal_nothing_left": removedNothing,
		"expired_release": mail.Expired{Subject: coffee, Category: mail.Release, RequestID: "req_01", Submitter: "Milo Baker",
			SubmittedAt: at(20, 22, 22), ExpiredAt: at(27, 22, 22), Waiting: []string{"Demo Wallet"}},
		"withdrawn_release": mail.Withdrawn{Subject: coffee, Category: mail.Release, RequestID: "req_01", Submitter: "Milo Baker",
			WithdrawnAt: at(23, 9, 0), Cause: "Demo Wallet force removed Coffee Now."},
		"force_removed": mail.ForceRemoved{Subject: removal, RemovedBy: "Demo Wallet Ltd", RemovedAt: at(23, 9, 0),
			Reason: forced.Reason, Changes: changes, Contact: "partners@demowallet.example"},
		"offline_done": mail.OfflineDone{Subject: coffee, RequestedBy: "Milo Baker", ApprovedBy: "Rita Chen",
			OfflineAt: at(23, 9, 0), Reason: offline.Reason},
		"build_failed": mail.BuildFailed{Subject: coffee, StartedBy: "Milo Baker", FailedAt: at(20, 22, 20), Total: 12,
			Faults: []mail.Fault{
				{File: "pages/index/index.js", Line: 12, Column: 7, Message: `The module "dayjs" cannot be resolved.`,
					Advice: "Add dayjs to node_modules in the archive."},
				{File: "app.json", Line: 4, Message: `The page "pages/pay/pay" has no template.`},
				{Message: "The package is 9.1 MB; Demo Wallet takes 8 MB."}}},
	}
}

// Goldens go through Encode and Render, the way every real mail does.
func TestGolden(t *testing.T) {
	for name, content := range samples() {
		t.Run(name, func(t *testing.T) {
			kind, data, err := mail.Encode(content)
			if err != nil {
				t.Fatal(err)
			}
			m, err := mail.Render(kind, data, to, reference, link)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", "To: "+m.To+"\nSubject: "+m.Subject+"\n\n"+m.Text)
			golden(t, name+".html", broken(m.HTML))
		})
	}
}

var blocks = regexp.MustCompile(`<(?:meta|title|style|/?head|/?body|div|h1|p|/?table|tr|/?ul|li|blockquote|/html)\b`)

// broken begins a line with every block: mails have no line breaks between tags, but goldens are there to be read.
func broken(doc string) string { return blocks.ReplaceAllString(doc, "\n$0") + "\n" }

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), run with -update if it should:\n%s", name, diff)
	}
}

// Every kind has at least one golden, so a new mail cannot come without its words being looked at.
func TestEveryKindHasAGolden(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range samples() {
		seen[c.Kind()] = true
	}
	for _, kind := range []string{"review_requested", "decided", "expired", "withdrawn", "force_removed", "offline_done", "build_failed"} {
		if !seen[kind] {
			t.Errorf("no golden for %q", kind)
		}
	}
}

func TestSubjects(t *testing.T) {
	want := map[string]string{
		"review_release":       "Review requested: Coffee Now 1.2.0 for Demo Wallet (production)",
		"review_offline":       "Review requested: taking Coffee Now 1.2.0 offline in Demo Wallet (production)",
		"review_force_removal": "Review requested: force removal of Coffee Now from Demo Wallet and Demo Market",
		"rejected_release":     "Rejected: Coffee Now 1.2.0 for Demo Wallet (production)",
		"expired_release":      "Expired without a decision: Coffee Now 1.2.0 for Demo Wallet (production)",
		"force_removed":        "Force removed: Coffee Now from Demo Wallet and Demo Market",
		"offline_done":         "Taken offline: Coffee Now 1.2.0 from Demo Wallet (production)",
		"build_failed":         "Build failed: Coffee Now 1.2.0 for Demo Wallet (production)",
	}
	for name, subject := range want {
		m, err := samples()[name].Message(to, reference, link)
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject != subject {
			t.Errorf("%s: subject %q, want %q", name, m.Subject, subject)
		}
	}
}

// Every pair in the database is safe to leak: the link that decides is not in it.
func TestStoredDataHasNoLink(t *testing.T) {
	for name, content := range samples() {
		_, data, err := mail.Encode(content)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), "approvals") {
			t.Errorf("%s stores a link: %s", name, data)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for name, content := range samples() {
		kind, data, err := mail.Encode(content)
		if err != nil {
			t.Fatal(err)
		}
		back, err := mail.Decode(kind, data)
		if err != nil {
			t.Fatal(err)
		}
		again, err := json.Marshal(back)
		if err != nil || string(again) != string(data) {
			t.Errorf("%s: %s became %s (%v)", name, data, again, err)
		}
	}
}

func TestRenderSurvivesFieldsOfNewerCode(t *testing.T) {
	kind, data, err := mail.Encode(review)
	if err != nil {
		t.Fatal(err)
	}
	newer := append([]byte(`{"addedTomorrow":1,`), data[1:]...)
	if _, err := mail.Render(kind, newer, to, reference, link); err != nil {
		t.Fatal(err)
	}
}

func TestRefusals(t *testing.T) {
	noReason, noVersion, noTarget, odd := samples()["rejected_release"].(mail.Decided), review, review, review
	noReason.Reason, noVersion.Version, noTarget.Targets, odd.Category = " ", "", nil, "party"
	for name, c := range map[string]struct {
		content             mail.Content
		to, reference, link string
		code                string
	}{
		"no link":             {review, to, reference, "", "invalid"},
		"link of a script":    {review, to, reference, "javascript:alert(1)", "invalid"},
		"link with user":      {review, to, reference, "https://a@evil.example/", "invalid"},
		"link with a break":   {review, to, reference, link + "\r\nBcc: x@y.example", "invalid"},
		"two addresses":       {review, to + ",x@y.example", reference, link, "address_refused"},
		"address with break":  {review, to + "\r\nBcc: x@y.example", reference, link, "address_refused"},
		"address with a name": {review, "Rita <" + to + ">", reference, link, "address_refused"},
		"no address":          {review, "", reference, link, "address_refused"},
		"no reference":        {review, to, "", link, "invalid"},
		"reference breaks":    {review, to, "a\nb", link, "invalid"},
		"no reason":           {noReason, to, reference, link, "invalid"},
		"no version":          {noVersion, to, reference, link, "invalid"},
		"no target":           {noTarget, to, reference, link, "invalid"},
		"unknown category":    {odd, to, reference, link, "invalid"},
		"nothing at all":      {mail.BuildFailed{}, to, reference, link, "invalid"},
	} {
		_, err := c.content.Message(c.to, c.reference, c.link)
		f, ok := err.(*fault.Error)
		if !ok || f.CodeOrKind() != c.code {
			t.Errorf("%s: got %v, want code %s", name, err, c.code)
		}
		if err != nil && strings.Contains(err.Error(), "Zm9vYmFy") {
			t.Errorf("%s: the error tells the token: %v", name, err)
		}
	}
	if _, _, err := mail.Encode(noReason); !fault.Is(err, fault.Invalid) {
		t.Errorf("Encode stored a rejection without a reason: %v", err)
	}
	if _, err := mail.Render("party", nil, to, reference, link); !fault.Is(err, fault.Invalid) {
		t.Errorf("Render took an unknown kind: %v", err)
	}
	if _, err := mail.Render("decided", json.RawMessage(`{"category":7}`), to, reference, link); !fault.Is(err, fault.Invalid) {
		t.Errorf("Render took data that cannot be read: %v", err)
	}
}
