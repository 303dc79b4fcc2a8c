package task_test

import (
	"context"
	"fmt"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

const (
	prod    = catalog.Production
	sandbox = catalog.Sandbox
	dev     = catalog.Development
)

func relID(version, app string, env catalog.Environment) string {
	return "rel-" + version + "-" + app + "-" + string(env)
}

// What people do, as steps.
func creates(version, app string, env catalog.Environment) step {
	return func(ctx context.Context, w *world) error {
		_, err := w.create(ctx, version, app, env)
		return err
	}
}

func acts(action release.Action, version, app string, env catalog.Environment, more ...func(*release.Command)) step {
	return func(ctx context.Context, w *world) error {
		cmd := release.Command{Action: action}
		for _, m := range more {
			m(&cmd)
		}
		return w.act(ctx, relID(version, app, env), cmd)
	}
}

func percent(n int) func(*release.Command)       { return func(c *release.Command) { c.Percent = n } }
func testers(u ...string) func(*release.Command) { return func(c *release.Command) { c.Testers = u } }
func superseding(c *release.Command)             { c.Supersede = true }

// decides answers the request that a release waits for.
func decides(decision, version, app string, env catalog.Environment) step {
	return func(ctx context.Context, w *world) error {
		r, _, err := store.Release(ctx, port{w}, relID(version, app, env))
		if err != nil {
			return err
		}
		return w.decide(ctx, r.Request, decision, "reviewer@wallet.test")
	}
}

func approves(version, app string, env catalog.Environment) step {
	return decides(review.Approve, version, app, env)
}

func answers(decision, request, by string) step {
	return func(ctx context.Context, w *world) error { return w.decide(ctx, request, decision, by) }
}

func asksRemoval(id string, apps ...string) step {
	return func(ctx context.Context, w *world) error { return w.remove(ctx, id, apps...) }
}

func asksOffline(id, app string, env catalog.Environment) step {
	return func(ctx context.Context, w *world) error { return w.offline(ctx, id, app, env) }
}

// several is one actor who does one thing after the other; what is refused ends it.
func several(steps ...step) step {
	return func(ctx context.Context, w *world) (err error) {
		for _, do := range steps {
			actorOf(ctx).within(w, func() string {
				err = do(ctx, w)
				return fmt.Sprint(err == nil)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// prepares brings a new version to release preparation on a production target that has no pilot testing.
func prepares(version, app string) step {
	return several(creates(version, app, prod), acts(release.Apply, version, app, prod), approves(version, app, prod))
}
