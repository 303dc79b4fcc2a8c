package api_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/api/upload"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// drawer is a package store in memory.
type drawer struct {
	mu      sync.Mutex
	objects map[string][]byte
}

func (d *drawer) Upload(_ context.Context, key string, content release.Content) (release.Upload, error) {
	headers := map[string]string{"content-type": content.Type, "digest": content.SHA256}
	return release.Upload{Method: "PUT", URL: "https://upload.test/" + key, Headers: headers, MaxBytes: content.MaxBytes}, nil
}

type object struct{ *bytes.Reader }

func (object) Close() error { return nil }

func (d *drawer) Open(_ context.Context, key string) (release.Object, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	body, ok := d.objects[key]
	if !ok {
		return nil, fault.New(fault.NotFound, "no_such_object", "There is no object %q.", key)
	}
	return object{bytes.NewReader(body)}, nil
}

func (d *drawer) Put(_ context.Context, key, _ string, body []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.objects[key] = body
	return nil
}

func (d *drawer) URL(_ context.Context, key string) (string, error) {
	return "https://download.test/" + key, nil
}

// world is a table with people in it, and every function of the catalogue before it.
type world struct {
	t        testing.TB
	table    store.Table
	packages *drawer
	handlers map[string]api.Handler
}

// people of the world: email → workspace and role. Everybody's address says who they are.
var people = map[string][2]string{
	"madmin@x.test": {"merchant", "admin"}, "mdev@x.test": {"merchant", "developer"}, "mop@x.test": {"merchant", "operator"},
	"powner@x.test": {"partner", "owner"}, "pdev@x.test": {"partner", "developer"},
	"wadmin@x.test": {"wallet", "admin"}, "wdev@x.test": {"wallet", "developer"}, "wrev@x.test": {"wallet", "reviewer"},
	"padmin@x.test": {"platform", "admin"}, "rival@x.test": {"rival", "admin"},
}

var kinds = map[string]catalog.WorkspaceKind{
	"merchant": catalog.Merchant, "partner": catalog.Partner, "wallet": catalog.SuperApp, "platform": catalog.Platform, "rival": catalog.Merchant,
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, table: newTable(t), packages: &drawer{objects: map[string][]byte{}}}
	var writes []store.Write
	for id, kind := range kinds {
		writes = append(writes, store.CreateWorkspace(catalog.Workspace{ID: id, Name: strings.ToUpper(id), Kind: kind, CreatedAt: noon})...)
	}
	for email, in := range people {
		m := catalog.Member{Workspace: in[0], Kind: kinds[in[0]], Email: email, Role: catalog.Role(in[1]), AddedAt: noon}
		writes = append(writes, store.SaveMember(m, store.Absent)...)
	}
	if err := w.table.Transact(t.Context(), writes...); err != nil {
		t.Fatal(err)
	}
	w.handlers = map[string]api.Handler{
		"workspaces/read": api.ReadWorkspaces(w.table), "workspaces/create": api.CreateWorkspace(w.table),
		"workspaces/set-member": api.SetMember(w.table), "workspaces/remove-member": api.RemoveMember(w.table),
		"workspaces/create-target-app": api.CreateTargetApp(w.table), "workspaces/update-settings": api.UpdateSettings(w.table),
		"workspaces/create-token": api.CreateToken(w.table), "workspaces/delete-token": api.DeleteToken(w.table),
		"miniprograms/create": api.CreateMiniProgram(w.table), "miniprograms/update": api.UpdateMiniProgram(w.table),
		"miniprograms/configure": api.ConfigureMiniProgram(w.table), "miniprograms/set-member": api.SetMiniProgramMember(w.table),
		"miniprograms/remove-member": api.RemoveMiniProgramMember(w.table), "miniprograms/read": api.ReadMiniPrograms(w.table),
		"versions/create": api.CreateVersion(w.table, w.packages), "versions/submit": api.SubmitVersion(w.table, w.packages, upload.TakeIn), "versions/read": api.ReadVersions(w.table),
	}
	return w
}

// do sends a request as somebody and wants a status and, for problems, a code.
func (w *world) do(email, method, path, body string, status int, code string) map[string]any {
	w.t.Helper()
	return want(w.t, w.handler(method, path), ask{method: method, path: path, body: body, email: email}, status, code)
}

func (w *world) handler(method, path string) api.Handler {
	w.t.Helper()
	bare, _, _ := strings.Cut(path, "?")
	for _, r := range api.Routes {
		if r.Method == method && match(r.Pattern, bare, map[string]string{}) && w.handlers[r.Function] != nil {
			return w.handlers[r.Function]
		}
	}
	w.t.Fatalf("nothing answers %s %s", method, path)
	return nil
}

const information = `{"en": {"name": "Coffee Now", "tagline": "Coffee without waiting", "description": "Order your coffee ahead and skip the line.",
	"category": "Food", "servicePhone": "+65 6123 4567", "serviceEmail": "help@coffee.example.com"}}`

// program makes a mini program and answers its id.
func (w *world) program(email, workspace, name string) string {
	w.t.Helper()
	body := fmt.Sprintf(`{"workspace": %q, "type": "dsl", "defaultLanguage": "en", "information": %s}`, workspace, strings.Replace(information, "Coffee Now", name, 1))
	return w.do(email, "POST", "/v1/mini-programs", body, 201, "")["id"].(string)
}

// names are the names in a list, joined.
func names(list map[string]any, field string) string {
	var out []string
	for _, item := range list["items"].([]any) {
		out = append(out, fmt.Sprint(item.(map[string]any)[field]))
	}
	return strings.Join(out, " ")
}

// spy keeps everything that is written to a table.
type spy struct {
	store.Table
	written *bytes.Buffer
}

func (s spy) Transact(ctx context.Context, writes ...store.Write) error {
	for _, w := range writes {
		fmt.Fprintf(s.written, "%s %s %s\n", w.Key.PK, w.Key.SK, w.Data)
	}
	return s.Table.Transact(ctx, writes...)
}
