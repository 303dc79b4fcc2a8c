package catalog_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"slipway/functions/internal/catalog"
)

var actions = []catalog.Action{
	catalog.CreateMiniProgram, catalog.EditMiniProgram, catalog.UploadVersion, catalog.ReleaseVersion, catalog.DecideRequest,
	catalog.ForceRemove, catalog.DecideRemoval, catalog.SeeMiniProgram, catalog.ManageWorkspace, catalog.CreateWorkspace,
}

// columns of testdata/matrix.txt: an action, and whether the actor's workspace owns the object or hosts it.
var columns = []struct {
	action catalog.Action
	side   string
}{
	{catalog.CreateMiniProgram, "own"}, {catalog.EditMiniProgram, "own"}, {catalog.UploadVersion, "own"}, {catalog.ReleaseVersion, "own"},
	{catalog.SeeMiniProgram, "own"}, {catalog.SeeMiniProgram, "host"}, {catalog.DecideRequest, "host"}, {catalog.ForceRemove, "host"},
	{catalog.DecideRemoval, "host"}, {catalog.ManageWorkspace, "own"}, {catalog.CreateWorkspace, "own"},
}

type person struct {
	kind      catalog.WorkspaceKind
	role      catalog.Role
	miniRole  catalog.Role
	mayDo     map[string]bool // by action and side
	textOfRow string
}

func readMatrix(t *testing.T) []person {
	t.Helper()
	text, err := os.ReadFile("testdata/matrix.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []person
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" {
			continue
		}
		if len(f) != 3+len(columns) {
			t.Fatalf("line %q has %d columns", line, len(f))
		}
		p := person{kind: catalog.WorkspaceKind(f[0]), role: catalog.Role(f[1]), mayDo: map[string]bool{}, textOfRow: strings.Join(f[:3], " ")}
		if f[2] != "none" {
			p.miniRole = catalog.Role(f[2])
		}
		for i, c := range columns {
			p.mayDo[string(c.action)+"/"+c.side] = f[3+i] == "y"
		}
		out = append(out, p)
	}
	return out
}

// objects are all the ways in which a thing can stand to the workspace "mine".
var objects = []struct {
	side string
	of   func(o *catalog.Object)
}{
	{"own", func(o *catalog.Object) { o.Workspace = "mine" }},
	{"host", func(o *catalog.Object) { o.Workspace, o.AppWorkspaces = "theirs", []string{"mine"} }},
	{"foreign", func(o *catalog.Object) { o.Workspace, o.AppWorkspaces = "theirs", []string{"others"} }},
	{"nowhere", func(*catalog.Object) {}},
}

// TestMatrix walks every action × role × mini program role × own, hosted and foreign workspace.
func TestMatrix(t *testing.T) {
	people := readMatrix(t)
	walked := 0
	for _, p := range people {
		actor := catalog.Actor{
			Person:      catalog.Person{Email: "me@x.test"},
			Memberships: []catalog.Membership{{Workspace: "mine", Kind: p.kind, Role: p.role}},
		}
		for _, where := range objects {
			for _, action := range actions {
				o := catalog.Object{MiniProgramRole: p.miniRole, Submitter: "other@x.test"}
				where.of(&o)
				want := p.mayDo[string(action)+"/"+where.side]
				if got := actor.May(action, o); got != want {
					t.Errorf("%s: %s on %s: %t, want %t", p.textOfRow, action, where.side, got, want)
				}
				walked++
			}
		}
	}
	if roles := rolesOfAllKinds(); len(people) != 3*roles || walked != len(people)*len(objects)*len(actions) {
		t.Errorf("walked %d cells of %d people; every one of %d roles needs three lines", walked, len(people), roles)
	}
}

func rolesOfAllKinds() (n int) {
	for _, roles := range catalog.Roles {
		n += len(roles)
	}
	return n
}

// TestNobody has no rights, nor has a role that its workspace does not know.
func TestNobody(t *testing.T) {
	o := catalog.Object{Workspace: "mine", AppWorkspaces: []string{"mine"}, MiniProgramRole: catalog.Admin}
	for _, actor := range []catalog.Actor{
		{Person: catalog.Person{Email: "me@x.test"}},
		{Memberships: []catalog.Membership{{Workspace: "mine", Kind: catalog.Merchant, Role: catalog.Reviewer}}},
		{Memberships: []catalog.Membership{{Workspace: "", Kind: catalog.SuperApp, Role: catalog.Admin}}},
	} {
		for _, action := range actions {
			if actor.May(action, o) || actor.May(action, catalog.Object{}) {
				t.Errorf("%+v may %s", actor, action)
			}
		}
	}
}

func TestNobodyDecidesTheirOwnRequest(t *testing.T) {
	me := catalog.Actor{
		Person:      catalog.Person{Email: "me@x.test"},
		Memberships: []catalog.Membership{{Workspace: "app", Kind: catalog.SuperApp, Role: catalog.Admin}},
	}
	for _, action := range []catalog.Action{catalog.DecideRequest, catalog.DecideRemoval} {
		o := catalog.Object{AppWorkspaces: []string{"app"}, Submitter: "me@x.test"}
		if me.May(action, o) {
			t.Errorf("%s: decided by its submitter", action)
		}
		if o.Submitter = "you@x.test"; !me.May(action, o) {
			t.Errorf("%s: refused to a colleague", action)
		}
	}
}

func TestForceRemoveNeedsEveryApp(t *testing.T) {
	me := catalog.Actor{Memberships: []catalog.Membership{
		{Workspace: "a", Kind: catalog.SuperApp, Role: catalog.Admin}, {Workspace: "b", Kind: catalog.SuperApp, Role: catalog.Admin},
	}}
	for name, tc := range map[string]struct {
		owner string
		apps  []string
		want  bool
	}{
		"two apps of mine":         {"m", []string{"a", "a"}, true},
		"no app":                   {"m", nil, false},
		"one of somebody else":     {"m", []string{"a", "z"}, false},
		"of two workspaces":        {"m", []string{"a", "b"}, false},
		"my own mini program":      {"a", []string{"a"}, false},
		"of my other organisation": {"b", []string{"a"}, true},
	} {
		if got := me.May(catalog.ForceRemove, catalog.Object{Workspace: tc.owner, AppWorkspaces: tc.apps}); got != tc.want {
			t.Errorf("%s: %t, want %t", name, got, tc.want)
		}
	}
}

// TestTokens walks every action × kind × own/foreign: a token does only what it was given, only at home, and never
// what people decide. Seeing comes with releasing, which could not be followed without.
func TestTokens(t *testing.T) {
	mayBeGiven := map[catalog.WorkspaceKind][]catalog.Action{
		catalog.Merchant: catalog.TokenActions, catalog.Partner: catalog.TokenActions, catalog.SuperApp: catalog.TokenActions,
	}
	for kind := range catalog.Roles {
		for _, given := range actions {
			token := &catalog.Token{Workspace: "mine", Kind: kind, Actions: []catalog.Action{given}}
			actor := catalog.Actor{Token: token, Memberships: []catalog.Membership{{Workspace: "mine", Kind: catalog.SuperApp, Role: catalog.Admin}}}
			for _, where := range objects {
				for _, action := range actions {
					o := catalog.Object{MiniProgramRole: catalog.Admin}
					where.of(&o)
					follows := given == catalog.ReleaseVersion && action == catalog.SeeMiniProgram
					want := (action == given || follows) && where.side == "own" && slices.Contains(mayBeGiven[kind], action)
					if got := actor.May(action, o); got != want {
						t.Errorf("%s token for %s: %s on %s: %t, want %t", kind, given, action, where.side, got, want)
					}
				}
			}
		}
	}
	for _, never := range []catalog.Action{catalog.DecideRequest, catalog.DecideRemoval, catalog.ForceRemove, catalog.ManageWorkspace, catalog.CreateWorkspace} {
		if slices.Contains(catalog.TokenActions, never) {
			t.Errorf("tokens can be given %s", never)
		}
	}
}

func TestEveryRefusalHasWords(t *testing.T) {
	for _, a := range actions {
		if a.Why() == "" {
			t.Errorf("%s: no words for somebody who may not", a)
		}
	}
}
