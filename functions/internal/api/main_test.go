package api_test

import (
	"io"
	"log/slog"
	"os"
	"testing"
)

// TestMain keeps the log lines of hundreds of calls out of the output; one test reads them.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}
