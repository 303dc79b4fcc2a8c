package upload_test

import (
	"testing"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/catalog"
)

func TestWhatMayBeUploadedCanBeTakenIn(t *testing.T) {
	if got := intake.DefaultLimits().MaxUpload; got != catalog.MostArchive {
		t.Errorf("an upload may have %d bytes, an intake takes %d", int64(catalog.MostArchive), got)
	}
}
