package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
)

// A check that nothing has changed for gives what it gave before. What it finds is decided by the project's files, the
// settings and domains it is held against, and this program: all of them make the key under which it is kept.

// inputs is what decides, beside the project's files and the program, what a check finds. Lists that are not given differ
// from empty ones.
type inputs struct {
	Runtime    profile.Runtime
	Server, H5 []string
}

// answer gives what was found before, or else finds it and keeps it for the next time.
func (c *checking) answer(ctx context.Context, archive *intake.Archive, runtime profile.Runtime) (*checked, error) {
	if c.cache == "" {
		return c.find(ctx, archive, runtime, nil)
	}
	files := openCache(c.cache)
	program, err := digestOfProgram()
	if err != nil { // what cannot be told apart is not kept
		return c.find(ctx, archive, runtime, files)
	}
	key, err := keyOf(program, archive.Files, inputs{Runtime: runtime, Server: c.server, H5: c.h5})
	if err != nil {
		return nil, err
	}
	if done := files.recall(key); done != nil {
		return done, nil
	}
	done, err := c.find(ctx, archive, runtime, files)
	if err == nil {
		files.remember(key, done)
	}
	return done, err
}

// keyOf is where what a check found is kept: 64 hexadecimal digits.
func keyOf(program []byte, files map[string][]byte, in inputs) (string, error) {
	settings, err := json.Marshal(in)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	part := func(b []byte) { // each with its length, so that nothing moves from one to the next unseen
		_ = binary.Write(h, binary.BigEndian, uint64(len(b))) // a hash takes everything
		_, _ = h.Write(b)
	}
	part([]byte("what a check found, 1"))
	part(program)
	part(settings)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		part([]byte(name))
		part(files[name])
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// digestOfProgram is of this program's own file, whose bytes decide as much as the project's.
func digestOfProgram() ([]byte, error) {
	name, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return h.Sum(nil), err
}

// hasty are rules that say how long something took on this machine, which another time may differ.
var hasty = map[string]bool{"smoke-incomplete": true, "smoke-endless": true, "not-analysed": true, "rules-incomplete": true}

// worthKeeping says whether another check of the same would find the same: not where a limit of time or memory was met. A
// build that fails is quick, and is not kept either.
func worthKeeping(done *checked) bool {
	return done.Report != nil && !slices.ContainsFunc(done.Report.Findings, func(f compat.Finding) bool { return hasty[f.Rule] })
}

// recall gives what was found before under a key, or nil.
func (f *cacheFiles) recall(key string) *checked {
	var done checked
	if data := f.Load(key); data == nil || json.Unmarshal(data, &done) != nil || done.Report == nil {
		return nil
	}
	done.Before = true
	return &done
}

func (f *cacheFiles) remember(key string, done *checked) {
	if !worthKeeping(done) {
		return
	}
	if data, err := json.Marshal(done); err == nil {
		f.Keep(key, data)
	}
}
