// Package less compiles style sheets written in less, with less.js itself running in a script engine inside the process.
//
// What belongs here: the engine, and the seam through which less.js asks for files. What does not: which files a project
// has, and what becomes of the CSS (package build). less.js is Apache-2.0; LICENSE beside it has the texts.
package less

import (
	"context"
	_ "embed" // less.js
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/dop251/goja"
)

//go:embed less.min.js
var source string

// program is parsed once per process: that takes longer than most sheets.
var program = sync.OnceValues(func() (*goja.Program, error) { return goja.Compile("less.js", source, false) })

// Find gives a file that a sheet in dir imports by name. It is the only way from less to anything outside.
type Find func(name, dir string) (file, src string, ok bool)

// Problem is what less has against a sheet.
type Problem struct {
	Message string
	File    string
	Line    int // 1-based, 0 when unknown
	Column  int // 1-based
}

// Compiler compiles sheets of one project, one at a time; it is safe for concurrent use.
type Compiler struct {
	mu    sync.Mutex
	find  Find
	limit time.Duration
	vm    *goja.Runtime
	call  goja.Callable
}

// New makes a compiler that gives each sheet a time, in which waiting for other sheets does not count; the engine starts
// with the first one.
func New(find Find, limit time.Duration) *Compiler { return &Compiler{find: find, limit: limit} }

// ErrTime is why a sheet that took longer than its time gave nothing.
var ErrTime = errors.New("the sheet took too long")

// maxCalls bounds recursion, which mixins allow without end.
const maxCalls = 1_500

func (c *Compiler) start() error {
	if c.vm != nil {
		return nil
	}
	p, err := program()
	if err != nil {
		return fmt.Errorf("parse less.js: %w", err)
	}
	vm := goja.New()
	vm.SetMaxCallStackSize(maxCalls)
	err = vm.Set("findFile", func(name, dir string) any {
		file, src, ok := c.find(name, dir)
		if !ok {
			return nil
		}
		return map[string]any{"file": file, "contents": src}
	})
	if err == nil {
		_, err = vm.RunProgram(p)
	}
	if err != nil {
		return fmt.Errorf("start less.js: %w", err)
	}
	call, ok := goja.AssertFunction(vm.Get("renderLess"))
	if !ok {
		return fmt.Errorf("start less.js: it has no renderLess")
	}
	c.vm, c.call = vm, call
	return nil
}

// Render gives the sheet's CSS, addresses in it relative to file, or what is wrong with it. An error is the context's end
// or a fault of this package.
func (c *Compiler) Render(ctx context.Context, file, src string) (string, *Problem, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return "", nil, err
	}
	if err := c.start(); err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.limit, ErrTime)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { c.vm.Interrupt(ctx.Err()) })
	v, err := c.call(goja.Undefined(), c.vm.ToValue(file), c.vm.ToValue(src))
	if !stop() || ctx.Err() != nil {
		c.vm = nil // interrupted, or about to be: the next sheet starts afresh
		return "", nil, context.Cause(ctx)
	}
	if err != nil {
		c.vm = nil
		return "", &Problem{Message: "The sheet cannot be compiled (" + err.Error() + ")", File: file}, nil
	}
	out := v.ToObject(c.vm)
	if css := out.Get("css"); css != nil {
		return css.String(), nil, nil
	}
	return "", &Problem{Message: out.Get("message").String(), File: out.Get("file").String(), Line: int(out.Get("line").ToInteger()), Column: int(out.Get("column").ToInteger())}, nil
}
