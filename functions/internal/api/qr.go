package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/qr"
	"slipway/functions/internal/store"
)

// QRCodeView is a QR code as the API answers it.
type QRCodeView struct {
	Code        string              `json:"code"`
	URL         string              `json:"url"` // what the picture says: opens the page in the target app
	MiniProgram string              `json:"miniProgram"`
	TargetApp   string              `json:"targetApp"`
	Environment catalog.Environment `json:"environment"`
	Page        string              `json:"page,omitempty"`
	Query       string              `json:"query,omitempty"`
	Description string              `json:"description,omitempty"`
	CreatedBy   catalog.Person      `json:"createdBy,omitzero"` // not told to those it was only released to
	CreatedAt   time.Time           `json:"createdAt"`
	Scans       []ScansView         `json:"scans,omitempty"` // when one code is read: of the last 30 days, those with scans
}

// ScansView is how often a code was opened on one day.
type ScansView struct {
	Day   string `json:"day"` // UTC, 2026-01-31
	Count int64  `json:"count"`
}

// daysOfScans is how far back the scans of a code are answered, today included.
const daysOfScans = 30

func qrCodeView(q catalog.QRCode, base string) QRCodeView {
	return QRCodeView{
		Code: q.Code, URL: base + "/q/" + q.Code, MiniProgram: q.MiniProgram, TargetApp: q.TargetApp, Environment: q.Environment,
		Page: q.Page, Query: q.Query, Description: q.Description, CreatedBy: q.CreatedBy, CreatedAt: q.CreatedAt,
	}
}

// base is where codes lead: what was configured, else the gateway's own address. A function behind the gateway cannot be
// configured with that (each would need the other first), but the gateway tells its id, which no caller can choose.
func (c *Call) base(configured string) (string, error) {
	gateway := c.request.RequestContext
	switch {
	case configured != "":
		return configured, nil
	case gateway.APIID != "" && strings.HasPrefix(gateway.DomainName, gateway.APIID+".execute-api."):
		return "https://" + gateway.DomainName, nil
	}
	return "", fmt.Errorf("neither a base address nor the gateway's own is known")
}

// CreateQRCode answers POST /v1/mini-programs/{id}/qr-codes: a code for a page, once everybody on the target has the
// mini program. base is where the code leads, from configuration.
func CreateQRCode(t store.Table, base string) Handler {
	return Serve(t, Operations{"createQrCode": func(ctx context.Context, c *Call) (Answer, error) {
		var in struct {
			TargetApp   string              `json:"targetApp"`
			Environment catalog.Environment `json:"environment"`
			Page        string              `json:"page"`
			Query       string              `json:"query"`
			Description string              `json:"description"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		m, err := c.miniProgram(ctx, t, catalog.ReleaseVersion)
		if err != nil {
			return Answer{}, err
		}
		q := catalog.QRCode{
			Code: strings.TrimPrefix(c.NewID("q"), "q_"), MiniProgram: m.ID, Workspace: m.Workspace, TargetApp: in.TargetApp,
			Environment: in.Environment, Page: strings.TrimPrefix(in.Page, "/"), Query: in.Query, Description: in.Description,
			CreatedBy: c.Actor.Person, CreatedAt: c.Now,
		}
		v, err := c.scannable(ctx, t, m, q)
		if err != nil {
			return Answer{}, err
		}
		q.Version = v.Number
		if err := fault.Fields(q.Validate(m.Type, v.Number, v.Pages)); err != nil {
			return Answer{}, err
		}
		to, err := c.base(base)
		if err != nil {
			return Answer{}, err
		}
		event := c.Event("create_qr_code")
		event.MiniProgram, event.Workspace, event.After = m.ID, m.Workspace, q.Code
		event.Detail = fmt.Sprintf("%s in %s %s", q.Page, q.TargetApp, q.Environment)
		c.About(q.Code)
		a := Answer{Status: 201, Body: qrCodeView(q, to), Headers: map[string]string{"Location": "/v1/qr-codes/" + q.Code}}
		return a, t.Transact(ctx, append(store.CreateQRCode(q), store.EventWrites(event)...)...)
	}})
}

// scannable is the version that everybody on the code's target has, if there is one and the app can be opened.
func (c *Call) scannable(ctx context.Context, t store.Table, m catalog.MiniProgram, q catalog.QRCode) (catalog.Version, error) {
	app, err := releaseTarget(ctx, t, m, q.TargetApp, q.Environment)
	if err != nil {
		return catalog.Version{}, err
	}
	p, _, err := store.Placement(ctx, t, rolloutTarget(q), m.ID)
	if err != nil {
		return catalog.Version{}, err
	}
	if p.Removed || p.Full.Release == "" {
		return catalog.Version{}, fault.New(fault.Conflict, "no_full_release", "A QR code is offered once everybody on the target has the mini program, and no version is in full release in %s %s now.", app.Name, q.Environment)
	}
	if app.Settings.Scheme == "" {
		return catalog.Version{}, fault.New(fault.Conflict, "no_scheme", "%s has no deep link scheme yet, so nothing could open it; an admin of the super app sets scheme in its settings.", app.Name)
	}
	return store.Version(ctx, t, m.ID, p.Full.Version)
}

// ReadQRCodes answers GET /v1/mini-programs/{id}/qr-codes, and one code as JSON or as a picture.
func ReadQRCodes(t store.Table, base string) Handler {
	with := func(read func(ctx context.Context, c *Call, base string) (Answer, error)) Operation {
		return func(ctx context.Context, c *Call) (Answer, error) {
			to, err := c.base(base)
			if err != nil {
				return Answer{}, err
			}
			return read(ctx, c, to)
		}
	}
	return Serve(t, Operations{
		"listQrCodes": with(func(ctx context.Context, c *Call, base string) (Answer, error) { return c.listQRCodes(ctx, t, base) }),
		"readQrCode":  with(func(ctx context.Context, c *Call, base string) (Answer, error) { return c.readQRCode(ctx, t, base) }),
	})
}

func (c *Call) listQRCodes(ctx context.Context, t store.Table, base string) (Answer, error) {
	m, err := c.miniProgram(ctx, t, catalog.SeeMiniProgram)
	if err != nil {
		return Answer{}, err
	}
	size, after, err := c.Page(maxPage)
	if err != nil {
		return Answer{}, err
	}
	codes, err := store.QRCodes(ctx, t, m.ID, after, size)
	if err != nil {
		return Answer{}, err
	}
	apps := map[string]catalog.TargetApp{}
	views := []QRCodeView{}
	for _, q := range codes.Items {
		see, err := c.seesCode(ctx, t, apps, m, q)
		if err != nil {
			return Answer{}, err
		}
		if see {
			views = append(views, c.codeView(m, q, base))
		}
	}
	return Answer{Body: NewList(views, c.next(codes.Next))}, nil
}

// seesCode says whether the caller sees a code: as one of the mini program's people, or as staff of the app it opens.
func (c *Call) seesCode(ctx context.Context, t store.Table, apps map[string]catalog.TargetApp, m catalog.MiniProgram, q catalog.QRCode) (bool, error) {
	app, err := remembered(ctx, t, apps, q.TargetApp, store.TargetAppKey(q.TargetApp))
	if err != nil {
		return false, err
	}
	o := objectOf(c.Actor, m)
	o.AppWorkspaces = app.Reviewers()
	return c.Actor.May(catalog.SeeMiniProgram, o), nil
}

// codeView leaves out who made the code for those that the mini program was only released to.
func (c *Call) codeView(m catalog.MiniProgram, q catalog.QRCode, base string) QRCodeView {
	v := qrCodeView(q, base)
	if !c.belongs(m.Workspace) {
		v.CreatedBy = catalog.Person{}
	}
	return v
}

func (c *Call) readQRCode(ctx context.Context, t store.Table, base string) (Answer, error) {
	none := fault.New(fault.NotFound, "no_such_qr_code", "There is no QR code %.80q.", c.Param("code"))
	q, rev, err := store.QRCode(ctx, t, c.Param("code"))
	if err != nil {
		return Answer{}, err
	}
	if rev == 0 {
		return Answer{}, none
	}
	m, _, err := store.MiniProgram(ctx, t, q.MiniProgram)
	if err != nil {
		return Answer{}, err
	}
	see, err := c.seesCode(ctx, t, map[string]catalog.TargetApp{}, m, q)
	if err != nil {
		return Answer{}, err
	}
	if !see {
		return Answer{}, none
	}
	format, size, err := c.picture()
	if err != nil {
		return Answer{}, err
	}
	view := c.codeView(m, q, base)
	if format != "json" {
		return drawn(view.URL, format, size)
	}
	view.Scans, err = c.scans(ctx, t, q.Code)
	return Answer{Body: view}, err
}

// pictures are the forms in which a code is answered, as the query names them and as Accept does.
var pictures = []struct{ format, mediaType string }{{"json", "application/json"}, {"png", "image/png"}, {"svg", "image/svg+xml"}}

// picture reads format, else Accept, and size.
func (c *Call) picture() (format string, size int, err error) {
	var wrong []fault.Field
	format, size = "json", qr.DefaultSize
	first := len(c.Header("Accept"))
	for _, p := range pictures { // what is named first is preferred, as everywhere here
		if at := strings.Index(c.Header("Accept"), p.mediaType); at >= 0 && at < first {
			format, first = p.format, at
		}
	}
	if f := c.Query("format"); f != "" {
		format = f
		if f != "json" && f != "png" && f != "svg" {
			wrong = append(wrong, fault.Field{Field: "format", Detail: "must be json, png or svg"})
		}
	}
	if s := c.Query("size"); s != "" {
		if size, err = strconv.Atoi(s); err != nil || size < qr.LeastSize || size > qr.MostSize {
			wrong = append(wrong, fault.Field{Field: "size", Detail: fmt.Sprintf("must be a whole number of pixels, %d to %d", qr.LeastSize, qr.MostSize)})
		}
	}
	return format, size, fault.Fields(wrong)
}

func drawn(url, format string, size int) (Answer, error) {
	code, err := qr.New(url)
	if err != nil {
		return Answer{}, err
	}
	if format == "svg" {
		return Answer{Raw: code.SVG(size), ContentType: "image/svg+xml"}, nil
	}
	data, err := code.PNG(size)
	return Answer{Raw: data, ContentType: "image/png"}, err
}

// scans are the counts of the last days, oldest first.
func (c *Call) scans(ctx context.Context, t store.Table, code string) ([]ScansView, error) {
	sums, err := store.ScansSince(ctx, t, code, c.Now.AddDate(0, 0, 1-daysOfScans).Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	out := []ScansView{}
	for _, day := range slices.Sorted(maps.Keys(sums)) {
		out = append(out, ScansView{Day: day, Count: sums[day]})
	}
	return out, nil
}
