package local

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// The demo of a first start: two super apps, one of which also owns a partner app, a merchant, a partner, the
// operator, their people, and a mini program of each maker with a first version.
var demoWorkspaces = []catalog.Workspace{
	{ID: "wallet", Name: "Demo Wallet", Kind: catalog.SuperApp},
	{ID: "carrier", Name: "Demo Carrier", Kind: catalog.SuperApp},
	{ID: "merchant", Name: "Harbour Coffee", Kind: catalog.Merchant},
	{ID: "partner", Name: "Partner Coffee", Kind: catalog.Partner},
	{ID: "platform", Name: "Slipway Platform", Kind: catalog.Platform},
}

func demoApps() []catalog.TargetApp {
	app := func(id, name, workspace, scheme string, environments ...catalog.Environment) catalog.TargetApp {
		a := catalog.TargetApp{ID: id, Name: name, Workspace: workspace, Environments: environments, Settings: catalog.DefaultSettings()}
		a.Settings.Scheme = scheme
		return a
	}
	wallet := app("demo-wallet", "Demo Wallet", "wallet", "demowallet", catalog.Environments...)
	carrier := app("demo-carrier", "Demo Carrier", "carrier", "democarrier", catalog.Production, catalog.Sandbox)
	carrier.Settings.SandboxReview = true
	carrier.Settings.PilotTesting = []catalog.Environment{catalog.Production, catalog.Sandbox}
	partner := app("demo-partner", "Demo Partner", "carrier", "demopartner", catalog.Production)
	partner.Settings.Partner = true
	return []catalog.TargetApp{wallet, carrier, partner}
}

// demoPerson is somebody of the demo, and where they belong.
type demoPerson struct {
	email, name string
	members     []catalog.Membership
}

func member(workspace string, kind catalog.WorkspaceKind, role catalog.Role) []catalog.Membership {
	return []catalog.Membership{{Workspace: workspace, Kind: kind, Role: role}}
}

// demoPeople are the people of the demo, in the order of the sign-in page.
var demoPeople = []demoPerson{
	{"merchant-admin@demo.test", "Mia Merchant", member("merchant", catalog.Merchant, catalog.Admin)},
	{"merchant-developer@demo.test", "Dan Developer", member("merchant", catalog.Merchant, catalog.Developer)},
	{"partner-master@demo.test", "Petra Partner", member("partner", catalog.Partner, catalog.Master)},
	{"wallet-admin@demo.test", "Walter Wallet", member("wallet", catalog.SuperApp, catalog.Admin)},
	{"wallet-reviewer@demo.test", "Rita Wallet", member("wallet", catalog.SuperApp, catalog.Reviewer)},
	{"carrier-admin@demo.test", "Carl Carrier", member("carrier", catalog.SuperApp, catalog.Admin)},
	{"carrier-reviewer@demo.test", "Rosa Carrier", member("carrier", catalog.SuperApp, catalog.Reviewer)},
	{"platform-admin@demo.test", "Paul Platform", member("platform", catalog.Platform, catalog.Admin)},
	{"platform-reviewer@demo.test", "Ruth Platform", member("platform", catalog.Platform, catalog.Reviewer)},
}

// demoVersion is below what people try first, so that they can upload their 1.0.0.
const demoVersion = "0.1.0"

func demoProgram(id, name, workspace string, kind catalog.WorkspaceKind, creator string, members ...catalog.MiniProgramMember) catalog.MiniProgram {
	return catalog.MiniProgram{
		ID: id, Workspace: workspace, WorkspaceKind: kind, Type: catalog.DSL, DefaultLanguage: "en", HighestVersion: demoVersion,
		Information: map[string]catalog.Information{"en": {
			Name: name, Tagline: "Fresh coffee, no queue", Description: "Order your coffee on the way and pick it up at the harbour, still hot.",
			Category: "food", ServicePhone: "+65 6123 4567", ServiceEmail: "hello@coffee.example.com",
		}},
		Configuration: catalog.Configuration{ServerDomains: []string{"api.coffee.example.com"}, H5Domains: []string{}},
		Members:       append([]catalog.MiniProgramMember{{Email: creator, Role: catalog.Admin}}, members...),
		Creator:       catalog.Person{Email: creator, Name: NameFor(creator)},
	}
}

// Seed puts the demo into a store that has none, all of it in one transaction.
func Seed(ctx context.Context, t store.Table, packages release.Keeper, now time.Time) error {
	if _, rev, err := store.Workspace(ctx, t, catalog.PlatformWorkspace); err != nil || rev > 0 {
		return err
	}
	var writes []store.Write
	for _, w := range demoWorkspaces {
		w.CreatedAt = now
		writes = append(writes, store.CreateWorkspace(w)...)
	}
	for _, p := range demoPeople {
		for _, m := range p.members {
			writes = append(writes, store.SaveMember(catalog.Member{Workspace: m.Workspace, Kind: m.Kind, Role: m.Role, Email: p.email, Name: p.name, AddedAt: now}, store.Absent)...)
		}
	}
	for _, a := range demoApps() {
		a.CreatedAt = now
		writes = append(writes, store.CreateTargetApp(a)...)
	}
	for _, m := range []catalog.MiniProgram{
		demoProgram("mp_harbourcoffee", "Harbour Coffee", "merchant", catalog.Merchant, "merchant-admin@demo.test",
			catalog.MiniProgramMember{Email: "merchant-developer@demo.test", Role: catalog.Developer}),
		demoProgram("mp_partnercoffee", "Partner Coffee", "partner", catalog.Partner, "partner-master@demo.test"),
	} {
		m.CreatedAt, m.UpdatedAt = now, now
		version, err := seedVersion(ctx, packages, m, now)
		if err != nil {
			return err
		}
		writes = append(writes, store.CreateMiniProgram(m)...)
		writes = append(writes, store.SaveVersion(version, store.Absent))
		for _, p := range m.Members {
			writes = append(writes, store.AddMiniProgramMember(m, p.Email))
		}
	}
	return t.Transact(ctx, unique(writes)...)
}

func seedVersion(ctx context.Context, packages release.Keeper, m catalog.MiniProgram, now time.Time) (catalog.Version, error) {
	archive := demo.Archive(demoVersion)
	sum := sha256.Sum256(archive)
	v := catalog.Version{
		MiniProgram: m.ID, Number: demoVersion, Notes: "The demo's first version", Status: catalog.Submitted,
		ArchiveKey: "archives/" + m.ID + "/" + demoVersion + ".zip", ArchiveSHA256: hex.EncodeToString(sum[:]), ArchiveSize: int64(len(archive)),
		CreatedBy: m.Creator, CreatedAt: now, SubmittedAt: now,
	}
	opened, err := intake.Unpack(bytes.NewReader(archive), int64(len(archive)), intake.Limits{})
	if err != nil {
		return v, err
	}
	if project, _ := intake.Load(opened); project != nil {
		for _, p := range project.Pages {
			v.Pages = append(v.Pages, p.Path)
		}
	}
	return v, packages.Put(ctx, v.ArchiveKey, "application/zip", archive)
}

// unique keeps the first write of each key: CreateMiniProgram may list the creator already.
func unique(writes []store.Write) []store.Write {
	seen := map[store.Key]bool{}
	var out []store.Write
	for _, w := range writes {
		if !seen[w.Key] {
			seen[w.Key] = true
			out = append(out, w)
		}
	}
	return out
}
