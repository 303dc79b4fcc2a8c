package local_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/build/signature"
	"slipway/functions/internal/keyring"
	"slipway/functions/internal/local"
	"slipway/functions/internal/release"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/story"
)

// device is a client that decides by itself.
type device struct {
	w        *story.World
	path     string
	tag      string
	manifest rollout.Manifest
	keys     api.PublicKeys // as they were when one was not known
	asked    int            // how often that was
}

// known is a key that a manifest may be signed by, from the keys at hand or else from those of now.
func (d *device) known(id string) ed25519.PublicKey {
	d.w.T.Helper()
	for {
		for _, k := range d.keys.Keys {
			if k.ID == id && k.Status != keyring.Retired {
				x, err := base64.RawURLEncoding.DecodeString(k.X)
				if err != nil {
					d.w.T.Fatal(err)
				}
				return x
			}
		}
		if d.asked++; d.asked > 1 {
			d.w.T.Fatalf("key %s is not among %+v", id, d.keys)
		}
		d.keys = story.Into[api.PublicKeys](d.w, d.w.Nobody().Must("GET", "/.well-known/slipway-keys.json", nil, 200))
	}
}

// key is a key of the published set, when it is good for that.
func (d *device) key(id string, good ...keyring.Status) ed25519.PublicKey {
	d.w.T.Helper()
	keys := story.Into[api.PublicKeys](d.w, d.w.Nobody().Must("GET", "/.well-known/slipway-keys.json", nil, 200))
	for _, k := range keys.Keys {
		for _, status := range good {
			if k.ID == id && k.Status == status {
				x, err := base64.RawURLEncoding.DecodeString(k.X)
				if err != nil {
					d.w.T.Fatal(err)
				}
				return x
			}
		}
	}
	d.w.T.Fatalf("key %s is not among %+v", id, keys)
	return nil
}

// sync asks for the manifest, verifies it, and says whether it is another one than before.
func (d *device) sync() bool {
	d.w.T.Helper()
	a := d.w.Nobody().Do("GET", d.path, nil, func(r *http.Request) {
		if d.tag != "" {
			r.Header.Set("If-None-Match", d.tag)
		}
	})
	switch a.Status {
	case 304:
		return false
	case 200:
	default:
		d.w.T.Fatalf("%s", a)
	}
	line, signed, _ := bytes.Cut(a.Body, []byte("\n"))
	var s struct{ KeyID, Signature string }
	if err := json.Unmarshal(signed, &s); err != nil {
		d.w.T.Fatalf("%s: %v", a, err)
	}
	sig, err := base64.StdEncoding.DecodeString(s.Signature)
	if err != nil || !keyring.VerifyManifest(d.known(s.KeyID), line, sig) {
		d.w.T.Fatalf("the signature does not verify: %s %v", signed, err)
	}
	before := d.manifest.Sequence
	d.manifest = rollout.Manifest{}
	if err := json.Unmarshal(line, &d.manifest); err != nil {
		d.w.T.Fatal(err)
	}
	if d.tag != "" && d.manifest.Sequence < before {
		d.w.T.Errorf("the sequence went back from %d to %d", before, d.manifest.Sequence)
	}
	d.tag = a.Header.Get("ETag")
	return true
}

// agrees holds what the device decides against what resolve answers, which may take a moment to hear of a change.
func (d *device) agrees(app, program string) {
	d.w.T.Helper()
	e := d.manifest.MiniPrograms[program]
	for _, user := range append([]string{""}, numbered(30)...) {
		version, reason, ask := e.Decide(user)
		want := version + " " + string(reason)
		if version == "" {
			want = string(reason)
		}
		if !ask {
			d.w.Until("resolve gives "+user+" "+want, func() bool { return d.w.Served(app, "production", program, user) == want })
		}
	}
}

func numbered(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprint("user-", i))
	}
	return out
}

// TestDeviceDecidesByItself follows a release by its manifest up to its removal: at each step the device that has just
// synchronised decides as resolve does, and the ETag changes with every change and with nothing else.
func TestDeviceDecidesByItself(t *testing.T) {
	w := story.Start(t)
	app := superapp(w, "devices", map[string]any{})
	d := &device{w: w, path: "/v1/manifests/" + app + "/production"}
	w.Nobody().Must("GET", d.path, nil, 404)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	reaches(w, program, admin.Upload(program, w.Number()), app, "production", release.FullRelease)
	d.sync()
	d.agrees(app, program)
	next := reaches(w, program, admin.Upload(program, w.Number()), app, "production", release.GrayscaleRelease)
	for _, step := range []func(){
		func() {},
		func() { admin.Act(next.ID, "grayscale", story.Percent(60)) },
		func() { admin.Act(next.ID, "reset") },
		func() { admin.Act(next.ID, "full") },
		func() { grants(w, asks(w, program, "It listens.", app)) },
	} {
		step()
		if !d.sync() {
			t.Error("a change did not change the manifest")
		}
		d.agrees(app, program)
		if d.sync() {
			t.Error("the manifest changed without a change")
		}
	}
	if e := d.manifest.MiniPrograms[program]; !e.Removed || e.Full != "" || !e.Has(next.Version, "") {
		t.Errorf("after the removal: %+v", e)
	}
}

// TestSigningKeyIsRotated restarts with the next generation: what was signed before can still be verified, and the
// next signer was known before it signed anything, so that the device takes its manifest without asking for keys again.
func TestSigningKeyIsRotated(t *testing.T) {
	var options *local.Options
	w := story.Start(t, func(o *local.Options) { options = o })
	d := &device{w: w, path: "/v1/manifests/demo-wallet/production"}
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	reaches(w, program, admin.Upload(program, w.Number()), "demo-wallet", "production", release.FullRelease)
	d.sync()
	answer := story.Into[api.Resolved](w, w.Nobody().Must("GET", "/v1/resolve/demo-wallet/production/"+program, nil, 200))
	digest, err := hex.DecodeString(answer.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := base64.StdEncoding.DecodeString(answer.Signature)
	if err != nil || !signature.Verify(d.key(answer.KeyID, keyring.Current), digest, sig) {
		t.Errorf("the package's signature does not verify: %v", err)
	}
	announced := story.Into[api.PublicKeys](w, w.Nobody().Must("GET", "/.well-known/slipway-keys.json", nil, 200)).Keys[0]
	equal(t, "announced as", announced.Status, keyring.Next)

	w.Close()
	options.SigningKey = 2 // as the flag would be on the next start
	if err := w.Open(); err != nil {
		t.Fatal(err)
	}
	if !d.sync() {
		t.Error("a manifest that another key signed has the ETag of before")
	}
	d.key(announced.ID, keyring.Current)
	if !signature.Verify(d.key(answer.KeyID, keyring.Previous), digest, sig) {
		t.Error("a package of before the rotation does not verify any more")
	}
}
