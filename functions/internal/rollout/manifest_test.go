package rollout_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/functions/internal/keyring"
	"slipway/functions/internal/rollout"
)

// decision is one golden vector: what a client makes of the manifest for a user, and whether it drops what it holds.
type decision struct {
	MiniProgram string         `json:"miniProgram"`
	User        string         `json:"user"`
	Holding     string         `json:"holding"`
	Version     string         `json:"version"`
	Reason      rollout.Reason `json:"reason"`
	Ask         bool           `json:"ask"`
	Drop        bool           `json:"drop"`
}

// TestManifestDecidesAsThePlacement holds the rule for clients to the one of resolve: they differ for testers alone,
// and then the client is told to ask.
func TestManifestDecidesAsThePlacement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := life{f: fates{bad: map[string]bool{}, served: map[string]bool{}}}
		for range rapid.IntRange(0, 30).Draw(t, "changes") {
			l.step(t)
		}
		for _, user := range []string{"", "tess", "u1", "u2", "u3", "u4"} {
			served, reason := rollout.Decide(&l.p, user)
			want := rollout.Served{}
			if served != nil {
				want = *served
			}
			e := l.p.Entry()
			version, why, ask := e.Decide(user)
			if reason == rollout.ReasonPilot {
				if !ask {
					t.Fatalf("the tester is not told to ask: %+v", e)
				}
				continue
			}
			if version != want.Version || why != reason {
				t.Fatalf("%q: the manifest says %s %s, resolve %s %s", user, version, why, want.Version, reason)
			}
		}
	})
}

// catalogOf makes the placements behind the vectors: every kind there is, from one seed.
func catalogOf(rnd *rand.Rand) []rollout.Placement {
	var out []rollout.Placement
	for i := range 300 {
		p := rollout.Placement{MiniProgram: fmt.Sprintf("mp_%03d%s", i, strings.Repeat("x", i%5)), Target: rollout.Target{TargetApp: "wallet", Environment: "production"}}
		n := 0
		next := func() rollout.Served {
			n++
			return rollout.Served{Release: fmt.Sprintf("rel_%d_%d", i, n), Version: fmt.Sprintf("%d.%d", 1+n/10, n%10)}
		}
		for range rnd.IntN(12) {
			gray := p.Grayscale.Served
			switch rnd.IntN(8) {
			case 0, 1:
				p = p.Without(gray.Release, gray.Version).WithFull(next())
			case 2, 3, 4:
				p = p.Without(gray.Release, gray.Version).WithGrayscale(next(), 1+rnd.IntN(99), fmt.Sprintf("salt_%d_%d", i, n))
			case 5:
				p = p.Without(gray.Release, gray.Version)
			case 6:
				p = p.WithPilot(next(), []string{"tess"})
			case 7:
				p = p.WithRemoved(time.Time{})
			}
		}
		out = append(out, p)
	}
	for range 150 { // one whose list of withdrawn versions has overflowed
		n := len(out[0].Highest) + int(out[0].Edition)
		v := rollout.Served{Release: fmt.Sprint("rel_0_", n), Version: fmt.Sprint("10.", n)}
		out[0] = out[0].WithGrayscale(v, 5, "salt").Without(v.Release, v.Version)
	}
	return out
}

var users = []string{"", "tess", "用户-42", "naïve user", "🦊", "a\x00b", strings.Repeat("long", 64), "\"quoted\"", "0"}

// golden makes the signed manifest, its keys, and the vectors.
func golden(t *testing.T) map[string][]byte {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	placements := catalogOf(rnd)
	var lines []rollout.Line
	for i := range placements {
		lines = append(lines, rollout.LineOf(&placements[i]))
	}
	ring, err := keyring.New(2, keyring.Seeds([]byte("not a secret: the vectors' key"), "vectors"))
	if err != nil {
		t.Fatal(err)
	}
	manifest := rollout.Compose(placements[0].Target, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), lines)
	sig, id := ring.SignManifest(manifest)
	var keys []map[string]string
	for _, k := range ring.Public() {
		keys = append(keys, map[string]string{"kty": "OKP", "crv": "Ed25519", "kid": k.ID, "x": base64.RawURLEncoding.EncodeToString(k.Key), "status": string(k.Status)})
	}
	keyset, err := json.MarshalIndent(map[string]any{"keys": keys}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"manifest.ndjson": fmt.Appendf(manifest, "\n{\"keyId\":%q,\"signature\":%q}\n", id, base64.StdEncoding.EncodeToString(sig)),
		"keys.json":       append(keyset, '\n'),
		"vectors.ndjson":  vectorsOf(t, rnd, placements),
	}
}

// vectorsOf decides for 10 000 users, each holding some version.
func vectorsOf(t *testing.T, rnd *rand.Rand, placements []rollout.Placement) []byte {
	t.Helper()
	var vectors bytes.Buffer
	for i := range 10_000 {
		p := &placements[i%len(placements)]
		user := fmt.Sprintf("user-%d", rnd.IntN(1<<30))
		if i%10 == 0 {
			user = users[i/10%len(users)]
		}
		d := decision{MiniProgram: p.MiniProgram, User: user, Holding: fmt.Sprintf("%d.%d", 1+rnd.IntN(2), rnd.IntN(10))}
		if i%len(placements) == 0 {
			d.Holding = fmt.Sprint("10.", rnd.IntN(400))
		}
		if i == 9_999 {
			d.MiniProgram = "toString" // which is not in the manifest
			p = &rollout.Placement{}
		}
		e, dropped := p.Entry(), p.Dropped()
		d.Version, d.Reason, d.Ask = e.Decide(user)
		d.Drop = dropped.Has(d.Holding, d.Version)
		line, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		vectors.Write(append(line, '\n'))
	}
	return vectors.Bytes()
}

// TestManifestVectors pins what clients rely on: the bytes that are signed, and what 10 000 users get of them.
func TestManifestVectors(t *testing.T) {
	for name, want := range golden(t) {
		file := filepath.Join("testdata", name)
		zipped := name == "vectors.ndjson"
		if zipped {
			file += ".gz"
		}
		if *update {
			data := want
			if zipped {
				var out bytes.Buffer
				w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
				w.Write(data)
				w.Close()
				data = out.Bytes()
			}
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err == nil && zipped {
			var r *gzip.Reader
			if r, err = gzip.NewReader(bytes.NewReader(got)); err == nil {
				got, err = io.ReadAll(r)
			}
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what this code makes of the same placements: clients in the field would disagree (%v)", file, err)
		}
	}
}

// TestVectorsCoverTheRule keeps the vectors from becoming a fair-weather set.
func TestVectorsCoverTheRule(t *testing.T) {
	seen := map[string]int{}
	for line := range bytes.Lines(golden(t)["vectors.ndjson"]) {
		var d decision
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		seen[string(d.Reason)]++
		seen[fmt.Sprint("ask ", d.Ask)]++
		seen[fmt.Sprint("drop ", d.Drop)]++
		seen["all"]++
	}
	for _, kind := range []string{"GRAYSCALE", "FULL", "REMOVED", "NOT_AVAILABLE", "NO_USER", "ask true", "ask false", "drop true", "drop false"} {
		if seen[kind] < 50 {
			t.Errorf("%s is in %d vectors", kind, seen[kind])
		}
	}
	if seen["all"] != 10_000 {
		t.Errorf("%d vectors", seen["all"])
	}
}

// TestJavaScriptAgrees has Node verify the manifest and decide every vector with manifest.js.
func TestJavaScriptAgrees(t *testing.T) {
	cmd := exec.Command("node", filepath.Join("testdata", "check.js"), "testdata")
	if os.Getenv("CI") == "true" {
		dir := t.TempDir()
		install := exec.Command("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", dir, "xxhash-wasm@1.1.0")
		if out, err := install.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(dir, "node_modules"))
	} else if err := exec.Command("node", "-e", "require('xxhash-wasm')").Run(); err != nil {
		t.Skip("needs Node and one module: npm install --ignore-scripts --prefix DIR xxhash-wasm@1.1.0, then NODE_PATH=DIR/node_modules; CI=true fetches it by itself")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
