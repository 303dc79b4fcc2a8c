package build_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/build/intake"
)

func TestAPackageReadsBackAsItWasBuilt(t *testing.T) {
	archive := demo.Archive("1.0.0")
	opened, err := intake.Unpack(bytes.NewReader(archive), int64(len(archive)), intake.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	project, _ := intake.Load(opened)
	result, err := build.Build(t.Context(), project, build.Options{Version: "1.0.0", MiniProgram: "mp", TargetApp: "app", Environment: "production"})
	if err != nil || result.Failed || len(result.Parts) == 0 {
		t.Fatal(err, result.Diagnostics, "want a package with a subpackage")
	}
	files, err := build.ReadPackage(bytes.NewReader(result.Package), result.Size)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(result.Files, files); diff != "" {
		t.Error(diff)
	}
	broken := bytes.Clone(result.Package)
	at := bytes.LastIndex(broken, []byte("PK\x01\x02"))
	broken[at/2] ^= 1
	if _, err := build.ReadPackage(bytes.NewReader(broken), result.Size); err == nil {
		t.Error("a changed package was read")
	}
}
