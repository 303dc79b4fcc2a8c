package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/removal"
	"slipway/functions/internal/store"
)

// imageTypes are what an image may be, as its content says.
var imageTypes = []string{"image/png", "image/jpeg", "image/webp"}

// imageDays is how long an uploaded image waits to be named in a request.
const imageDays = 7

// CreateImage answers POST /v1/mini-programs/{id}/images: where to upload an image, which a force removal then names.
func CreateImage(t store.Table, packages release.Uploads) Handler {
	return Serve(t, Operations{"createImage": func(ctx context.Context, c *Call) (Answer, error) {
		var in struct {
			Name        string `json:"name"`
			ContentType string `json:"contentType"`
			Size        int64  `json:"size"`
			SHA256      string `json:"sha256"` // optional: nothing else can be uploaded then
		}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		m, err := c.imageProgram(ctx, t)
		if err != nil {
			return Answer{}, err
		}
		var wrong []fault.Field
		if !slices.Contains(imageTypes, in.ContentType) {
			wrong = append(wrong, fault.Field{Field: "contentType", Detail: fmt.Sprintf("must be one of %v", imageTypes)})
		}
		if in.Size < 1 || in.Size > removal.MaxImageSize {
			wrong = append(wrong, fault.Field{Field: "size", Detail: fmt.Sprintf("must be 1 to %d bytes", removal.MaxImageSize)})
		}
		wrong = append(wrong, slices.Concat(catalog.Title("name", in.Name), catalog.ValidateDigest("sha256", in.SHA256))...)
		if err := fault.Fields(wrong); err != nil {
			return Answer{}, err
		}
		i := approval.Image{ID: c.NewID("img"), Name: in.Name, ContentType: in.ContentType, Size: in.Size}
		i.Key = "images/" + m.ID + "/" + i.ID
		upload, err := packages.Upload(ctx, i.Key, release.Content{Type: i.ContentType, MaxBytes: in.Size, SHA256: in.SHA256})
		if err != nil {
			return Answer{}, err
		}
		if err := t.Transact(ctx, store.SaveImage(m.ID, i, c.Now.AddDate(0, 0, imageDays))); err != nil {
			return Answer{}, err
		}
		return Answer{Status: http.StatusCreated, Body: map[string]any{"id": i.ID, "upload": upload}}, nil
	}})
}

// imageProgram is the mini program in the path, for those who may edit it, or who may have it removed.
func (c *Call) imageProgram(ctx context.Context, t store.Table) (catalog.MiniProgram, error) {
	m, err := c.miniProgram(ctx, t, catalog.SeeMiniProgram)
	if err != nil {
		return m, err
	}
	if c.Actor.May(catalog.EditMiniProgram, objectOf(c.Actor, m)) {
		return m, nil
	}
	for _, membership := range c.Actor.Memberships {
		o := objectOf(c.Actor, m)
		o.AppWorkspaces = []string{membership.Workspace}
		if c.Actor.May(catalog.ForceRemove, o) {
			return m, nil
		}
	}
	return m, fault.New(fault.Forbidden, "forbidden", "Only who may edit the mini program, or admins of a super app that may have it removed, upload images.")
}

// Inspect says whether an image of a media type is there from its beginning to its end. It comes from outside because
// no other function has a use for what reads images.
type Inspect func(contentType string, data []byte) (whole bool)

// checkedImages are the images a request names, each looked into: what is in it counts, not what it is called.
func checkedImages(ctx context.Context, t store.Table, packages release.Keeper, whole Inspect, miniProgram string, ids []string) ([]approval.Image, error) {
	if len(ids) > removal.MaxImages {
		return nil, fault.Fields([]fault.Field{{Field: "images", Detail: fmt.Sprintf("names %d images; at most %d are possible", len(ids), removal.MaxImages)}})
	}
	for i, id := range ids {
		if !nameable(id) {
			return nil, fault.Fields([]fault.Field{{Field: fmt.Sprintf("images[%d]", i), Detail: notAnID}})
		}
	}
	images, err := store.Images(ctx, t, miniProgram, ids)
	if err != nil {
		return nil, err
	}
	var wrong []fault.Field
	for i := range images {
		field := fmt.Sprintf("images[%d]", i)
		if images[i].ID == "" || slices.Contains(ids[:i], ids[i]) {
			wrong = append(wrong, fault.Field{Field: field, Detail: fmt.Sprintf("%q is not the id of an image uploaded for this mini program, or is named twice", ids[i])})
			continue
		}
		why, err := inspectImage(ctx, packages, whole, &images[i])
		if err != nil {
			return nil, err
		}
		if why != "" {
			wrong = append(wrong, fault.Field{Field: field, Detail: images[i].Name + " " + why})
		}
	}
	return images, fault.Fields(wrong)
}

// inspectImage says what is wrong with an uploaded image, and sets its type and size by what is there. What it has looked
// at is kept apart: the address of the upload still takes other bytes for a while, and nobody decides by those.
func inspectImage(ctx context.Context, packages release.Keeper, whole Inspect, i *approval.Image) (why string, err error) {
	object, err := packages.Open(ctx, i.Key)
	if fault.Is(err, fault.NotFound) {
		return "is not uploaded yet: send it to the address that was answered for it", nil
	}
	if err != nil {
		return "", err
	}
	defer object.Close()
	if object.Size() > removal.MaxImageSize {
		return fmt.Sprintf("has %d bytes; at most %d are possible", object.Size(), removal.MaxImageSize), nil
	}
	data, err := io.ReadAll(io.NewSectionReader(object, 0, object.Size()))
	if err != nil {
		return "", err
	}
	i.Size, i.ContentType = object.Size(), http.DetectContentType(data)
	if !slices.Contains(imageTypes, i.ContentType) {
		return fmt.Sprintf("is no image but %s by its content; png, jpeg and webp are possible", i.ContentType), nil
	}
	if !whole(i.ContentType, data) {
		return "is broken or incomplete as " + i.ContentType, nil
	}
	i.Key += "-" + sha256Hex(string(data))
	return "", packages.Put(ctx, i.Key, i.ContentType, data)
}
