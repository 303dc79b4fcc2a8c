package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// Intake takes an uploaded archive in and reads the project's configuration. An error names everything that cannot be
// built; warnings are what it noticed and let pass. It comes from outside because what reads archives has tables of all
// writing systems, which no other function has a use for.
type Intake func(archive []byte) (pages []string, warnings []fault.Field, err error)

// SubmitVersion answers POST /v1/mini-programs/{id}/versions/{number}/submit, once the project has been uploaded: it
// is unpacked and its configuration read, and refused with every file at fault, or kept from now on as it is.
func SubmitVersion(t store.Table, packages release.Keeper, takeIn Intake) Handler {
	return Serve(t, Operations{"submitVersion": func(ctx context.Context, c *Call) (Answer, error) {
		if err := c.NoBody(); err != nil {
			return Answer{}, err
		}
		m, err := c.miniProgram(ctx, t, catalog.UploadVersion)
		if err != nil {
			return Answer{}, err
		}
		v, err := store.Version(ctx, t, m.ID, c.Param("number"))
		if err != nil {
			return Answer{}, err
		}
		if err := submittable(m, v); err != nil {
			return Answer{}, err
		}
		archive, err := uploaded(ctx, packages, v)
		if err != nil {
			return Answer{}, err
		}
		sum := sha256.Sum256(archive)
		v.ArchiveSHA256, v.ArchiveSize = hex.EncodeToString(sum[:]), int64(len(archive))
		if err := v.CheckDigest(v.ArchiveSHA256); err != nil {
			return Answer{}, err
		}
		pages, warnings, err := takeIn(archive)
		if err != nil {
			return Answer{}, err
		}
		v.Pages = pages
		return c.submit(ctx, t, packages, v, archive, warnings)
	}})
}

func submittable(m catalog.MiniProgram, v catalog.Version) error {
	if v.Status == catalog.Submitted {
		return fault.New(fault.Conflict, "already_submitted", "Version %s is submitted already; create a version with a greater number for another project.", v.Number)
	}
	return greater(v.Number, m)
}

// uploaded reads the whole archive, so that what is inspected and what is kept are the same bytes, whatever is sent
// to the upload address meanwhile.
func uploaded(ctx context.Context, packages release.Reader, v catalog.Version) ([]byte, error) {
	object, err := packages.Open(ctx, v.ArchiveKey)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.Conflict, "nothing_uploaded", "The project of version %s has not been uploaded yet; upload it first, then submit.", v.Number)
	}
	if err != nil {
		return nil, err
	}
	defer object.Close()
	if object.Size() > catalog.MostArchive {
		return nil, fault.New(fault.TooLarge, "archive_size", "The archive has %d bytes; at most %d are allowed.", object.Size(), catalog.MostArchive)
	}
	return io.ReadAll(io.NewSectionReader(object, 0, object.Size()))
}

// submit keeps the archive under its digest and takes the number.
func (c *Call) submit(ctx context.Context, t store.Table, packages release.Keeper, v catalog.Version, archive []byte, warnings []fault.Field) (Answer, error) {
	awaitedAt := v.ArchiveKey
	v.ArchiveKey = fmt.Sprintf("projects/%s/%s/%s.zip", v.MiniProgram, v.Number, v.ArchiveSHA256)
	v.Status, v.SubmittedAt = catalog.Submitted, c.Now
	if err := packages.Put(ctx, v.ArchiveKey, "application/zip", archive); err != nil {
		return Answer{}, err
	}
	return repeated(func() (Answer, error) {
		m, rev, err := c.miniProgramRev(ctx, t, catalog.UploadVersion)
		if err != nil {
			return Answer{}, err
		}
		now, versionRev, err := store.FindVersion(ctx, t, m.ID, v.Number)
		if err != nil {
			return Answer{}, err
		}
		if err := submittable(m, now); err != nil {
			return Answer{}, err
		}
		if err := now.CheckDigest(v.ArchiveSHA256); err != nil { // announced anew meanwhile
			return Answer{}, err
		}
		v.Announced = now.Announced
		m.HighestVersion = v.Number
		event := c.Event("submit_version")
		event.MiniProgram, event.Workspace, event.Detail = m.ID, m.Workspace, v.Number
		event.Before, event.After = awaitedAt, v.ArchiveSHA256
		view := versionView(v)
		view.Warnings = warnings
		writes := append(store.EventWrites(event), store.SaveVersion(v, versionRev), store.SaveMiniProgram(m, rev))
		return Answer{Body: view}, t.Transact(ctx, writes...)
	})
}
