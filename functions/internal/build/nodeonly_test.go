package build_test

import (
	"strings"
	"testing"

	"slipway/functions/internal/build"
)

// TestNodeWhereItIsAsked: a library that asks where it runs is taken in, and what is asked for in any case is refused.
func TestNodeWhereItIsAsked(t *testing.T) {
	for src, builds := range map[string]bool{
		"if (typeof process === 'object' && process.versions) { var fs = require('fs') }": true,
		"var isNode = false; var fs = isNode ? require('fs') : null":                      true,
		"var isNode = false; isNode && require('fs').readFileSync('x')":                   true,
		"exports.save = function () { return require('fs') }":                             true,
		"class A { save() { const { x } = require('fs'); return x?.y ?? 1 } }":            true,
		"switch (typeof process) { case 'object': require('fs') }":                        true,
		"var fs = require('fs')":                                                               false,
		"var x = { a: [require('fs')] }":                                                       false,
		"import fs from 'fs'; export default fs.x":                                             false,
		"if (require('fs')) {}":                                                                false,
		"var x = require('fs') && 1":                                                           false,
		"f(require('fs')); function f() {}":                                                    false,
		"exports.f = function () { require('fs') }; require('fs')":                             false,
		"if (typeof process === 'object') { require('left-pad') }":                             false,
		"exports.f = function () { require('./gone') }":                                        false,
		"if (typeof process === 'object') { require('fs') }; var c = require('child_process')": false,
	} {
		r := run(t, small(map[string]string{"app.js": "require('./lib'); App({})", "lib.js": src}), build.Options{})
		d, warned := find(r.Diagnostics, "node-module")
		if r.Failed == builds || builds && (!warned || d.File != "lib.js" || d.Line != 1 || d.Severity != "warning" || d.Advice == "") {
			t.Errorf("%s: builds %v\n%s", src, !r.Failed, r.Log)
			continue
		}
		if builds {
			if _, err := newHost(r.Files).eval("app.js"); err != nil {
				t.Errorf("%s: %v", src, err)
			}
		}
	}
	r := run(t, small(map[string]string{"app.js": "require('lib').save()", "node_modules/lib/index.js": "exports.save = function () { return require('fs') }"}), build.Options{})
	if r.Failed || len(r.Diagnostics) > 0 {
		t.Fatalf("nobody can mend a package: %s", r.Log)
	}
	if _, err := newHost(r.Files).eval("app.js"); err == nil || !strings.Contains(err.Error(), "Cannot find module 'fs'") {
		t.Errorf("where it is reached it fails: %v", err)
	}
}
