// Package bench holds the rule of package rollout beside the evaluators that others use, in one run. It is a module of
// its own, so that Slipway depends on none of them:
//
//	cd functions/internal/rollout/bench && go test -bench .
//
// Each decides the same: a hundred testers get the pilot, 10 % of the users the grayscale, everybody else the full
// version. Whose 10 % it is depends on the hash, so shares are compared and not users; where the hash is ours, users
// are. The user comes as a string, as with a request; for those that want it in a shape of their own, "made" has that
// shape made beforehand.
package bench

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/growthbook/growthbook-golang"
	"github.com/launchdarkly/go-sdk-common/v3/ldcontext"
	"github.com/launchdarkly/go-sdk-common/v3/ldvalue"
	evaluation "github.com/launchdarkly/go-server-sdk-evaluation/v3"
	"github.com/launchdarkly/go-server-sdk-evaluation/v3/ldbuilders"
	"github.com/launchdarkly/go-server-sdk-evaluation/v3/ldmodel"
	"github.com/open-feature/go-sdk/openfeature"
	"github.com/open-feature/go-sdk/openfeature/memprovider"

	"slipway/functions/internal/rollout"
)

const (
	salt    = "salt_0123456789abcdefghjk"
	percent = 10
)

var testers = func() (out []string) {
	for i := range 100 {
		out = append(out, fmt.Sprintf("user-%08d", 7919*i))
	}
	return out
}()

// users are strangers, by turns, so that no branch is learnt by heart.
var users = func() (out [1024]string) {
	for i := range out {
		out[i] = fmt.Sprintf("user-%08d", 12345678+31*i)
	}
	return out
}()

func placement() *rollout.Placement {
	p := rollout.Placement{}.WithFull(rollout.Served{Release: "f", Version: "1"}).
		WithGrayscale(rollout.Served{Release: "g", Version: "2"}, percent, salt).
		WithPilot(rollout.Served{Release: "p", Version: "3"}, testers)
	return &p
}

func slipway() func(user string) string {
	p := placement()
	return func(user string) string {
		served, _ := rollout.Decide(p, user)
		return served.Version
	}
}

type noData struct{}

func (noData) GetFeatureFlag(string) *ldmodel.FeatureFlag { return nil }
func (noData) GetSegment(string) *ldmodel.Segment         { return nil }

func launchDarkly() (decide func(user string) string, made func(c ldcontext.Context) string) {
	flag := ldbuilders.NewFlagBuilder("mp").On(true).Salt(salt).
		Variations(ldvalue.String("1"), ldvalue.String("2"), ldvalue.String("3")).
		AddTarget(2, testers...).
		Fallthrough(ldbuilders.Rollout(ldbuilders.Bucket(1, 1000*percent), ldbuilders.Bucket(0, 100_000-1000*percent))).Build()
	e := evaluation.NewEvaluator(noData{})
	made = func(c ldcontext.Context) string { return e.Evaluate(&flag, c, nil).Detail.Value.StringValue() }
	return func(user string) string { return made(ldcontext.New(user)) }, made
}

func growthBook(tb testing.TB) (decide func(user string) string, made func(c *growthbook.Client) string, client *growthbook.Client) {
	tb.Helper()
	list := ""
	for _, t := range testers {
		list += fmt.Sprintf(",%q", t)
	}
	features := fmt.Sprintf(`{"mp": {"defaultValue": "1", "rules": [
		{"condition": {"id": {"$in": [%s]}}, "force": "3"},
		{"coverage": 0.1, "hashAttribute": "id", "hashVersion": 2, "seed": %q, "force": "2"}]}}`, list[1:], salt)
	client, err := growthbook.NewClient(context.Background(), growthbook.WithJsonFeatures(features))
	if err != nil {
		tb.Fatal(err)
	}
	made = func(c *growthbook.Client) string {
		v, _ := c.EvalFeature(context.Background(), "mp").Value.(string)
		return v
	}
	return func(user string) string {
		c, err := client.WithAttributes(growthbook.Attributes{"id": user})
		if err != nil {
			tb.Fatal(err)
		}
		return made(c)
	}, made, client
}

// openFeature has no rule of its own: its provider calls one, here the one of package rollout.
func openFeature() func(user string) string {
	p := placement()
	rule := func(_ memprovider.InMemoryFlag, flat openfeature.FlattenedContext) (any, openfeature.ProviderResolutionDetail) {
		user, _ := flat[openfeature.TargetingKey].(string)
		served, reason := rollout.Decide(p, user)
		return served.Version, openfeature.ProviderResolutionDetail{Reason: openfeature.Reason(reason)}
	}
	provider := memprovider.NewInMemoryProvider(map[string]memprovider.InMemoryFlag{"mp": {
		Key: "mp", State: memprovider.Enabled, DefaultVariant: "full", Variants: map[string]any{"full": "1"}, ContextEvaluator: &rule,
	}})
	return func(user string) string {
		return provider.StringEvaluation(context.Background(), "mp", "", openfeature.FlattenedContext{openfeature.TargetingKey: user}).Value
	}
}

// TestAllDecideTheSame is what makes the figures comparable.
func TestAllDecideTheSame(t *testing.T) {
	ld, _ := launchDarkly()
	gb, _, _ := growthBook(t)
	ours := slipway()
	const n = 20_000
	for name, decide := range map[string]func(string) string{"Slipway": ours, "LaunchDarkly": ld, "GrowthBook": gb, "OpenFeature": openFeature()} {
		for _, tester := range testers {
			if got := decide(tester); got != "3" {
				t.Errorf("%s gives a tester %q", name, got)
			}
		}
		in := 0
		for i := range n {
			user := fmt.Sprint("someone-", i)
			switch got := decide(user); {
			case got == "2":
				in++
			case got != "1":
				t.Fatalf("%s gives %s %q", name, user, got)
			}
			if name == "OpenFeature" && decide(user) != ours(user) {
				t.Fatalf("OpenFeature gives %s another version", user)
			}
		}
		const p = percent / 100.0
		if off := math.Abs(float64(in)-n*p) / math.Sqrt(n*p*(1-p)); off > 4 {
			t.Errorf("%s: %d of %d users are in %d %%", name, in, n, percent)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	each := func(name string, decide func(string) string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				decide(users[i%len(users)])
			}
		})
	}
	ld, ldMade := launchDarkly()
	gb, gbMade, client := growthBook(b)
	var contexts [len(users)]ldcontext.Context
	var clients [len(users)]*growthbook.Client
	for i, u := range users {
		contexts[i] = ldcontext.New(u)
		clients[i], _ = client.WithAttributes(growthbook.Attributes{"id": u})
	}
	each("Slipway", slipway())
	each("LaunchDarkly", ld)
	b.Run("LaunchDarkly-made", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			ldMade(contexts[i%len(users)])
		}
	})
	each("GrowthBook", gb)
	b.Run("GrowthBook-made", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			gbMade(clients[i%len(users)])
		}
	})
	each("OpenFeature", openFeature())
}
