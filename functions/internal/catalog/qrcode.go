package catalog

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"slipway/functions/internal/fault"
)

// Bounds of a QR code (spec 8), in characters.
const (
	maxPagePath    = 256
	maxLaunchQuery = 64
	maxPurpose     = 64
)

// QRCode leads to a page of a mini program in a target app. It never changes: what is printed stays printed.
type QRCode struct {
	Code        string      `json:"code"`
	MiniProgram string      `json:"miniProgram"`
	Workspace   string      `json:"workspace"` // that owns the mini program
	TargetApp   string      `json:"targetApp"`
	Environment Environment `json:"environment"`
	Page        string      `json:"page,omitempty"`        // path from the root; "" for the entrance of an h5 mini program
	Query       string      `json:"query,omitempty"`       // handed to the page when it is launched
	Description string      `json:"description,omitempty"` // what the code is for
	Version     string      `json:"version"`               // that was full when the code was made, and has the page
	CreatedBy   Person      `json:"createdBy"`
	CreatedAt   time.Time   `json:"createdAt"`
}

// Validate names everything wrong with a code for a mini program of that kind, in a version that has these pages. It
// does not ask whether the target is one.
func (q QRCode) Validate(kind MiniProgramType, version string, pages []string) []fault.Field {
	out := q.validatePage(kind, version, pages)
	if q.Query != "" {
		switch n := utf8.RuneCountInString(q.Query); {
		case strings.HasPrefix(q.Query, "?"):
			out = append(out, wrong("query", "begins with a question mark; leave it out, for example table=12")...)
		case n > maxLaunchQuery:
			out = append(out, wrong("query", "has %d characters; at most %d are allowed", n, maxLaunchQuery)...)
		default:
			out = append(out, text("query", q.Query, 1, maxLaunchQuery, false)...)
		}
	}
	if q.Description != "" {
		out = append(out, text("description", q.Description, 1, maxPurpose, false)...)
	}
	return out
}

func (q QRCode) validatePage(kind MiniProgramType, version string, pages []string) []fault.Field {
	n := utf8.RuneCountInString(q.Page)
	switch {
	case kind == H5 && q.Page == "":
		return nil
	case kind == H5:
		return wrong("page", "belongs to mini programs with pages; this one is h5 and opens at its entrance URL, leave it out")
	case q.Page == "":
		return wrong("page", "is required: the path of a page, for example %s", example(pages))
	case n > maxPagePath:
		return wrong("page", "has %d characters; at most %d are allowed", n, maxPagePath)
	case strings.ContainsAny(q.Page, "?#"):
		return wrong("page", "is %s; the path ends before the question mark, what follows belongs into query", show(q.Page))
	case !slices.Contains(pages, q.Page):
		return wrong("page", "is %s, which version %s does not have; a path such as %s is expected", show(q.Page), version, example(pages))
	}
	return nil
}

func example(pages []string) string {
	if len(pages) == 0 {
		return "pages/index/index"
	}
	return pages[0]
}

// DeepLink is the address at which the super app's own scheme opens the page:
//
//	demowallet://mini-program/mp_0123?env=sandbox&page=pages%2Findex%2Findex&query=table%3D12
//
// env is left out for production, page and query when they are empty. Values are percent-encoded, blanks as %20, since
// not every app reads a plus sign as a blank.
func (q QRCode) DeepLink(scheme, page string) string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
		}
	}
	if q.Environment != Production {
		add("env", string(q.Environment))
	}
	add("page", page)
	add("query", q.Query)
	link := fmt.Sprintf("%s://mini-program/%s", scheme, url.PathEscape(q.MiniProgram))
	if len(parts) > 0 {
		link += "?" + strings.Join(parts, "&")
	}
	return link
}
