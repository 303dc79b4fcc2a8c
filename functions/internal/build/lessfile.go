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
	s.follow(file)
	switch {
	case errors.Is(err, less.ErrTime):
		s.Err("style-error", file, 1, 1, "Look for a mixin or loop without an end.", "The sheet took longer than %d seconds to compile.", int(lessTime.Seconds()))
	case err != nil:
		s.failed = err
	case problem != nil:
		s.lessProblem(problem)
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

// lessProblem tells what less has against a sheet, and of a file that is not there what to do about it.
func (s *styles) lessProblem(p *less.Problem) {
	message, advice, pkg := sentence(p.Message), "Correct the sheet there.", ""
	rest, ok := strings.CutPrefix(p.Message, `The style sheet "`)
	if name, _, found := strings.Cut(rest, `" cannot be found`); ok && found {
		why := s.absentSheet(p.File, name)
		message, advice, pkg = why.Message, why.Advice, why.Package
	}
	n := len(s.List)
	if s.Err("style-error", p.File, p.Line, p.Column, advice, "%s", message); len(s.List) > n { // it tells so many and no more
		s.List[n].Package = pkg
	}
}

// follow notes what a sheet in less imports, and what that does; package less says nothing of it.
func (s *styles) follow(file string) {
	queue := []string{file}
	for len(queue) > 0 {
		file, queue = queue[0], queue[1:]
		if s.followed[file] || path.Ext(file) != ".less" {
			continue
		}
		s.followed[file] = true
		for _, i := range less.Imports(string(s.p.Files[file])) {
			if to := s.find(file, i.Name); to != "" {
				s.imports[file] = append(s.imports[file], to)
				s.places[[2]string{file, to}] = i.At
				queue = append(queue, to)
			}
		}
	}
}
