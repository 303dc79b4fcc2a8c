package intake

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Alias reads paths that begin in one way as paths in a folder: compileOptions.resolveAlias of mini.project.json.
type Alias struct {
	From string // "utils/"
	To   string // key prefix of Files, "src/utils"; "" for the project's top
}

// Aliased gives the key that a path in one of the merchant's own sources means by an alias; the path of a file may still
// lack its extension. Configurations and packages know no aliases.
func (p *Project) Aliased(importer, spec string) (string, bool) {
	if InModules(importer) {
		return "", false
	}
	for _, a := range p.Aliases {
		if rest, ok := strings.CutPrefix(spec, a.From); ok {
			to := path.Join(a.To, path.Clean("/"+rest))
			return strings.TrimPrefix(to, "/"), true
		}
	}
	return "", false
}

// aliases reads resolveAlias: keys and values are folders that end in /*, values relative to the settings. Of keys that
// begin alike the longest counts.
func (l *loader) aliases(base, file string, options any) {
	m, _ := options.(map[string]any)
	entries, _ := m["resolveAlias"].(map[string]any)
	if len(entries) > maxAliases {
		line, column := lineOf(l.p.Files[file], "resolveAlias")
		beyond(&l.Report, file, line, column, "resolveAlias", len(entries), maxAliases)
		return
	}
	for _, key := range sortedKeys(entries) {
		value, _ := entries[key].(string)
		from, one := strings.CutSuffix(key, "*")
		to, two := strings.CutSuffix(value, "*")
		clean := path.Join(base, to)
		if !one || !two || !strings.HasSuffix(from, "/") || from == "/" || strings.HasPrefix(from, ".") || strings.HasPrefix(key, "/") || strings.HasPrefix(value, "/") || clean == ".." || strings.HasPrefix(clean, "../") {
			line, column := lineOf(l.p.Files[file], key)
			l.Warn("bad-alias", file, line, column, `Write it like "utils/*": "./utils/*", with a folder of the project.`, "The alias %q is not used.", key)
			continue
		}
		l.p.Aliases = append(l.p.Aliases, Alias{From: from, To: strings.TrimPrefix(clean, ".")})
	}
	slices.SortStableFunc(l.p.Aliases, func(a, b Alias) int { return cmp.Compare(len(b.From), len(a.From)) })
}
