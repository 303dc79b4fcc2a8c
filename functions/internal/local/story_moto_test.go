package local_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/asl"
	"slipway/functions/internal/local"
	"slipway/functions/internal/moto"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// onMoto lets moto's interpreter run the deployed machines, with the real tasks.
func onMoto(t *testing.T) (func(*local.Options), func() *moto.Workflow) {
	t.Helper()
	if os.Getenv("CI") != "true" {
		t.Skip("the stories run on moto's interpreter too when CI=true")
	}
	var machine *moto.Workflow
	return func(o *local.Options) {
		o.Workflow = func(invoke local.Invoke) release.Workflow {
			machine = moto.StepFunctions(t, func(function string, payload []byte) (out []byte, errType, errMsg string) {
				out, err := invoke(context.Background(), function, payload)
				var failed *asl.TaskError
				if errors.As(err, &failed) {
					return nil, failed.Name, failed.Cause
				}
				return out, "", ""
			})
			for name, definition := range local.Machines() {
				machine.Machine(name, definition)
			}
			return machine
		}
	}, func() *moto.Workflow { return machine }
}

// tale is a story that does not care which interpreter it runs on. It gives the releases it played.
type tale struct {
	name string
	play func(w *story.World) []api.ReleaseView
}

var tales = []tale{
	{"whole release", func(w *story.World) []api.ReleaseView {
		admin := w.As("merchant-admin")
		program := admin.Program("merchant", "dsl")
		r := admin.Release(program, admin.Upload(program, w.Number()), "demo-wallet", "production")
		admin.Test(r.ID)
		r = admin.Act(r.ID, "apply")
		w.Approve("wallet-reviewer", admin.Reaches(r.ID, release.UnderReview))
		admin.Reaches(r.ID, release.ReleasePreparation)
		admin.Act(r.ID, "grayscale", story.Percent(1))
		admin.Until(r.ID, "1 %", func(r api.ReleaseView) bool { return r.Grayscale.Percent == 1 })
		admin.Act(r.ID, "grayscale", story.Percent(100))
		return []api.ReleaseView{admin.Reaches(r.ID, release.FullRelease)}
	}},
	{"rejected and applied again", func(w *story.World) []api.ReleaseView {
		admin := w.As("merchant-admin")
		program := admin.Program("merchant", "h5")
		r := admin.Release(program, admin.Upload(program, w.Number()), "demo-wallet", "production")
		admin.Act(r.ID, "apply")
		w.Reject("wallet-reviewer", admin.Reaches(r.ID, release.UnderReview), "Not yet.")
		admin.Reaches(r.ID, release.NewVersionCreated)
		admin.Act(r.ID, "apply")
		w.Approve("wallet-admin", admin.Reaches(r.ID, release.UnderReview))
		admin.Reaches(r.ID, release.ReleasePreparation)
		admin.Act(r.ID, "cancel")
		return []api.ReleaseView{admin.Reaches(r.ID, release.Canceled)}
	}},
	{"two parties", func(w *story.World) []api.ReleaseView {
		master := w.As("partner-master")
		program := master.Program("partner", "h5")
		r := master.Release(program, master.Upload(program, w.Number()), "demo-partner", "production")
		master.Test(r.ID)
		master.Act(r.ID, "apply")
		r = master.Reaches(r.ID, release.UnderReview)
		w.Approve("platform-admin", r)
		w.Approve("carrier-reviewer", r)
		master.Reaches(r.ID, release.ReleasePreparation)
		master.Act(r.ID, "full")
		return []api.ReleaseView{master.Reaches(r.ID, release.FullRelease)}
	}},
	{"one of two parties rejects", func(w *story.World) []api.ReleaseView {
		master := w.As("partner-master")
		program := master.Program("partner", "h5")
		r := master.Release(program, master.Upload(program, w.Number()), "demo-partner", "production")
		master.Test(r.ID)
		master.Act(r.ID, "apply")
		r = master.Reaches(r.ID, release.UnderReview)
		w.Approve("platform-admin", r)
		w.Reject("carrier-reviewer", r, "Not here.")
		return []api.ReleaseView{master.Reaches(r.ID, release.NewVersionCreated)}
	}},
	{"pilot", func(w *story.World) []api.ReleaseView {
		admin := w.As("merchant-admin")
		program := admin.Program("merchant", "h5")
		r := admin.Release(program, admin.Upload(program, w.Number()), "demo-carrier", "production")
		admin.Act(r.ID, "apply")
		w.Approve("carrier-admin", admin.Reaches(r.ID, release.UnderReview))
		admin.Reaches(r.ID, release.PilotTesting)
		admin.Act(r.ID, "testers", map[string]any{"users": []string{"tess"}})
		admin.Until(r.ID, "testers", func(r api.ReleaseView) bool { return len(r.Testers) == 1 })
		admin.Act(r.ID, "complete-testing")
		admin.Reaches(r.ID, release.GrayscaleRelease)
		admin.Act(r.ID, "full")
		return []api.ReleaseView{admin.Reaches(r.ID, release.FullRelease)}
	}},
	{"hotfix", func(w *story.World) []api.ReleaseView {
		admin := w.As("merchant-admin")
		program := admin.Program("merchant", "h5")
		ready := func() api.ReleaseView {
			r := admin.Release(program, admin.Upload(program, w.Number()), "demo-wallet", "production")
			admin.Act(r.ID, "apply")
			w.Approve("wallet-reviewer", admin.Reaches(r.ID, release.UnderReview))
			return admin.Reaches(r.ID, release.ReleasePreparation)
		}
		running := ready()
		admin.Act(running.ID, "grayscale", story.Percent(30))
		admin.Reaches(running.ID, release.GrayscaleRelease)
		hotfix := ready()
		admin.Act(hotfix.ID, "full", map[string]any{"supersede": true})
		return []api.ReleaseView{admin.Reaches(running.ID, release.Canceled), admin.Reaches(hotfix.ID, release.FullRelease)}
	}},
	{"sandbox and test", func(w *story.World) []api.ReleaseView {
		admin := w.As("merchant-admin")
		program := admin.Program("merchant", "h5")
		number := admin.Upload(program, w.Number())
		var out []api.ReleaseView
		for _, environment := range []string{"test", "sandbox"} {
			r := admin.Release(program, number, "demo-wallet", environment)
			admin.Act(r.ID, "apply")
			out = append(out, admin.Reaches(r.ID, release.FullRelease))
		}
		return out
	}},
}

// TestTheSameOnMoto plays the same stories on moto's interpreter and on ours: they go through the same states, and
// end in the same.
func TestTheSameOnMoto(t *testing.T) {
	option, machine := onMoto(t)
	theirs, ours := story.Start(t, option), story.Start(t)
	for _, tale := range tales {
		t.Run(tale.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			there, here := tale.play(theirs.In(t)), tale.play(ours.In(t))
			for i, r := range there {
				equal(t, "status", r.Status, here[i].Status)
				equal(t, "actions", r.Actions, here[i].Actions)
				equal(t, "history", theirs.As(r.CreatedBy.Email).Events(r.ID), ours.As(r.CreatedBy.Email).Events(here[i].ID))
				if r.Status == release.NewVersionCreated {
					continue // its machine waits
				}
				e, err := machine().Wait(ctx, "release", r.ID+"-1")
				if err != nil || e.Status != "SUCCEEDED" {
					t.Fatalf("moto's execution: %+v, %v", e, err)
				}
				got, err := machine().Path(ctx, "release", r.ID+"-1")
				if err != nil {
					t.Fatal(err)
				}
				want := path(ours, here[i].ID)
				slices.Sort(got) // parties go side by side
				slices.Sort(want)
				equal(t, "states", got, want)
			}
		})
	}
}
