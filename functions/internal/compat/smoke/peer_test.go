package smoke_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/compat/smoke"
)

// onNode makes the runs of in on Node, which must be there where CI=true, and gives their outcomes as Runner.Lines does.
func onNode(t testing.TB, in compat.Input) (lines []string) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("node is missing: apt-get install nodejs")
		}
		t.Skip("node is missing: apt-get install nodejs")
	}
	job, err := smoke.Peer(in)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "--max-old-space-size=1024", "testdata/peer.js")
	cmd.Stdin = bytes.NewReader(job)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, said.String())
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var o struct {
			Page, Mode, Phase string
			Requests          []string
		}
		if err := d.Decode(&o); err != nil {
			t.Fatal(err)
		}
		requests := []string{}
		for _, q := range o.Requests[:min(len(o.Requests), smoke.MaxRequests)] {
			api, url, _ := strings.Cut(q, " ")
			requests = append(requests, api+" "+smoke.Short(url, smoke.MaxAddress))
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %q", o.Page, o.Mode, o.Phase, requests))
	}
	return lines
}

// agree holds the runs here against those on Node: the same phase, and the same requests, for every page and mode.
func agree(t *testing.T, in compat.Input) (pages int) {
	t.Helper()
	want := onNode(t, in)
	got, thrown, err := smoke.Runner{}.Lines(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d outcomes, %d on Node", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s\n  here    %.400s\n  on Node %.400s", thrown[i], got[i], want[i])
		}
	}
	return len(in.Project.Pages)
}

// TestNodeAgrees holds this engine, its fillers and the world against another engine.
func TestNodeAgrees(t *testing.T) {
	agree(t, coffee(t, nil))
	agree(t, input(map[string]string{
		"app.js": "App({onLaunch(){my.request({url:'https://a.example.com/launch',fail(){}})}})",
		"m/m.js": "exports.n = require('../n/n'); exports.ask = async (p) => (await my.request({url: 'https://a.example.com/' + p})).data",
		"n/n.js": "const m = require('../m/m'); module.exports = () => Object.keys(m).join()",
		"a/a.js": `const m = require('../m/m');
Page({data: {l: [1]}, mixins: [{f() { return 1 }}], async onLoad(q) {
  this.setData({'l[1].x': m.n(), t: typeof Intl + typeof queueMicrotask + new Date(0).toGMTString().length + (1234.5).toLocaleString().length});
  const d = await m.ask(this.data.l[1].x); await m.ask(d.id); d.list.map((x) => x);
}, onReady() { setTimeout(() => { my.navigateTo({url: '/b/b'}); Promise.reject(new Error('late')) }, 50); const t = setInterval(() => clearInterval(t), 5) }})`,
		"b/b.js": "Page({onShow(){ my.canIUse('x.y') || my.getLocation({success: (r) => r.city.name.length}) }, onUnload(){ null.x }})",
	}))
}

// TestNodeAgreesOnRealProjects is run by hand: PROJECTS is a folder of zips of real projects, which are never committed.
func TestNodeAgreesOnRealProjects(t *testing.T) {
	names := projects()
	if len(names) == 0 {
		t.Skip("set PROJECTS to a folder with zips of real projects to compare their runs with Node's")
	}
	pages := 0
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			in, ok := builtInput(t, unpacked(t, name))
			if !ok {
				t.Skip("it does not build")
			}
			pages += agree(t, in)
		})
	}
	t.Logf("%d pages", pages)
}

// projects are the archives in the folder PROJECTS.
func projects() []string {
	if os.Getenv("PROJECTS") == "" {
		return nil
	}
	zips, _ := filepath.Glob(filepath.Join(os.Getenv("PROJECTS"), "*.zip"))
	return zips
}

func unpacked(t testing.TB, name string) *intake.Archive {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := intake.Unpack(bytes.NewReader(data), int64(len(data)), intake.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

// builtInput is what a test of an archive starts from, unless it does not build.
func builtInput(t testing.TB, archive *intake.Archive) (in compat.Input, ok bool) {
	t.Helper()
	p, _ := intake.Load(archive)
	built, err := isolate.Build(context.Background(), archive, build.Options{Version: "1.0.0", AllowUnresolved: true})
	if err != nil {
		t.Fatal(err)
	}
	return compat.Input{Project: p, Built: built.Files, SourceMaps: built.SourceMaps, PackageBytes: built.Size, Runtime: profile.Default()}, p != nil && !built.Failed
}

// TestAgreeSeesADifference proves the comparison alive.
func TestAgreeSeesADifference(t *testing.T) {
	here, _, err := smoke.Runner{}.Lines(context.Background(), input(map[string]string{"a/a.js": "Page({onLoad(){null.x}})"}))
	if err != nil {
		t.Fatal(err)
	}
	if there := onNode(t, input(nil)); cmp.Equal(here, there) {
		t.Errorf("a page that throws is like one that does not: %q", there)
	}
}
