package compat

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"slipway/functions/internal/compat/catalogue"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/compat/script"
	"slipway/functions/internal/compat/style"
	"slipway/functions/internal/pattern"
)

// styles judges the style sheets of the app, of pages and components, and what they import.
func (t *test) styles() {
	sheets := map[string]*style.Sheet{}
	for _, u := range t.project.units {
		t.gather(u.style, sheets)
	}
	for _, file := range slices.Sorted(maps.Keys(sheets)) {
		if t.begin(file) {
			t.sheet(file, sheets[file], sheets)
		}
	}
}

// gather reads a sheet and what it imports, and marks whom they serve.
func (t *test) gather(owner string, sheets map[string]*style.Sheet) {
	queue := []string{owner}
	visited := map[string]bool{"": true}
	for len(queue) > 0 {
		file := queue[0]
		if queue = queue[1:]; visited[file] {
			continue
		}
		visited[file] = true
		if sheets[file] == nil {
			sheets[file] = &style.Sheet{}
			if t.begin(file) {
				sheets[file] = style.Parse(t.p.Files[file])
			}
		}
		for page := range t.project.serves[owner] {
			t.project.mark(file, page)
		}
		for _, a := range sheets[file].AtRules {
			if spec, ok := imported(a.Text); ok {
				queue = append(queue, t.importedSheet(file, spec))
			}
		}
	}
}

func (t *test) sheet(file string, s *style.Sheet, sheets map[string]*style.Sheet) {
	if s.Unclosed != nil {
		t.sayStyle(Warn, "style-unclosed", file, *s.Unclosed, nil, "Close it.", "A block, string or comment that begins here has no end.")
	}
	for _, a := range s.AtRules {
		t.atRule(file, a)
		spec, ok := imported(a.Text)
		if ok && (strings.HasPrefix(spec, ".") || strings.HasPrefix(spec, "/")) && sheets[t.importedSheet(file, spec)] == nil {
			t.sayStyle(Fail, "style-import", file, a.Pos, nil, "Add the file, or correct the path.", "@import names %s, which is not in the project.", spec)
		}
	}
	for _, selector := range s.Selectors {
		t.selector(file, selector)
	}
	blocks := map[int][]style.Declaration{}
	for _, d := range s.Declarations {
		if len(blocks[d.Block]) < maxBlock {
			blocks[d.Block] = append(blocks[d.Block], d)
		}
	}
	for _, d := range s.Declarations {
		t.declaration(file, d, blocks[d.Block])
	}
}

// maxBlock is how many declarations of a block are compared with each other.
const maxBlock = 200

func (t *test) sayStyle(s Severity, rule, file string, at style.Pos, profiles []string, advice, format string, args ...any) {
	t.say(s, rule, file, script.Pos{Line: at.Line, Column: at.Column}, profiles, advice, format, args...)
}

var importPattern = pattern.New(`(?i)^@import\s+(?:\([^)]*\)\s*)?(?:url\(\s*)?["']?([^"')\s;]+)`)

func imported(atRule string) (string, bool) {
	m := importPattern.FindStringSubmatch(atRule)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// importedSheet is the file that an import means, "" when there is none.
func (t *test) importedSheet(file, spec string) string {
	base := t.local(file, spec)
	for _, extension := range []string{"", ".acss", ".css", ".less"} {
		if _, ok := t.p.Files[base+extension]; ok {
			return base + extension
		}
	}
	return ""
}

// draws reports a style feature for the systems whose web view lacks it: pages are drawn without it.
func (t *test) draws(file string, at style.Pos, f catalogue.Feature, prefixed bool, what, advice string) {
	without := t.systemsWithout(func(s profile.System) bool { return !f.On(s.CSS, prefixed) })
	if len(without) > 0 {
		t.sayStyle(Warn, "style-feature", file, at, without, advice, "%s needs %s.", what, engines(f))
	}
}

func (t *test) atRule(file string, a style.Prelude) {
	name, _, _ := strings.Cut(a.Text, " ")
	name, _, _ = strings.Cut(name, "(")
	if f, ok := t.features.AtRules[strings.ToLower(name)]; ok {
		t.draws(file, a.Pos, f, false, name, "Give older systems a style without it.")
	}
}

var pseudo = pattern.New(`::?[a-z-]+`)

func (t *test) selector(file string, p style.Prelude) {
	for _, name := range pseudo.FindAllString(p.Text, -1) {
		if f, ok := t.features.Selectors[name]; ok {
			t.draws(file, p.Pos, f, false, "The selector "+name, "Write the rule for each case.")
		}
	}
}

var (
	function = pattern.New(`([a-z-]+)\(`)
	quoted   = pattern.New(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`)
	address  = pattern.New(`url\(\s*["']?([^"')]+?)["']?\s*\)`)
	pixels   = pattern.New(`^(\d+(?:\.\d+)?)px(?:\s*!important)?$`)
)

func (t *test) declaration(file string, d style.Declaration, block []style.Declaration) {
	if strings.HasPrefix(d.Property, "-") || strings.HasPrefix(d.Property, "@") || strings.HasPrefix(d.Property, "$") {
		return
	}
	if f, ok := t.features.Properties[d.Property]; ok && !flexGap(d.Property, block) {
		t.draws(file, d.Pos, f, hasPrefixed(d.Property, block), "The property "+d.Property, "Make sure that the page is usable without it.")
	}
	value := strings.ToLower(quoted.ReplaceAllString(d.Value, `""`))
	t.value(file, d, value, block)
	for _, m := range function.FindAllStringSubmatch(value, -1) {
		if f, ok := t.features.Functions[m[1]]; ok && !fallback(d, block) {
			t.draws(file, d.Pos, f, false, m[1]+"(…)", "Write the property twice: first with a value that every engine knows.")
		}
	}
	for _, m := range address.FindAllStringSubmatch(d.Value, -1) {
		if d.Property != "src" { // fonts may be anywhere
			t.picture(file, script.Pos{Line: d.Line, Column: d.Column}, m[1])
		}
	}
	if m := pixels.FindStringSubmatch(value); m != nil && (d.Property == "width" || d.Property == "min-width") {
		t.tooWide(file, d, m[1])
	}
}

func (t *test) value(file string, d style.Declaration, value string, block []style.Declaration) {
	keyword := strings.TrimSpace(strings.TrimSuffix(value, "!important"))
	name := d.Property + ": " + keyword
	if flexGap(d.Property, block) {
		name = d.Property + " (flex)"
	}
	f, ok := t.features.Values[name]
	if !ok || fallback(d, block) && !flexGap(d.Property, block) {
		return
	}
	prefixed := false
	for _, other := range block {
		prefixed = prefixed || other.Property == d.Property && strings.HasPrefix(other.Value, "-webkit-")
	}
	t.draws(file, d.Pos, f, prefixed, name, "Make sure that the page is usable without it.")
}

// flexGap says whether a gap stands in a flex container, where engines brought it years after grids.
func flexGap(property string, block []style.Declaration) bool {
	if property != "gap" && property != "row-gap" && property != "column-gap" {
		return false
	}
	for _, d := range block {
		if d.Property == "display" && strings.Contains(d.Value, "flex") {
			return true
		}
	}
	return false
}

func hasPrefixed(property string, block []style.Declaration) bool {
	for _, d := range block {
		if d.Property == "-webkit-"+property {
			return true
		}
	}
	return false
}

// fallback says whether the same property stands before with another value, which older engines then keep.
func fallback(d style.Declaration, block []style.Declaration) bool {
	for _, other := range block {
		if other.Property == d.Property && other.Value != d.Value {
			return other.Line < d.Line || other.Line == d.Line && other.Column < d.Column
		}
	}
	return false
}

// tooWide: a fixed width beyond the screen makes a page scroll sideways.
func (t *test) tooWide(file string, d style.Declaration, number string) {
	width, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return
	}
	var narrow []string
	for _, device := range t.in.Runtime.Devices {
		if width > float64(device.ScreenWidth) {
			narrow = append(narrow, device.ID)
		}
	}
	if len(narrow) > 0 {
		t.sayStyle(Warn, "style-too-wide", file, d.Pos, narrow, "Use rpx, a percentage or max-width: 100%.", "%s: %spx is wider than the screen.", d.Property, number)
	}
}
