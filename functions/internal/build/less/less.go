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
	"runtime"
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

// Compiler compiles sheets of one project, on every processor; it is safe for concurrent use.
type Compiler struct {
	find  Find
	limit time.Duration
	cache Cache
	idle  chan *engine

	outlines sync.Map // of texts; see unused.go
	whole    bool     // leaves nothing out, which tests compare with
}

// engine is one less.js. It starts with its first sheet.
type engine struct {
	vm    *goja.Runtime
	call  goja.Callable
	reads []read // of the sheet at hand

	texts   map[string]string // what stands for the files that the sheet imports; nil: they themselves
	strange bool              // it imports another file too
}

// New makes a compiler that gives each sheet a time, in which waiting for other sheets does not count. The cache may be nil.
func New(find Find, limit time.Duration, cache Cache) *Compiler {
	c := &Compiler{find: find, limit: limit, cache: cache, idle: make(chan *engine, runtime.GOMAXPROCS(0))}
	for range cap(c.idle) {
		c.idle <- &engine{}
	}
	return c
}

// ErrTime is why a sheet that took longer than its time gave nothing.
var ErrTime = errors.New("the sheet took too long")

// maxCalls bounds recursion, which mixins allow without end.
const maxCalls = 1_500

func (e *engine) start(find Find) error {
	if e.vm != nil {
		return nil
	}
	p, err := program()
	if err != nil {
		return fmt.Errorf("parse less.js: %w", err)
	}
	vm := goja.New()
	vm.SetMaxCallStackSize(maxCalls)
	err = vm.Set("findFile", func(name, dir string) any {
		file, src, ok := find(name, dir)
		e.reads = append(e.reads, newRead(name, dir, file, src, ok))
		if !ok {
			return nil
		}
		if text, expected := e.texts[file]; expected {
			src = text
		} else if e.texts != nil {
			e.strange = true
		}
		return map[string]any{"file": file, "contents": plain(src)}
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
	e.vm, e.call = vm, call
	return nil
}

// Render gives the sheet's CSS, addresses in it relative to file, or what is wrong with it. An error is the context's end
// or a fault of this package.
func (c *Compiler) Render(ctx context.Context, file, src string) (string, *Problem, error) {
	if err := ctx.Err(); err != nil {
		return "", nil, err
	}
	key := Key(file, src)
	if css, ok := c.cached(key); ok {
		return css, nil, nil
	}
	var e *engine
	select {
	case e = <-c.idle:
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
	defer func() { c.idle <- e }()
	if err := e.start(c.find); err != nil {
		return "", nil, err
	}
	if e.texts, e.strange = nil, false; !c.whole {
		e.texts = c.without(file, src)
	}
	css, problem, err := e.render(ctx, c.limit, file, src)
	if e.texts != nil && err == nil && (problem != nil || e.strange) {
		e.texts = nil
		if err := e.start(c.find); err != nil { // a fault may have ended it
			return "", nil, err
		}
		css, problem, err = e.render(ctx, c.limit, file, src)
	}
	if problem == nil && err == nil {
		c.keep(key, css, e.reads)
	}
	return css, problem, err
}

func (e *engine) render(ctx context.Context, limit time.Duration, file, src string) (string, *Problem, error) {
	e.reads = nil
	ctx, cancel := context.WithTimeoutCause(ctx, limit, ErrTime)
	defer cancel()
	vm := e.vm
	stop := context.AfterFunc(ctx, func() { vm.Interrupt(ctx.Err()) })
	v, err := e.call(goja.Undefined(), vm.ToValue(file), vm.ToValue(plain(src)))
	if !stop() || ctx.Err() != nil {
		e.vm = nil // interrupted, or about to be: the next sheet starts afresh
		return "", nil, context.Cause(ctx)
	}
	if err != nil {
		e.vm = nil
		if overflow := (*goja.StackOverflowError)(nil); errors.As(err, &overflow) {
			return "", &Problem{Message: "The sheet's imports, mixins or functions lead back to themselves without an end", File: file, Line: 1, Column: 1}, nil
		}
		return "", &Problem{Message: "The sheet cannot be compiled (" + err.Error() + ")", File: file}, nil
	}
	out := v.ToObject(vm)
	if css := out.Get("css"); css != nil {
		return css.String(), nil, nil
	}
	return "", &Problem{Message: out.Get("message").String(), File: out.Get("file").String(), Line: int(out.Get("line").ToInteger()), Column: int(out.Get("column").ToInteger())}, nil
}
