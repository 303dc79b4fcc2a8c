package api

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// ReadReleases answers GET /v1/releases, GET /v1/releases/{id}, its events, and its compatibility reports.
func ReadReleases(t store.Table, packages release.Reader) Handler {
	return Serve(t, Operations{
		"listReleases": func(ctx context.Context, c *Call) (Answer, error) { return c.listReleases(ctx, t) },
		"readRelease": func(ctx context.Context, c *Call) (Answer, error) {
			s, err := c.seenRelease(ctx, t, c.Param("id"))
			if err != nil {
				return Answer{}, err
			}
			v := sceneView(s)
			v.Actions = c.takes(v.Actions, s.MiniProgram)
			return Answer{Body: v, ETag: ETag(s.Rev())}, nil
		},
		"listReleaseEvents": func(ctx context.Context, c *Call) (Answer, error) {
			s, err := c.seenRelease(ctx, t, c.Param("id"))
			if err != nil {
				return Answer{}, err
			}
			return c.listEvents(ctx, t, store.EventsOfRelease(s.Release.ID), allEvents)
		},
		"readCompatibility": func(ctx context.Context, c *Call) (Answer, error) { return c.readReport(ctx, t, packages) },
	})
}

func (c *Call) listReleases(ctx context.Context, t store.Table) (Answer, error) {
	size, after, err := c.Page(maxPage)
	if err != nil {
		return Answer{}, err
	}
	wanted, err := c.releaseFilter()
	if err != nil {
		return Answer{}, err
	}
	partitions, err := c.releasePartitions(ctx, t)
	if err != nil {
		return Answer{}, err
	}
	see := visibility{call: c, table: t, programs: map[string]catalog.MiniProgram{}, apps: map[string]catalog.TargetApp{}}
	found, next, err := store.Releases(ctx, t, partitions, after, size, func(r release.Release) (bool, error) {
		if !wanted(r) {
			return false, nil
		}
		return see.release(ctx, r)
	})
	if err != nil {
		return Answer{}, err
	}
	views := make([]ReleaseView, len(found))
	for i, r := range found {
		views[i] = releaseView(r, see.apps[r.TargetApp].Settings)
		views[i].Actions = c.takes(views[i].Actions, see.programs[r.MiniProgram])
	}
	if next != "" {
		next = c.NextPage(next)
	}
	return Answer{Body: NewList(views, next)}, nil
}

// takes are the actions on releases of a mini program that the caller can take: a page draws its buttons from them.
func (c *Call) takes(possible []release.Action, m catalog.MiniProgram) []release.Action {
	if !c.Actor.May(catalog.ReleaseVersion, objectOf(c.Actor, m)) {
		return []release.Action{}
	}
	return possible
}

// releasePartitions is where to look: the mini program or target app that was asked for, else everything of the
// caller's workspaces.
func (c *Call) releasePartitions(ctx context.Context, t store.Table) ([]string, error) {
	for _, by := range []struct {
		field     string
		partition func(id string) string
	}{{"miniProgram", store.ReleasesOfMiniProgram}, {"targetApp", store.ReleasesOfTargetApp}} {
		id := c.Query(by.field)
		if id == "" {
			continue
		}
		if !nameable(id) {
			return nil, fault.Fields([]fault.Field{{Field: by.field, Detail: notAnID}})
		}
		return []string{by.partition(id)}, nil
	}
	var out []string
	if c.Actor.Token != nil {
		return []string{store.ReleasesOfWorkspace(c.Actor.Token.Workspace)}, nil
	}
	for _, m := range c.Actor.Memberships {
		out = append(out, store.ReleasesOfWorkspace(m.Workspace))
		if m.Kind != catalog.SuperApp {
			continue
		}
		apps, err := store.TargetApps(ctx, t, m.Workspace)
		if err != nil {
			return nil, err
		}
		for _, app := range apps {
			out = append(out, store.ReleasesOfTargetApp(app.ID))
		}
	}
	return out, nil
}

func (c *Call) releaseFilter() (func(release.Release) bool, error) {
	var wrong []fault.Field
	env, status := catalog.Environment(c.Query("environment")), release.Status(c.Query("status"))
	if env != "" && !slices.Contains(catalog.Environments, env) {
		wrong = append(wrong, fault.Field{Field: "environment", Detail: fmt.Sprintf("must be one of %v", catalog.Environments)})
	}
	if status != "" && !slices.Contains(release.Statuses, status) {
		wrong = append(wrong, fault.Field{Field: "status", Detail: fmt.Sprintf("must be one of %v", release.Statuses)})
	}
	app := c.Query("targetApp")
	return func(r release.Release) bool {
		return (env == "" || r.Environment == env) && (status == "" || r.Status == status) && (app == "" || r.TargetApp == app)
	}, fault.Fields(wrong)
}

// visibility remembers, over one list, what was read to decide what the caller may see.
type visibility struct {
	call     *Call
	table    store.Table
	programs map[string]catalog.MiniProgram
	apps     map[string]catalog.TargetApp
}

func (v visibility) release(ctx context.Context, r release.Release) (bool, error) {
	m, err := remembered(ctx, v.table, v.programs, r.MiniProgram, store.MiniProgramKey(r.MiniProgram))
	if err != nil {
		return false, err
	}
	app, err := remembered(ctx, v.table, v.apps, r.TargetApp, store.TargetAppKey(r.TargetApp))
	if err != nil {
		return false, err
	}
	o := objectOf(v.call.Actor, m)
	o.AppWorkspaces = app.Reviewers()
	return maySee(v.call.Actor, o, r), nil
}

func remembered[T any](ctx context.Context, t store.Table, seen map[string]T, id string, key store.Key) (T, error) {
	if v, ok := seen[id]; ok {
		return v, nil
	}
	v, _, err := store.Load[T](ctx, t, key)
	seen[id] = v
	return v, err
}

// readReport answers a compatibility report: the last one, or the run asked for; as JSON, or as a page for a browser.
func (c *Call) readReport(ctx context.Context, t store.Table, packages release.Reader) (Answer, error) {
	s, err := c.seenRelease(ctx, t, c.Param("id"))
	if err != nil {
		return Answer{}, err
	}
	run := s.Release.TestRuns
	if q := c.Query("run"); q != "" {
		if run, err = strconv.Atoi(q); err != nil || run < 1 || run > s.Release.TestRuns {
			return Answer{}, fault.Fields([]fault.Field{{Field: "run", Detail: fmt.Sprintf("must be a finished run: 1 to %d", s.Release.TestRuns)}})
		}
	}
	if run == 0 {
		return Answer{}, fault.New(fault.NotFound, "no_report", "There is no finished compatibility test of this release; POST to its test starts one.")
	}
	extension, contentType := "json", "application/json"
	if c.Accepts("text/html") {
		extension, contentType = "html", "text/html; charset=utf-8"
	}
	object, err := packages.Open(ctx, release.ReportKey(s.Release.ID, run, extension))
	if err != nil {
		return Answer{}, err
	}
	defer object.Close()
	data, err := io.ReadAll(io.NewSectionReader(object, 0, object.Size()))
	a := Answer{Raw: data, ContentType: contentType}
	if extension == "html" {
		a.Headers = map[string]string{"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}
	}
	return a, err
}

// Accepts says whether the caller prefers a media type over JSON, as browsers do pages.
func (c *Call) Accepts(mediaType string) bool {
	accept := c.Header("Accept")
	at := strings.Index(accept, mediaType)
	json := strings.Index(accept, "application/json")
	return at >= 0 && (json < 0 || at < json)
}
