package cloud

import (
	"log/slog"
	"os"
)

// Every function that has ports imports this package, so this is where the log of all of them gets its form: one JSON
// object per line, with the names that Lambda and its log filters know. On a laptop the log stays as it is.
func init() {
	if os.Getenv("AWS_LAMBDA_FUNCTION_NAME") != "" {
		slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{ReplaceAttr: lambdaNames})))
	}
}

// lambdaNames renames what Lambda looks for; attributes in groups are the caller's own.
func lambdaNames(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		a.Key = "timestamp"
	case slog.MessageKey:
		a.Key = "message"
	}
	return a
}
