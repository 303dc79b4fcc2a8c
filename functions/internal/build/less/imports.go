package less

import "slipway/functions/internal/pattern"

// Import is one @import of a sheet that names a file.
type Import struct {
	Name string
	At   int // byte offset of the statement
}

var importStatement = pattern.New(`^@import\s*(?:\([^)]*\)\s*)?(?:url\(\s*)?["']([^"'\n]+)["']`)

// Imports lists what a sheet imports, in its order, without compiling it: less.js imports a file once and says nothing of
// sheets that import each other. Names that are computed are left out.
func Imports(src string) []Import {
	var list []Import
	for at := 0; at < len(src); {
		if src[at] == '@' {
			if m := importStatement.FindStringSubmatch(src[at:]); m != nil {
				list = append(list, Import{Name: m[1], At: at})
				at += len(m[0])
				continue
			}
		}
		at, _ = token(src, at)
	}
	return list
}
