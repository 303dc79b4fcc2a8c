package isolate_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/build/less"
	"slipway/functions/internal/build/signature"
)

// roles are what the test program may stand for instead of itself; each looks whether it is meant.
var roles []func()

func TestMain(m *testing.M) {
	isolate.Main()
	for _, role := range roles {
		role()
	}
	os.Exit(m.Run())
}

func unpack(t *testing.T) *intake.Archive {
	t.Helper()
	zip := demo.Archive("1.0.0")
	a, err := intake.Unpack(bytes.NewReader(zip), int64(len(zip)), intake.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

type signer struct{ key ed25519.PrivateKey }

func (s signer) Sign(_ context.Context, digest []byte) ([]byte, string, error) {
	sig, err := signature.Sign(s.key, digest)
	return sig, "k", err
}

func TestItBuildsWhatBuildBuilds(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	o := build.Options{Version: "1.0.0", EnvironmentVariables: map[string]string{"A": "b"}, Signer: signer{key}}
	p, _ := intake.Load(unpack(t))
	want, err := build.Build(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := isolate.Build(context.Background(), unpack(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	digest, _ := hex.DecodeString(got.SHA256)
	if !signature.Verify(key.Public().(ed25519.PublicKey), digest, got.Signature) {
		t.Error("not signed")
	}
}

func TestADeadlyProjectIsAFailedBuild(t *testing.T) {
	a := unpack(t)
	a.Files["app.js"] = []byte("App({}); a" + strings.Repeat(".b({})", 500_000))
	r, err := isolate.Build(context.Background(), a, build.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Failed || len(r.Diagnostics) != 1 || r.Diagnostics[0].Rule != "build-exhausted" {
		t.Errorf("got %+v", r.Diagnostics)
	}
}

func TestAProjectThatCannotBeLoaded(t *testing.T) {
	r, err := isolate.Build(context.Background(), &intake.Archive{Files: map[string][]byte{"x": nil}}, build.Options{})
	if err != nil || !r.Failed || r.Diagnostics[0].Rule != "no-app-json" {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestItStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := isolate.Build(ctx, unpack(t), build.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestACompiledSheetGoesInAndComesOut(t *testing.T) {
	a := &intake.Archive{Files: map[string][]byte{"app.json": []byte(`{"pages": ["a/a"]}`), "app.js": []byte("App({})"), "a/a.js": []byte("Page({})"), "a/a.axml": []byte("<view/>"),
		"app.less": []byte("\xef\xbb\xbf.a { .b { width: 1px + 2px; } }")}}
	key, cache := less.Key("app.less", ".a { .b { width: 1px + 2px; } }"), less.NewMemory(1<<20)
	style := func() string {
		r, err := isolate.Build(context.Background(), a, build.Options{Sheets: cache})
		if err != nil || r.Failed {
			t.Fatal(r, err)
		}
		return strings.TrimSpace(string(r.Files["app.acss"]))
	}
	if got := style(); got != ".a .b{width:3px}" || cache.Load(key) == nil {
		t.Errorf("built %s, kept %s", got, cache.Load(key))
	}
	cache.Keep(key, []byte(`{"CSS": ".kept { top: 0 }"}`))
	if got := style(); got != ".kept{top:0}" {
		t.Errorf("built %s: what was kept is compiled again", got)
	}
}
