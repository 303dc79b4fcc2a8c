// Package isolate builds a project in a process of its own, so that one made to exhaust the compiler takes down that
// process and not the one that serves everybody else.
//
// What belongs here: starting the process, its limits, and what its death means. What does not: the build itself. On AWS
// a function that only builds may call package build directly: there the runtime is the isolation.
package isolate

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"time"

	"slipway/functions/internal/build"
)

// childVariable in the environment makes a program a build process; see Main.
const childVariable = "SLIPWAY_BUILD_PROCESS"

const (
	maxStack   = 256 << 20
	maxMemory  = 768 << 20  // what Go's collector aims to stay below
	maxAddress = 1280 << 20 // what the system allows: a function of 1 769 MB holds this and its parent
	maxSeconds = 120        // of processor time
)

// request is what a build process is given, answer what it gives back.
type request struct {
	Files   map[string][]byte
	Options build.Options
}

type answer struct {
	Result *build.Result
	Err    string
}

// Main turns the program into a build process when Build started it, and then does not return. A program that uses Build
// calls it first thing in main; otherwise it does nothing.
func Main() {
	if os.Getenv(childVariable) == "" {
		return
	}
	debug.SetMaxStack(maxStack)
	debug.SetMemoryLimit(maxMemory)
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

func serve(in io.Reader, out io.Writer) error {
	var q request
	if err := gob.NewDecoder(in).Decode(&q); err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	p, diagnostics := build.Load(&build.Archive{Files: q.Files})
	a := answer{Result: build.Unusable(diagnostics)}
	if p != nil {
		r, err := build.Build(context.Background(), p, q.Options)
		a.Result = r
		if err != nil {
			a.Err = err.Error()
		}
	}
	return gob.NewEncoder(out).Encode(a)
}

// Build loads and builds a project as build.Load and build.Build do, in another process, and signs here: a key never
// reaches a process that handles a merchant's code. A project that kills its process is a failed build with the
// diagnostic "build-exhausted"; an error is what is wrong on this side, the context's end included.
func Build(ctx context.Context, a *build.Archive, o build.Options) (*build.Result, error) {
	signer := o.Signer
	o.Signer = nil
	var in bytes.Buffer
	if err := gob.NewEncoder(&in).Encode(request{Files: a.Files, Options: o}); err != nil {
		return nil, fmt.Errorf("write build request: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own program: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*maxSeconds*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = []string{childVariable + "=1"} // nothing of ours: no credentials, no settings
	cmd.Dir = os.TempDir()
	cmd.Stdin = &in
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start build process: %w", err)
	}
	died := cmd.Wait()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var got answer
	if died != nil || gob.NewDecoder(&out).Decode(&got) != nil {
		return exhausted(), nil
	}
	if got.Err != "" {
		return nil, fmt.Errorf("build process: %s", got.Err)
	}
	if signer == nil || got.Result.Failed {
		return got.Result, nil
	}
	if err := got.Result.Sign(ctx, signer); err != nil {
		return nil, err
	}
	return got.Result, nil
}

func exhausted() *build.Result {
	d := build.Diagnostic{Severity: "error", Rule: "build-exhausted", Message: "The build needed more time, memory or depth than a project may.",
		Advice: "Look for generated code that is nested without end, and leave it out or split it."}
	return &build.Result{Failed: true, Diagnostics: []build.Diagnostic{d}, Log: "Build failed: " + d.Message + " " + d.Advice + "\n"}
}
