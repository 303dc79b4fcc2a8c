package build_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"slipway/functions/internal/build/signature"
)

// program gives a tool of the system, or skips with how to get it; on CI it must be there.
func program(t *testing.T, name, debian string) string {
	t.Helper()
	found, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing: apt-get install %s", name, debian)
	}
	if err != nil {
		t.Skipf("%s is missing: apt-get install %s", name, debian)
	}
	return found
}

// ran runs a tool and fails with what it said.
func ran(t *testing.T, dir string, in []byte, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(in)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

// TestOthersReadThePackage holds package and manifest to unzip and sha256sum, and the signature to OpenSSL: what shares no
// code with the build must come to the same.
func TestOthersReadThePackage(t *testing.T) {
	unzip, sums, openssl := program(t, "unzip", "unzip"), program(t, "sha256sum", "coreutils"), program(t, "openssl", "openssl")
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	o := bakeryOptions
	o.Signer = signer{key}
	r := run(t, bakery(t), o)
	dir := t.TempDir()
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("package.zip", r.Package)
	ran(t, dir, nil, unzip, "-tq", "package.zip")
	ran(t, dir, []byte(r.SHA256+"  package.zip\n"), sums, "-c", "--strict")

	var m struct {
		Files       map[string]struct{ SHA256 string }
		SubPackages []struct{ File, SHA256 string }
	}
	if err := json.Unmarshal(ran(t, dir, nil, unzip, "-p", "package.zip", "manifest.json"), &m); err != nil {
		t.Fatal(err)
	}
	ran(t, dir, nil, unzip, "-q", "package.zip", "-d", "tree")
	tree := filepath.Join(dir, "tree")
	var list bytes.Buffer
	for _, part := range m.SubPackages {
		fmt.Fprintf(&list, "%s  %s\n", part.SHA256, part.File)
		ran(t, tree, nil, unzip, "-tq", part.File)
		ran(t, tree, nil, unzip, "-q", part.File)
	}
	for name, file := range m.Files {
		fmt.Fprintf(&list, "%s  %s\n", file.SHA256, name)
	}
	if len(m.SubPackages) == 0 || len(m.Files) < 20 {
		t.Fatalf("the fixture lost its contents: %+v", m)
	}
	ran(t, tree, list.Bytes(), sums, "-c", "--strict", "--quiet")

	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	digest, _ := hex.DecodeString(r.SHA256)
	write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
	write("message", signature.Input(digest))
	write("signature", r.Signature)
	verify := []string{"pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "message", "-sigfile", "signature"}
	ran(t, dir, nil, openssl, verify...)
	write("message", digest)
	cmd := exec.Command(openssl, verify...)
	cmd.Dir = dir
	if cmd.Run() == nil {
		t.Error("the signature also holds for the bare digest")
	}
}
