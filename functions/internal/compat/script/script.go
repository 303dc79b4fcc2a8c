// Package script reads one script of a mini program and says what it uses: APIs of "my", globals, modules, addresses,
// language features, and what it registers.
//
// It reports facts with their places in the source as uploaded; what is right or wrong is decided in package compat.
// Scripts are parsed, never searched as text, so that comments and strings are what they are. Nothing is run.
package script

import (
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
	"github.com/evanw/esbuild/pkg/api"
)

// Limits of what is read. Both parsers recurse, so that a file beyond them could end the process.
const (
	MaxBytes   = 8 << 20
	maxNesting = 4000
)

// Pos is a place in the source as uploaded, 1-based.
type Pos struct {
	Line   int
	Column int
}

// Problem is a reason why a script, or a part of it, could not be read.
type Problem struct {
	Pos
	Syntax  bool // the script is wrong; otherwise it is beyond what is read here
	Message string
}

// APIUse is a mention of a member of "my".
type APIUse struct {
	Pos
	Name    string // the chain below "my": "getLocation", "ap.faceVerify", "env.platform"
	Called  bool
	Guarded bool // under my.canIUse, typeof, a truth test or ?.
	URL     *Text
	NoFail  bool // an asynchronous call with an options literal and nothing that takes its failure
}

// GlobalUse is a mention of a name that the script does not declare.
type GlobalUse struct {
	Pos
	Name        string
	Called      bool
	Guarded     bool
	Conditional bool // under some other condition, which may rule it out
}

// Import is a module that the script asks for by a literal name.
type Import struct {
	Pos
	Specifier string
	Dynamic   bool
}

// Text is what is known of a string before it runs.
type Text struct {
	Pos
	Value    string // as far as it is known from its beginning
	Complete bool   // all of it is known
}

// FeatureKind is where a feature stands in the tables.
type FeatureKind string

// The kinds of script features.
const (
	Static FeatureKind = "static" // Object.fromEntries
	Method FeatureKind = "method" // .replaceAll()
	RegExp FeatureKind = "regexp" // lookbehind
)

// FeatureUse is a built-in or a regular expression feature.
type FeatureUse struct {
	Pos
	Kind    FeatureKind
	Name    string
	Guarded bool
}

// Definition is a call of App, Page, Component or Mixin.
type Definition struct {
	Pos
	Kind    string // "App", "Page", "Component", "Mixin"
	Methods map[string]bool
	Open    bool // more methods may come from elsewhere (a spread, a mixin, a variable)
}

// Script is what one file uses, each list in the order of the source.
type Script struct {
	File        string
	APIs        []APIUse
	Globals     []GlobalUse
	Imports     []Import
	Literals    []Text // strings that begin like an address
	Features    []FeatureUse
	Definitions []Definition
	Provides    []string // members of "my" that the script sets itself, as chains below it
}

// Parse reads a script. The script is nil when it could not be read; problems say why.
func Parse(file string, src []byte) (*Script, []Problem) {
	if len(src) > MaxBytes {
		return nil, []Problem{{Pos: Pos{1, 1}, Message: "the script is over 8 MB"}}
	}
	if at, deep := tooDeep(src); deep {
		return nil, []Problem{{Pos: at, Message: "the script nests too deep to be read"}}
	}
	lowered, problems := lower(file, src, modern)
	if lowered == nil {
		return nil, problems
	}
	program, err := parse(lowered.code)
	if err != nil { // rare: syntax newer than the parser; older syntax says the same with less
		if lowered, problems = lower(file, src, old); lowered == nil {
			return nil, problems
		}
		if program, err = parse(lowered.code); err != nil {
			return nil, []Problem{{Pos: Pos{1, 1}, Message: "the script could not be analysed: " + firstLine(err.Error())}}
		}
	}
	w := newWalker(file, lowered)
	w.program(program)
	if w.truncated {
		problems = append(problems, Problem{Pos: Pos{1, 1}, Message: "parts of the script nest too deep to be analysed"})
	}
	return w.result(), problems
}

func parse(code string) (*ast.Program, error) {
	return parser.ParseFile(nil, "", code, 0, parser.WithDisableSourceMaps)
}

type lowering int

const (
	modern lowering = iota
	old
)

type loweredScript struct {
	code  string
	lines []int // offsets of line starts
	maps  []mapping
}

// lower turns TypeScript, modules and the newest syntax into what the analysing parser reads, and keeps the way back.
func lower(file string, src []byte, how lowering) (*loweredScript, []Problem) {
	options := api.TransformOptions{
		Sourcefile: "source", Loader: loader(file), Format: api.FormatCommonJS, Sourcemap: api.SourceMapExternal,
		LogLevel: api.LogLevelSilent, LegalComments: api.LegalCommentsNone, Target: api.ESNext, TreeShaking: api.TreeShakingFalse,
		Supported: map[string]bool{
			"async-generator": false, "dynamic-import": false, "for-await": false, "logical-assignment": false, "decorators": false, "using": false, "hashbang": false,
			"regexp-dot-all-flag": false, "regexp-lookbehind-assertions": false, "regexp-match-indices": false,
			"regexp-named-capture-groups": false, "regexp-set-notation": false, "regexp-unicode-property-escapes": false,
		},
		TsconfigRaw: "{}", // nothing from the machine's file system
	}
	if how == old {
		options.Target, options.Supported = api.ES2015, nil
	}
	result := api.Transform(string(src), options)
	var problems []Problem
	for _, m := range result.Errors {
		p := Problem{Pos: Pos{1, 1}, Syntax: true, Message: m.Text}
		if m.Location != nil {
			p.Pos = Pos{m.Location.Line, m.Location.Column + 1}
		}
		problems = append(problems, p)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	l := &loweredScript{code: string(result.Code), maps: decodeMappings(result.Map)}
	l.lines = lineStarts(l.code)
	return l, nil
}

func loader(file string) api.Loader {
	switch {
	case strings.HasSuffix(file, ".ts"):
		return api.LoaderTS
	case strings.HasSuffix(file, ".tsx"):
		return api.LoaderTSX
	case strings.HasSuffix(file, ".jsx"):
		return api.LoaderJSX
	default:
		return api.LoaderJS
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// tooDeep looks for brackets and prefixes that nest beyond what recursive parsers bear. It counts brackets in strings
// too, which errs on the safe side: real scripts stay far below.
func tooDeep(src []byte) (Pos, bool) {
	depth, run, line := 0, 0, 1
	for _, c := range src {
		switch c {
		case '\n':
			line++
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(0, depth-1)
		}
		if run++; strings.IndexByte("!~+-", c) < 0 {
			run = 0
		}
		if depth > maxNesting || run > maxNesting {
			return Pos{line, 1}, true
		}
	}
	return Pos{}, false
}
