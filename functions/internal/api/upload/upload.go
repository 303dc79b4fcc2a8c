// Package upload takes in what a merchant uploaded, for the one handler that does. What an archive may be is said by
// package intake, and what becomes of it by package api.
package upload

import (
	"bytes"
	"fmt"
	"strings"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/fault"
)

// TakeIn is api.Intake: it takes the archive in and reads the project's configuration.
func TakeIn(archive []byte) (pages []string, warnings []fault.Field, err error) {
	a, err := intake.Unpack(bytes.NewReader(archive), int64(len(archive)), intake.Limits{})
	if err != nil {
		return nil, nil, err
	}
	project, diagnostics := intake.Load(a)
	var wrong []fault.Field
	for _, d := range diagnostics {
		if d.Severity == "error" {
			wrong = append(wrong, fieldOf(d))
		} else {
			warnings = append(warnings, fieldOf(d))
		}
	}
	if len(wrong) > 0 || project == nil {
		return nil, nil, unusable(wrong)
	}
	if n := len(project.Pages); n > mostPages {
		return nil, nil, unusable([]fault.Field{{Field: "pages", File: "app.json", Detail: fmt.Sprintf("declares %d pages; at most %d are allowed", n, mostPages)}})
	}
	for _, p := range project.Pages {
		pages = append(pages, p.Path)
	}
	return pages, warnings, nil
}

// mostPages bounds the pages of a version, which are kept in its record: a path has 240 bytes at most, and a record
// 300 KiB. The largest project known has 189.
const mostPages = 1000

func fieldOf(d intake.Diagnostic) fault.Field {
	detail := d.Message
	if d.Advice != "" {
		detail = strings.TrimSuffix(detail, ".") + ". " + d.Advice
	}
	return fault.Field{Field: d.Rule, Detail: detail, File: d.File, Line: d.Line, Column: d.Column}
}

func unusable(wrong []fault.Field) error {
	e := fault.New(fault.Unprocessable, "project_unusable", "The project cannot be built.")
	if len(wrong) > 0 {
		first := wrong[0]
		e.Detail = fmt.Sprintf("The project cannot be built: %s: %s", first.File, first.Detail)
		if first.File == "" {
			e.Detail = "The project cannot be built: " + first.Detail
		}
		if more := len(wrong) - 1; more > 0 {
			e.Detail += fmt.Sprintf(" (and %d more)", more)
		}
	}
	e.Fields = wrong
	return e
}
