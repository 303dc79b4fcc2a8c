package rollout_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/functions/internal/rollout"
)

var update = flag.Bool("update", false, "rewrite golden files")

type vector struct {
	Salt   string `json:"salt"`
	User   string `json:"user"`
	Bucket int    `json:"bucket"`
}

// TestGoldenVectors pins the bucket for ever: a change would move every user of every running grayscale.
func TestGoldenVectors(t *testing.T) {
	const file = "testdata/buckets.json"
	if *update {
		var all []vector
		for i := range 200 {
			salt, user := fmt.Sprintf("salt_%d", i%7), fmt.Sprintf("user-%d", i*i)
			all = append(all, vector{salt, user, rollout.Bucket(salt, user)})
		}
		for _, v := range []vector{{"", "", 0}, {"s", "", 0}, {"salt", "ünïcödé", 0}, {"salt", "\x00", 0}, {"a", "b\x00c", 0}, {"salt", string(make([]byte, 256)), 0}} {
			v.Bucket = rollout.Bucket(v.Salt, v.User)
			all = append(all, v)
		}
		data, _ := json.MarshalIndent(all, "", " ")
		if err := os.WriteFile(file, append(data, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(data, &vectors); err != nil || len(vectors) < 200 {
		t.Fatal(err, len(vectors))
	}
	for _, v := range vectors {
		salt := rollout.NewSalt(v.Salt)
		if got, ready := rollout.Bucket(v.Salt, v.User), salt.Bucket(v.User); got != v.Bucket || ready != v.Bucket {
			t.Errorf("Bucket(%q, %q) = %d and %d, want %d", v.Salt, v.User, got, ready, v.Bucket)
		}
	}
}

func TestARaiseKeepsEverybody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		user, salt := rapid.String().Draw(t, "user"), rapid.String().Draw(t, "salt")
		in := false
		for percent := range 101 {
			now := rollout.InShare(rollout.Bucket(salt, user), percent)
			if in && !now {
				t.Fatalf("%q left the share at %d %%", user, percent)
			}
			in = now
		}
		if !in {
			t.Fatalf("%q is not in 100 %%", user)
		}
	})
}

func TestTheRuleInOrder(t *testing.T) {
	full := rollout.Served{Release: "f", Version: "1"}
	gray := rollout.Served{Release: "g", Version: "2"}
	pilot := rollout.Served{Release: "p", Version: "3"}
	var everyone rollout.Placement
	everyone = everyone.WithFull(full).WithGrayscale(gray, 99, "s").WithPilot(pilot, []string{"tess"})
	later := everyone.WithPilot(rollout.Served{Release: "q", Version: "4"}, []string{"tess"})
	removed := everyone
	removed.Removed = true
	outside := ""
	for i := 0; outside == ""; i++ {
		if u := fmt.Sprint("u", i); !rollout.InShare(rollout.Bucket("s", u), 99) {
			outside = u
		}
	}
	for _, c := range []struct {
		name    string
		p       rollout.Placement
		user    string
		version string
		reason  rollout.Reason
	}{
		{"removed wins against all", removed, "tess", "", rollout.ReasonRemoved},
		{"removed for nobody, too", removed, "", "", rollout.ReasonRemoved},
		{"a tester of two gets the later pilot", later, "tess", "4", rollout.ReasonPilot},
		{"a tester gets the pilot", everyone, "tess", "3", rollout.ReasonPilot},
		{"in the share", everyone, "u1", "2", rollout.ReasonGrayscale},
		{"outside the share", everyone, outside, "1", rollout.ReasonFull},
		{"no user gets the full version", everyone, "", "1", rollout.ReasonNoUser},
		{"nothing there", rollout.Placement{}, "u1", "", rollout.ReasonNotAvailable},
		{"nothing there for nobody", rollout.Placement{}, "", "", rollout.ReasonNotAvailable},
	} {
		served, reason := rollout.Decide(&c.p, c.user)
		version := ""
		if served != nil {
			version = served.Version
		}
		if version != c.version || reason != c.reason {
			t.Errorf("%s: %q %s, want %q %s", c.name, version, reason, c.version, c.reason)
		}
		if steps := rollout.Steps(&c.p, c.user); len(steps) == 0 {
			t.Errorf("%s: no explanation", c.name)
		}
	}
}

// TestDecideAllocatesNothing, whatever the rule says and however long the user's id is.
func TestDecideAllocatesNothing(t *testing.T) {
	full, gray := rollout.Served{Release: "f", Version: "1"}, rollout.Served{Release: "g", Version: "2"}
	p := rollout.Placement{}.WithFull(full).WithGrayscale(gray, 10, "salt_0123456789abcdefghjk").WithPilot(rollout.Served{Release: "p", Version: "3"}, []string{"ann"})
	removed := p.WithRemoved(time.Time{})
	for _, user := range []string{"", "ann", "user-12345678", strings.Repeat("x", 256)} {
		for _, placement := range []*rollout.Placement{&p, &removed} {
			if n := testing.AllocsPerRun(100, func() { rollout.Decide(placement, user) }); n > 0 {
				t.Errorf("%.20q: %v allocations", user, n)
			}
		}
	}
}

// BenchmarkDecide is the whole rule: neither removed nor a tester of the pilot, whose hundred testers are called much
// as everybody is, and then by the bucket.
func BenchmarkDecide(b *testing.B) {
	testers := make([]string, 100)
	for i := range testers {
		testers[i] = fmt.Sprintf("user-%08d", 7919*i)
	}
	full, gray, pilot := rollout.Served{Release: "f", Version: "1"}, rollout.Served{Release: "g", Version: "2"}, rollout.Served{Release: "p", Version: "3"}
	everything := rollout.Placement{}.WithFull(full).WithGrayscale(gray, 10, "salt_0123456789abcdefghjk").WithPilot(pilot, testers)
	removed := everything.WithRemoved(time.Time{})
	for _, c := range []struct {
		name string
		p    *rollout.Placement
		user string
	}{{"stranger", &everything, "user-12345678"}, {"tester", &everything, testers[50]}, {"nobody", &everything, ""}, {"removed", &removed, "user-12345678"}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rollout.Decide(c.p, c.user)
			}
		})
	}
}

func TestTestersAreWhoIsListed(t *testing.T) {
	id := rapid.StringMatching(`[a-c]{0,5}|user-000[0-9]{2}`)
	rapid.Check(t, func(t *rapid.T) {
		ids, user := rapid.SliceOfN(id, 0, 100).Draw(t, "ids"), id.Draw(t, "user")
		testers := rollout.NewTesters(ids)
		data, err := json.Marshal(testers)
		if err != nil {
			t.Fatal(err)
		}
		var again rollout.Testers
		if err := json.Unmarshal(data, &again); err != nil || !again.Equal(testers) {
			t.Fatalf("%s: %v, %v", data, again.IDs(), err)
		}
		for _, u := range append([]string{user}, ids...) {
			if got, want := again.Has(u), slices.Contains(ids, u); got != want {
				t.Fatalf("Has(%q) of %q: %v", u, ids, got)
			}
		}
	})
}
