package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// VersionView is a version as the API answers it.
type VersionView struct {
	MiniProgram   string                `json:"miniProgram"`
	Number        string                `json:"number"`
	Notes         string                `json:"notes"`
	Status        catalog.VersionStatus `json:"status"`
	EntranceURL   string                `json:"entranceUrl,omitempty"`
	ArchiveSHA256 string                `json:"archiveSha256,omitempty"`
	ArchiveSize   int64                 `json:"archiveSize,omitempty"`
	Pages         []string              `json:"pages,omitempty"`
	CreatedBy     catalog.Person        `json:"createdBy"`
	CreatedAt     time.Time             `json:"createdAt"`
	SubmittedAt   time.Time             `json:"submittedAt,omitzero"`
	Upload        *release.Upload       `json:"upload,omitempty"`   // where to send the project, while it is awaited
	Warnings      []fault.Field         `json:"warnings,omitempty"` // what the intake noticed and let pass
}

func versionView(v catalog.Version) VersionView {
	return VersionView{
		MiniProgram: v.MiniProgram, Number: v.Number, Notes: v.Notes, Status: v.Status, EntranceURL: v.EntranceURL,
		ArchiveSHA256: v.ArchiveSHA256, ArchiveSize: v.ArchiveSize, Pages: v.Pages, CreatedBy: v.CreatedBy,
		CreatedAt: v.CreatedAt, SubmittedAt: v.SubmittedAt,
	}
}

// CreateVersion answers POST /v1/mini-programs/{id}/versions: for dsl with where to upload the project, for h5 with a
// version that is submitted at once.
func CreateVersion(t store.Table, packages release.Uploads) Handler {
	return Serve(t, Operations{"createVersion": func(ctx context.Context, c *Call) (Answer, error) {
		var in struct {
			Number string `json:"number"`
			Notes  string `json:"notes"`
			Renew  bool   `json:"renew"`  // a new upload address for a version whose project is still awaited
			SHA256 string `json:"sha256"` // optional: of the archive, and nothing else can be uploaded then
		}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		return repeated(func() (Answer, error) {
			m, rev, err := c.miniProgramRev(ctx, t, catalog.UploadVersion)
			if err != nil {
				return Answer{}, err
			}
			wrong := slices.Concat(
				catalog.ValidateVersionNumber("number", in.Number), catalog.ValidateNotes("notes", in.Notes), catalog.ValidateDigest("sha256", in.SHA256),
			)
			if err := fault.Fields(wrong); err != nil {
				return Answer{}, err
			}
			if in.Renew {
				return c.renewUpload(ctx, t, packages, m, in.Number, in.SHA256)
			}
			if err := greater(in.Number, m); err != nil {
				return Answer{}, err
			}
			v := catalog.Version{MiniProgram: m.ID, Number: in.Number, Notes: in.Notes, CreatedBy: c.Actor.Person, CreatedAt: c.Now}
			return c.startVersion(ctx, t, packages, m, rev, v, in.SHA256)
		})
	}})
}

// greater holds a number against every number ever uploaded.
func greater(number string, m catalog.MiniProgram) error {
	if catalog.CompareVersions(number, m.HighestVersion) > 0 {
		return nil
	}
	return fault.New(fault.Conflict, "version_not_greater", "Version %s is not greater than %s, the greatest ever uploaded; choose a greater number.", number, m.HighestVersion)
}

func (c *Call) startVersion(ctx context.Context, t store.Table, packages release.Uploads, m catalog.MiniProgram, rev int64, v catalog.Version, digest string) (Answer, error) {
	_, exists, err := store.FindVersion(ctx, t, m.ID, v.Number)
	if err != nil {
		return Answer{}, err
	}
	if exists > 0 {
		return Answer{}, fault.New(fault.Conflict, "version_exists", "There is a version %s already; send \"renew\": true for another upload address if its project is still awaited, or choose a greater number.", v.Number)
	}
	event := c.Event("create_version")
	event.MiniProgram, event.Workspace, event.Detail = m.ID, m.Workspace, v.Number
	writes := store.EventWrites(event)
	var upload *release.Upload
	if m.Type == catalog.H5 {
		v.Status, v.EntranceURL, v.SubmittedAt = catalog.Submitted, m.EntranceURL, c.Now
		m.HighestVersion = v.Number
		writes = append(writes, store.SaveMiniProgram(m, rev))
	} else {
		v.Status = catalog.AwaitingUpload
		// The name cannot be guessed, so that nobody can put another file where this one is awaited.
		v.ArchiveKey = fmt.Sprintf("uploads/%s/%s/%s.zip", m.ID, v.Number, c.NewID("up"))
		v.Announced = digest
		if upload, err = awaited(ctx, packages, v); err != nil {
			return Answer{}, err
		}
	}
	c.About(m.ID + "/" + v.Number)
	view := versionView(v)
	view.Upload = upload
	a := Answer{Status: 201, Body: view, Headers: map[string]string{"Location": "/v1/mini-programs/" + m.ID + "/versions/" + v.Number}}
	return a, t.Transact(ctx, append(writes, store.SaveVersion(v, store.Absent))...)
}

// renewUpload answers where to send the project once more, because addresses expire.
func (c *Call) renewUpload(ctx context.Context, t store.Table, packages release.Uploads, m catalog.MiniProgram, number, digest string) (Answer, error) {
	v, rev, err := store.MustVersion(ctx, t, m.ID, number)
	if err != nil {
		return Answer{}, err
	}
	if err := submittable(m, v); err != nil {
		return Answer{}, err
	}
	view := versionView(v)
	announced := v.Announced
	v.Announced = digest
	if view.Upload, err = awaited(ctx, packages, v); err != nil || announced == digest {
		return Answer{Body: view}, err
	}
	return Answer{Body: view}, t.Transact(ctx, store.SaveVersion(v, rev))
}

// awaited says where the project of a version is to be sent; when it was announced, no other archive.
func awaited(ctx context.Context, packages release.Uploads, v catalog.Version) (*release.Upload, error) {
	upload, err := packages.Upload(ctx, v.ArchiveKey, release.Content{Type: "application/zip", MaxBytes: catalog.MostArchive, SHA256: v.Announced})
	return &upload, err
}

// ReadVersions answers GET /v1/mini-programs/{id}/versions and one version.
func ReadVersions(t store.Table) Handler {
	return Serve(t, Operations{
		"listVersions": func(ctx context.Context, c *Call) (Answer, error) { return c.listVersions(ctx, t) },
		"readVersion": func(ctx context.Context, c *Call) (Answer, error) {
			m, err := c.miniProgram(ctx, t, catalog.SeeMiniProgram)
			if err != nil {
				return Answer{}, err
			}
			v, err := store.Version(ctx, t, m.ID, c.Param("number"))
			return Answer{Body: versionView(v)}, err
		},
	})
}

func (c *Call) listVersions(ctx context.Context, t store.Table) (Answer, error) {
	m, err := c.miniProgram(ctx, t, catalog.SeeMiniProgram)
	if err != nil {
		return Answer{}, err
	}
	size, after, err := c.Page(maxPage)
	if err != nil {
		return Answer{}, err
	}
	versions, err := store.Versions(ctx, t, m.ID, after, size)
	if err != nil {
		return Answer{}, err
	}
	views := make([]VersionView, 0, len(versions.Items))
	for v := range slices.Values(versions.Items) {
		views = append(views, versionView(v))
	}
	return Answer{Body: NewList(views, c.next(versions.Next))}, nil
}
