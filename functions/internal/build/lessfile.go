package build

import (
	"context"
	"errors"
	"path"
	"strings"
	"time"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/less"
)

// lessTime bounds one sheet in less, whose loops can run without end; the largest real ones take a second.
const lessTime = 20 * time.Second

// source gives a sheet as CSS; of one that cannot be compiled it gives nothing, and a diagnostic.
func (s *styles) source(ctx context.Context, file string) string {
	s.mu.Lock()
	bad := s.bad[file]
	s.mu.Unlock()
	if bad {
		return ""
	}
	src := string(intake.TrimMark(s.p.Files[file]))
	if path.Ext(file) != ".less" {
		return src
	}
	css, problem, err := s.less.Render(ctx, file, src)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.Is(err, less.ErrTime):
		s.Err("style-error", file, 1, 1, "Look for a mixin or loop without an end.", "The sheet took longer than %d seconds to compile.", int(lessTime.Seconds()))
	case err != nil:
		s.failed = err
	case problem != nil:
		s.Err("style-error", problem.File, problem.Line, problem.Column, "Correct the sheet there.", "%s", sentence(problem.Message))
	}
	return css
}

// lessFile answers less.js, which asks for the files of @import.
func (s *styles) lessFile(name, dir string) (file, src string, ok bool) {
	importer := path.Join(strings.TrimSuffix(dir, "/"), "x.less")
	to := s.find(importer, name)
	if to == "" {
		return "", "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.acceptable(to) {
		return "", "", false
	}
	return to, string(intake.TrimMark(s.p.Files[to])), true
}
