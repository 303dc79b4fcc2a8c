package console_test

import (
	"time"

	"slipway/functions/internal/console"
	"slipway/functions/internal/fault"
)

func at(day, hour, minute int) time.Time {
	// A zone other than UTC: pages must convert, not merely print.
	return time.Date(2026, time.November, day, hour, minute, 0, 0, time.FixedZone("+08", 8*3600))
}

const digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func release() console.Facts {
	return console.Facts{
		Category: console.Release, RequestID: "req_01", MiniProgram: "Coffee Now", MiniProgramID: "mp_2610", Version: "1.2.0",
		Targets:     []console.Target{{App: "Demo Wallet", Environment: "production"}},
		SubmittedBy: "Milo Baker", SubmittedAt: at(20, 22, 22), ExpiresAt: at(27, 22, 22),
		Notes: "Faster start.\nNew: pay at the table.",
		Parties: []console.Party{{Name: "Demo Wallet", You: true, State: console.Waiting},
			{Name: "Slipway Platform", State: console.Approved, By: "Pat Ade", At: at(21, 9, 40)}},
		Compatibility: console.Compatibility{State: "passed", Summary: "Two pages use a slow image on 3G", Pass: 124, Warn: 2,
			TestedAt: at(20, 21, 58), ReportURL: "/reports/run_7"},
		Information: []console.Information{
			{Language: "en", Default: true, Name: "Coffee Now", Tagline: "Order ahead, skip the line", Category: "Food and drink",
				Description: "Order your coffee on the way and pick it up without waiting. Pay at the table.", ServicePhone: "+65 6123 4567",
				ServiceEmail: "help@coffeenow.example", LogoURL: "https://packages.slipway.example/logo.png?sig=a%2Fb&x=1"},
			{Language: "ar", Name: "قهوة الآن", Tagline: "اطلب قهوتك قبل الوصول", Description: "اطلب قهوتك في الطريق واستلمها دون انتظار."}},
		Configuration: console.Configuration{Frozen: true, ServerDomains: []string{"https://api.coffeenow.example", "https://pay.coffeenow.example"},
			ClientID: "client-4711", MerchantID: "2188120041", Testers: 3,
			Variables: []console.Variable{{Name: "API_LEVEL", Value: "3"}}},
		Package: console.Package{SHA256: digest, Size: 655_360, Pages: 7},
		Digest:  "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
	}
}

func removal() console.Facts {
	return console.Facts{
		Category: console.ForceRemoval, RequestID: "req_02", MiniProgram: "Coffee Now", MiniProgramID: "mp_2610",
		Targets:     []console.Target{{App: "Demo Wallet"}, {App: "Demo Market"}},
		SubmittedBy: "Ada Quinn", SubmittedAt: at(20, 22, 22), ExpiresAt: at(27, 22, 22),
		Reason:  "It asks for card numbers on its second page.\nSee the images.",
		Parties: []console.Party{{Name: "Demo Wallet", You: true, State: console.Waiting}},
		Images: []console.Image{{URL: "https://packages.slipway.example/images/1.png?sig=1", Name: "card form.png"},
			{URL: "https://packages.slipway.example/images/2.png?sig=2", Name: "the same on iOS.webp"}},
	}
}

func offline() console.Facts {
	f := release()
	f.Category, f.RequestID, f.Reason, f.Notes = console.Offline, "req_03", "We close the shop for the season.", ""
	f.Compatibility, f.Information, f.Parties = console.Compatibility{}, nil, f.Parties[:1]
	return f
}

// asSeenBySubmitter is a release request without "you decide for it".
func asSeenBySubmitter() console.Facts {
	f := release()
	f.Parties[0].You = false
	return f
}

// wrong is a form that came back with all that can be wrong with it.
var wrong = console.Form{Confirm: "1.2", Decision: console.Reject, Reason: "The price is <wrong>",
	Errors: []fault.Field{
		{Field: "confirm", Detail: `You typed "1.2"; please type 1.2.0, the version number that this page shows.`},
		{Field: "reason", Detail: "The reason is longer than 1000 characters; please shorten it."}}}

// samples is every page in the variants that read differently.
func samples() map[string]console.Page {
	all := map[string]console.Page{
		"approval_release":       console.ApprovalPage{Facts: release(), Party: "Demo Wallet", Reviewer: "rita@demowallet.example"},
		"approval_offline":       console.ApprovalPage{Facts: offline(), Party: "Demo Wallet", Reviewer: "rita@demowallet.example"},
		"approval_force_removal": console.ApprovalPage{Facts: removal(), Party: "Demo Wallet", Reviewer: "rita@demowallet.example"},
		"approval_wrong":         console.ApprovalPage{Facts: release(), Form: wrong, Party: "Demo Wallet", Reviewer: "rita@demowallet.example"},
		"approval_sign_in":       console.ApprovalSignIn{Facts: release(), Party: "Demo Wallet", URL: "/requests/req_01"},
		"link_unknown":           console.LinkUnknown{},
		"done_approved":          console.ApprovalDone{Facts: release(), Decision: console.Approved, Party: "Demo Wallet", At: at(21, 10, 5)},
		"done_approved_waiting": console.ApprovalDone{Facts: release(), Decision: console.Approved, Party: "Demo Wallet", At: at(21, 10, 5),
			Waiting: []string{"Slipway Platform"}},
		"done_rejected":      console.ApprovalDone{Facts: release(), Decision: console.Rejected, Party: "Demo Wallet", At: at(21, 10, 5)},
		"done_force_removal": console.ApprovalDone{Facts: removal(), Decision: console.Approved, Party: "Demo Wallet", At: at(21, 10, 5)},
		"request_decide": console.RequestPage{Facts: release(), Viewer: "Rita Chen", SignOut: "/sign-out", Status: "pending", CanDecide: true,
			Party: "Demo Wallet", Form: console.Form{Action: "/requests/req_01/decision", Hidden: []console.Hidden{{Name: "csrf", Value: "c5f9"}}}},
		"request_own": console.RequestPage{Facts: asSeenBySubmitter(), Viewer: "Milo Baker", Status: "pending",
			Why: "You submitted this request, so somebody else decides it.", Mail: []string{"Mail to rita@demowallet.example bounced: 550 <no> such mailbox"}},
		"request_rejected": console.RequestPage{Facts: asSeenBySubmitter(), Viewer: "Milo Baker", Status: "rejected", CompletedAt: at(21, 10, 5),
			Outcome: "The price on the second page is wrong."},
		"home": console.Home{Address: "http://127.0.0.1:8080", SignedInAs: "Rita Chen", SignOut: "/sign-out",
			Requests: []console.RequestList{{Title: "My Approvals", Rows: []console.RequestRow{
				{Facts: release(), URL: "/requests/req_01", Status: "pending"}, {Facts: removal(), URL: "/requests/req_02", Status: "approved"}}},
				{Title: "My Requests", None: "You have submitted nothing yet."}},
			Links: []console.Link{{Text: "Sign in", URL: "/sign-in", About: "as one of the people of the demo"},
				{Text: "Outbox", URL: "/outbox", About: "the mails that would have been sent"},
				{Text: "The API", URL: "/openapi.yaml", About: "its contract, as OpenAPI"}},
			Running: []console.Item{{Name: "Data", Value: ".slipway"}, {Name: "Releases on their way", Value: "2"}},
			Steps: []console.Step{{Title: "Take a token", Text: "Signing in shows one.", Command: "export TOKEN=slw_demo"},
				{Title: "List the mini programs", Command: `curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/v1/mini-programs`}}},
		"sign_in": console.SignIn{Action: "/sign-in", Hidden: []console.Hidden{{Name: "return", Value: "/requests/req_01"}}, AnyEmail: true,
			Email: "nobody@example.com", Problem: "Nobody is known by nobody@example.com; please type the address somebody was invited with.",
			People: []console.Person{{Name: "Ada Quinn", Email: "ada@demowallet.example", Roles: []string{"admin of Demo Wallet Ltd (super app)"}},
				{Name: "Milo Baker", Email: "milo@coffeenow.example", Roles: []string{"admin of Coffee Now Pte (merchant)", "developer of Table Pay"}}}},
		"outbox": console.Outbox{Home: "/", Mails: []console.OutboxRow{
			{URL: "/outbox/1", Subject: "Review requested: Coffee Now 1.2.0 for Demo Wallet (production)", To: "rita@demowallet.example", At: at(20, 22, 22)},
			{URL: "/outbox/2", Subject: "Approved: Coffee Now 1.2.0 for Demo Wallet (production)", To: "milo@coffeenow.example", At: at(21, 18, 5)}}},
		"outbox_empty": console.Outbox{Home: "/"},
		"outbox_mail": console.OutboxMail{Subject: "Review requested: Coffee Now 1.2.0", To: "rita@demowallet.example", At: at(20, 22, 22),
			Reference: "req_01/rita", Back: "/outbox", Bounce: "/outbox/1/bounce", Text: "Review and decide:\nhttp://127.0.0.1:8080/approvals/Zm9v\n\nBye <b>.\n",
			HTML: `<!doctype html><html><body style="color:#111111"><p>Hello &amp; "welcome"</p></body></html>`},
		"outbox_mail_bounced": console.OutboxMail{Subject: "Hello", To: "rita@demowallet.example", Text: "Hello.\n", Bounce: "/outbox/1/bounce", Bounced: "Mail to rita bounced."},
		"problem": console.Problem{Status: 404, Title: "Not found", Detail: "There is no such page here, or it is not for you.",
			RequestID: "b6a1", Back: console.Link{Text: "Home", URL: "/"}},
	}
	for _, cause := range []string{console.ClosedUsed, console.ClosedExpired, console.ClosedWithdrawn, console.ClosedOvertaken,
		console.ClosedDigestChanged, console.ClosedForceRemoved, console.ClosedSuperseded} {
		p := console.ApprovalClosed{Facts: release(), Cause: cause, At: at(21, 18, 5)}
		switch cause {
		case console.ClosedUsed:
			p.Decision, p.Party = console.Approved, "Demo Wallet"
		case console.ClosedOvertaken:
			p.Decision, p.By, p.Party, p.Note = console.Rejected, "Pat Ade", "Slipway Platform", "The price on the second page is wrong."
		case console.ClosedWithdrawn:
			p.By = "Milo Baker"
		case console.ClosedForceRemoved:
			p.By, p.Note = "Demo Wallet Ltd", "It asks for card numbers."
		case console.ClosedSuperseded:
			p.Note = "Version 1.3.0 has taken the place of version 1.2.0, which is not served to everybody any more."
		}
		all["closed_"+cause] = p
	}
	for _, cause := range []string{console.UnavailableRemoved, console.UnavailableOffline, console.UnavailableNotYet} {
		all["unavailable_"+cause] = console.Unavailable{MiniProgram: "Coffee Now", App: "Demo Wallet", Cause: cause, Since: at(21, 18, 5)}
	}
	all["open_app"] = console.OpenApp{MiniProgram: "Coffee Now", App: "Demo Wallet", URL: "demowallet://mini-program/mp_2610?page=pages%2Findex%2Findex&query=table%3D12"}
	all["code_unknown"] = console.CodeUnknown{}
	return all
}
