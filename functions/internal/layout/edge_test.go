package layout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"slipway/functions/internal/api"
)

// documents are the operations whose answers are the same for all, so that the edge may keep them. All else is somebody's
// own, or counted.
var documents = []string{"readContract", "readKeys", "readManifest"}

// nothingKept is CloudFront's own policy of that meaning, CachingDisabled. One that would keep something answers alike
// requests at once with one answer, and shows what has expired while its origin is away.
const nothingKept = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"

// remembered are the problems that CloudFront keeps for ten seconds, or may keep, unless it is told otherwise.
var remembered = []int{400, 403, 404, 405, 414, 500, 501, 502, 503, 504}

// behaviour is what CloudFront does with a part of the addresses.
type behaviour struct {
	PathPattern   string `yaml:"PathPattern"`
	CachePolicyId string `yaml:"CachePolicyId"`
}

type distribution struct {
	DefaultCacheBehavior behaviour   `yaml:"DefaultCacheBehavior"`
	CacheBehaviors       []behaviour `yaml:"CacheBehaviors"`
	CustomErrorResponses []struct {
		ErrorCode          int  `yaml:"ErrorCode"`
		ErrorCachingMinTTL *int `yaml:"ErrorCachingMinTTL"`
	} `yaml:"CustomErrorResponses"`
}

// seconds are how long an answer is kept at least, if it says nothing, and at most.
type seconds struct {
	Least   int `yaml:"MinTTL"`
	Default int `yaml:"DefaultTTL"`
	Most    int `yaml:"MaxTTL"`
}

type edge struct {
	Resources struct {
		Second struct {
			Properties struct {
				CachePolicyConfig seconds `yaml:"CachePolicyConfig"`
			} `yaml:"Properties"`
		} `yaml:"Second"`
		Distribution struct {
			Properties struct {
				DistributionConfig distribution `yaml:"DistributionConfig"`
			} `yaml:"Properties"`
		} `yaml:"Distribution"`
	} `yaml:"Resources"`
}

// keptWrongly says where the edge keeps what it may not, or does not keep what it should.
func keptWrongly(t *testing.T, template string) (out []string) {
	t.Helper()
	var e edge
	if err := yaml.Unmarshal([]byte(template), &e); err != nil {
		t.Fatal(err)
	}
	d := e.Resources.Distribution.Properties.DistributionConfig
	if p := e.Resources.Second.Properties.CachePolicyConfig; p != (seconds{Most: 1}) {
		out = append(out, fmt.Sprintf("what is kept is kept for %+v", p))
	}
	for _, r := range api.Routes {
		policy := d.DefaultCacheBehavior.CachePolicyId
		for _, b := range slices.Backward(d.CacheBehaviors) { // the first one that fits counts
			if before, any := strings.CutSuffix(b.PathPattern, "*"); b.PathPattern == r.Pattern || any && strings.HasPrefix(r.Pattern, before) {
				policy = b.CachePolicyId
			}
		}
		want := nothingKept
		if slices.Contains(documents, r.Operation) {
			want = "Second"
		}
		if policy != want {
			out = append(out, fmt.Sprintf("%s is under %s, want %s", r.Operation, policy, want))
		}
	}
	for _, code := range remembered {
		kept := true
		for _, r := range d.CustomErrorResponses {
			kept = kept && (r.ErrorCode != code || r.ErrorCachingMinTTL == nil || *r.ErrorCachingMinTTL > 0)
		}
		if kept {
			out = append(out, fmt.Sprintf("a %d is kept", code))
		}
	}
	return out
}

func TestEdgeKeepsDocumentsForASecondAndNothingElse(t *testing.T) {
	for _, wrong := range keptWrongly(t, string(file(t, "infra/edge.yaml"))) {
		t.Error("infra/edge.yaml: ", wrong)
	}
}

func TestPlantedKeepingIsFound(t *testing.T) {
	right := string(file(t, "infra/edge.yaml"))
	for name, p := range map[string]struct{ old, new, finds string }{
		"longer":       {"MaxTTL: 1", "MaxTTL: 2", "kept for"},
		"at least":     {"MinTTL: 0", "MinTTL: 1", "kept for"},
		"resolve":      {"PathPattern: /v1/manifests/*", "PathPattern: /v1/*", "resolve is under Second"},
		"everything":   {nothingKept, "!Ref Second", "openQrCode is under Second"},
		"no manifest":  {"PathPattern: /v1/manifests/*", "PathPattern: /v2/manifests/*", "readManifest is under " + nothingKept},
		"an error":     {"- {ErrorCode: 503, ErrorCachingMinTTL: 0}", "", "a 503 is kept"},
		"for a while":  {"ErrorCode: 404, ErrorCachingMinTTL: 0", "ErrorCode: 404, ErrorCachingMinTTL: 5", "a 404 is kept"},
		"by a default": {"ErrorCode: 400, ErrorCachingMinTTL: 0", "ErrorCode: 400", "a 400 is kept"},
	} {
		changed := strings.Replace(right, p.old, p.new, 1)
		if got := strings.Join(keptWrongly(t, changed), "; "); changed == right || !strings.Contains(got, p.finds) {
			t.Errorf("%s: found %q, want %q", name, got, p.finds)
		}
	}
}
