// Package isolate builds a project in a process of its own, so that one made to exhaust the compiler takes down that
// process and not the one that serves everybody else.
//
// What belongs here: starting the process, its limits, and what its death means. What does not: the build itself. On AWS
// a function that only builds may call package build directly: there the runtime is the isolation.
package isolate

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"sync"
	"time"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/intake"
)

// childVariable in the environment makes a program a build process; see Main.
const childVariable = "SLIPWAY_BUILD_PROCESS"

const (
	maxStack    = 256 << 20
	maxMemory   = 768 << 20  // what Go's collector aims to stay below for the largest projects
	leastMemory = 224 << 20  // and for small ones
	maxAddress  = 1280 << 20 // what the system allows: a function of 1 769 MB holds this and its parent
	maxSeconds  = 120        // of processor time
)

// Main turns the program into a build process when Build started it, and then does not return. A program that uses Build
// calls it first thing in main; otherwise it does nothing.
func Main() {
	if os.Getenv(childVariable) == "" {
		return
	}
	debug.SetMaxStack(maxStack)
	if err := Limit(maxSeconds, maxAddress); err != nil {
		fmt.Fprintln(os.Stderr, "limit build process:", err)
		os.Exit(1)
	}
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "build process:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// collect sets the collector for a project: rarely while little is in use, for less.js makes much waste, and as hard as
// needed before a process of a small project grows large.
func collect(files map[string][]byte) {
	size := int64(0)
	for _, b := range files {
		size += int64(len(b))
	}
	debug.SetGCPercent(300)
	debug.SetMemoryLimit(min(maxMemory, max(leastMemory, 4*size)))
}

func serve(in io.Reader, out io.Writer) error {
	files, sheets, options, err := receiveProject(in)
	if err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	collect(files)
	cache := &handed{known: sheets, fresh: map[string][]byte{}}
	options.Sheets = cache
	p, diagnostics := intake.Load(&intake.Archive{Files: files})
	result, fault := build.Unusable(diagnostics), error(nil)
	if p != nil {
		result, fault = build.Build(context.Background(), p, options)
	}
	return sendResult(out, files, cache.fresh, result, fault)
}

// Build loads and builds a project as intake.Load and build.Build do, in another process, and signs here: a key never
// reaches a process that handles a merchant's code. A project that kills its process is a failed build with the
// diagnostic "build-exhausted"; an error is what is wrong on this side, the context's end included.
func Build(ctx context.Context, a *intake.Archive, o build.Options) (*build.Result, error) {
	signer := o.Signer
	o.Signer = nil
	if o.Sheets == nil {
		o.Sheets = shared
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own program: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*maxSeconds*time.Second)
	defer cancel()
	cmd := Command(ctx, self)
	cmd.Env = append(cmd.Env, childVariable+"=1")
	result, fault, err := talk(cmd, a.Files, o)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	switch {
	case err != nil:
		return nil, err
	case fault != "":
		return nil, fmt.Errorf("build process: %s", fault)
	case result == nil:
		return exhausted(), nil
	case signer == nil || result.Failed:
		return result, nil
	}
	return result, result.Sign(ctx, signer)
}

// talk runs the process: the project goes in and the result comes out file by file, so that neither side holds either
// twice. No result and no error means that the process died of the project.
func talk(cmd *exec.Cmd, files map[string][]byte, o build.Options) (result *build.Result, fault string, err error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, "", fmt.Errorf("start build process: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", fmt.Errorf("start build process: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("start build process: %w", err)
	}
	cache := o.Sheets
	o.Sheets = nil
	known, keys := sheetsOf(files, cache)
	var sending sync.WaitGroup
	sending.Go(func() {
		defer in.Close()
		_ = sendProject(in, files, known, o) // fails when the process has died, which is seen below
	})
	result, fault, broken := receiveResult(out, files, func(key string, compiled []byte) {
		if keys[key] {
			cache.Keep(key, compiled)
		}
	})
	_, _ = io.Copy(io.Discard, out)
	sending.Wait()
	if died := cmd.Wait(); died != nil || broken != nil {
		return nil, "", nil
	}
	return result, fault, nil
}

func exhausted() *build.Result {
	d := intake.Diagnostic{Severity: "error", Rule: "build-exhausted", Message: "The build needed more time, memory or depth than a project may.",
		Advice: "Look for generated code that is nested without end, and leave it out or split it."}
	return &build.Result{Failed: true, Diagnostics: []intake.Diagnostic{d}, Log: "Build failed: " + d.Message + " " + d.Advice + "\n"}
}
