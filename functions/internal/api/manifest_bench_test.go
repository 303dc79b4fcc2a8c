package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/keyring"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

var shop = rollout.Target{TargetApp: "wallet", Environment: "production"}

func testRing(t testing.TB, generation int) keyring.Ring {
	t.Helper()
	ring, err := keyring.New(generation, keyring.Seeds([]byte("a secret of this test"), "test"))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// placementOf is the n-th of a large target, as records are: one in ten has a grayscale, one in five a history, and a
// few a pilot or a removal.
func placementOf(n int) rollout.Placement {
	sum := sha256.Sum256([]byte(fmt.Sprint("program", n)))
	id := func(prefix string, salt byte) string {
		const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
		more := sha256.Sum256(append(sum[:], salt))
		out := make([]byte, 20)
		for i := range out {
			out[i] = alphabet[more[i]%32]
		}
		return prefix + "_" + string(out)
	}
	served := func(which byte, version string) rollout.Served {
		digest := sha256.Sum256(append(sum[:], which))
		rel := id("rel", which)
		return rollout.Served{
			Release: rel, Version: version, PackageKey: "releases/" + rel + "/package.zip", SHA256: hex.EncodeToString(digest[:]), Size: 1 << 20,
			Signature: base64.StdEncoding.EncodeToString(append(digest[:], digest[:]...)), KeyID: "aca1985fba1aa1a2",
		}
	}
	p := rollout.Placement{MiniProgram: id("mp", 0), Target: shop, UpdatedAt: noon}
	major, minor := 1+int(sum[0])%4, int(sum[1])%20
	version := func(patch int) string { return fmt.Sprintf("%d.%d.%d", major, minor, patch) }
	p = p.WithFull(served(1, version(0)))
	if n%5 == 0 {
		bad := served(2, version(1))
		p = p.WithGrayscale(bad, 5, id("salt", 2)).Without(bad.Release, bad.Version)
		p = p.WithFull(served(3, version(2)))
	}
	if n%10 == 1 {
		p = p.WithGrayscale(served(4, version(3)), 1+int(sum[2])%99, id("salt", 4))
	}
	if n%100 == 2 {
		p = p.WithPilot(served(5, version(4)), []string{"tess"})
	}
	if n%200 == 3 {
		p = p.WithRemoved(noon)
	}
	return p
}

func place(t testing.TB, table store.Table, n int) {
	t.Helper()
	var writes []store.Write
	seen := map[store.Key]bool{}
	for i := range n {
		for _, w := range store.SavePlacements([]rollout.Placement{placementOf(i)}, []int64{0}) {
			if seen[w.Key] && w.Key.PK == "CHANGES" {
				continue
			}
			seen[w.Key] = true
			writes = append(writes, w)
		}
		if len(writes) > 90 || i == n-1 {
			if err := table.Transact(t.Context(), writes...); err != nil {
				t.Fatal(err)
			}
			writes, seen = nil, map[store.Key]bool{}
		}
	}
}

// BenchmarkManifest builds the manifest of 10 000 mini programs: cold, by a function that knows nothing, from the table
// to the compressed and signed bytes; after one change; and when nothing has changed.
func BenchmarkManifest(b *testing.B) {
	const n = 10_000
	table := newTable(b)
	place(b, table, n)
	ring := testRing(b, 1)
	event := ask{method: "GET", path: "/v1/manifests/wallet/production", headers: map[string]string{"Accept-Encoding": "gzip"}}.event(b)
	get := func(b *testing.B, h api.Handler) {
		res, _ := h(b.Context(), event)
		if res.StatusCode != 200 {
			b.Fatal(res.StatusCode, res.Body)
		}
		b.ReportMetric(float64(base64.StdEncoding.DecodedLen(len(res.Body))), "bytes")
	}
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			get(b, api.ReadManifest(table, ring))
		}
	})
	b.Run("changed", func(b *testing.B) {
		h := api.ReadManifest(table, ring)
		get(b, h)
		for b.Loop() {
			b.StopTimer()
			p, rev, err := store.Placement(b.Context(), table, shop, placementOf(7).MiniProgram)
			if err != nil {
				b.Fatal(err)
			}
			p = p.WithFull(rollout.Served{Release: fmt.Sprint("r", rev), Version: fmt.Sprint("9.9.", rev)})
			if err := table.Transact(b.Context(), store.SavePlacements([]rollout.Placement{p}, []int64{rev})...); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			get(b, h)
		}
	})
	b.Run("same", func(b *testing.B) {
		h := api.ReadManifest(table, ring)
		get(b, h)
		for b.Loop() {
			get(b, h)
		}
	})
}
