package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/compat/smoke"
	"slipway/functions/internal/fault"
)

const checkUsage = `Builds and tests a mini program as Slipway would, on this machine and without a server.

Usage:
  go run ./functions/local check [flags] DIR|ZIP [flags]

DIR is the project folder as it lies in the editor, ZIP what would be uploaded. Nothing is written but --html's file
and, in --cache, what the next check can use, and the project's scripts run in child processes without network or files.

Exit status: 0 when it builds and nothing fails (warnings are allowed), 1 when the archive is refused, the build fails or
the test finds failures, 2 when there was nothing to check or the check could not run.

Flags:
`

// Exit statuses of check.
const (
	exitClean  = 0
	exitFaults = 1
	exitCannot = 2
)

// checking is one run of check: what was asked for, and where to say what.
type checking struct {
	path, html, runtimeFile string
	cache                   string // folder of what was compiled and found before, "" for none
	asJSON                  bool
	server, h5              domains
	out                     io.Writer
	progress                *progress
}

// domains is a flag that takes hosts, separated by commas; nil as long as it is not given.
type domains []string

func (d *domains) String() string { return strings.Join(*d, ",") }

func (d *domains) Set(s string) error {
	for host := range strings.SplitSeq(s, ",") {
		if host = strings.TrimSpace(host); host != "" {
			*d = append(*d, host)
		}
	}
	return nil
}

// check runs the command and gives the exit status. What it finds goes to out; how far it is and why it cannot run, to
// said.
func check(ctx context.Context, args []string, out io.Writer, said *os.File) int {
	c := &checking{out: out, progress: newProgress(said)}
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	flags.SetOutput(said)
	flags.BoolVar(&c.asJSON, "json", false, "write diagnostics and report as JSON")
	flags.StringVar(&c.html, "html", "", "write the report as a page to this `file`, also when the build fails")
	flags.StringVar(&c.runtimeFile, "runtime", "", "`file` with a target app's runtime settings as JSON; what it leaves out is as in a new target app")
	flags.StringVar(&c.cache, "cache", defaultCache(), "`folder` that keeps compiled less and what was found, for the next check; empty: none")
	flags.Var(&c.server, "server-domains", "`hosts` of the configuration that may be requested, separated by commas")
	flags.Var(&c.h5, "h5-domains", "`hosts` of the configuration that a web-view may show, separated by commas")
	flags.Usage = func() {
		fmt.Fprint(said, checkUsage)
		flags.PrintDefaults()
	}
	operands, err := parse(flags, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitClean
	case err != nil:
		if last := args[len(args)-1]; strings.HasPrefix(last, "-") {
			if _, err := os.Lstat(last); err == nil {
				fmt.Fprintf(said, "slipway: to check the file %s, name it ./%[1]s\n", plain(last))
			}
		}
		return exitCannot
	case len(operands) != 1:
		fmt.Fprintln(said, "slipway: check takes one folder or zip file beside its flags (see check --help)")
		return exitCannot
	}
	c.path = operands[0]
	status, err := c.run(ctx)
	c.progress.clear()
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx) // whatever was being done
	}
	if err != nil {
		fmt.Fprintln(said, "slipway:", plain(err.Error()))
	}
	return status
}

// parse takes flags before and after what they are about, up to a "--".
func parse(flags *flag.FlagSet, args []string) (operands []string, err error) {
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		rest := flags.Args()
		if at := len(args) - len(rest); len(rest) == 0 || at > 0 && args[at-1] == "--" {
			return append(operands, rest...), nil
		}
		operands, args = append(operands, rest[0]), rest[1:]
	}
}

func (c *checking) run(ctx context.Context) (int, error) {
	runtime, err := readRuntime(c.runtimeFile)
	if err == nil {
		err = c.checkDomains()
	}
	if err != nil {
		return exitCannot, err
	}
	c.progress.say("reading %s", c.path)
	archive, err := readArchive(c.path)
	var refused *fault.Error
	if errors.As(err, &refused) && refused.Kind != fault.Unavailable {
		return c.conclude(&checked{Build: outcomeOf(build.Unusable(refusals(refused)))})
	}
	if err != nil {
		return exitCannot, err
	}
	done, err := c.answer(ctx, archive, runtime)
	if err != nil {
		return exitCannot, err
	}
	return c.conclude(done)
}

// conclude writes what was found, and says by the exit status whether it is good.
func (c *checking) conclude(done *checked) (int, error) {
	if err := c.writeHTML(done); err != nil {
		return exitCannot, err
	}
	if done.Build.Failed || done.Report.Verdict == string(compat.Fail) {
		return c.end(exitFaults, done)
	}
	return c.end(exitClean, done)
}

// refusals are what is wrong with an archive that was not taken in, entry by entry.
func refusals(refused *fault.Error) []intake.Diagnostic {
	d := intake.Diagnostic{Severity: "error", Rule: refused.CodeOrKind(), Message: refused.Detail}
	if len(refused.Fields) < 2 {
		return []intake.Diagnostic{d}
	}
	list := make([]intake.Diagnostic, len(refused.Fields))
	for i, f := range refused.Fields {
		d.File, d.Message = f.File, f.Detail
		list[i] = d
	}
	return list
}

// find builds and tests.
func (c *checking) find(ctx context.Context, archive *intake.Archive, runtime profile.Runtime, files *cacheFiles) (*checked, error) {
	c.progress.say("building %d files", len(archive.Files))
	options := build.Options{Version: "0.0.0", AllowUnresolved: runtime.AllowUnresolved}
	if files != nil {
		options.Sheets = files
	}
	built, err := isolate.Build(ctx, archive, options)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	done := &checked{Build: outcomeOf(built)}
	if built.Failed {
		return done, nil
	}
	if done.Report, err = c.test(ctx, archive, built, runtime); err != nil {
		return nil, fmt.Errorf("test: %w", err)
	}
	return done, nil
}

// end writes what was found. What nobody could read was not checked, whatever it says: a full disk must not pass.
func (c *checking) end(status int, done *checked) (int, error) {
	if err := c.write(done); err != nil {
		return exitCannot, fmt.Errorf("write what was found: %w", err)
	}
	return status, nil
}

func (c *checking) test(ctx context.Context, archive *intake.Archive, built *build.Result, runtime profile.Runtime) (*compat.Report, error) {
	project, found := intake.Load(archive)
	if project == nil { // it has just been built
		return nil, errors.New(found[0].Message)
	}
	return compat.Run(ctx, compat.Input{
		Project: project, Built: built.Files, SourceMaps: built.SourceMaps, PackageBytes: built.Size, Runtime: runtime,
		ServerDomains: c.server, H5Domains: c.h5, Smoke: smoke.Runner{Tell: func(what string) { c.progress.say("%s", what) }},
	})
}

// writeHTML writes the page. Of what does not build it has the faults, so that nobody takes an older page for it.
func (c *checking) writeHTML(done *checked) error {
	if c.html == "" {
		return nil
	}
	name := c.path
	if whole, err := filepath.Abs(c.path); err == nil {
		name = filepath.Base(whole)
	}
	against := "Checked with the settings of a new target app"
	if c.runtimeFile != "" {
		against = "Checked with " + filepath.Base(c.runtimeFile)
	}
	if done.Before {
		against += ", before; nothing has changed since"
	}
	report := done.Report
	if done.Build.Failed {
		report = compat.Unbuilt(done.Build.Diagnostics)
	}
	var page bytes.Buffer
	if err := compat.WriteHTML(&page, compat.Heading{Title: name, Subtitle: against}, report); err != nil {
		return err
	}
	err := os.WriteFile(c.html, page.Bytes(), 0o644)
	if info, there := os.Lstat(c.html); err != nil && there == nil && info.Mode().IsRegular() {
		err = errors.Join(err, os.Remove(c.html)) // half a page would be taken for a whole one
	}
	return err
}
