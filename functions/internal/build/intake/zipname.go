package intake

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"slipway/functions/internal/fault"
)

// maxRefused is how many entries one refusal names; a hostile archive could have thousands.
const maxRefused = 20

// checkNames cleans every name, or refuses naming all offenders at once (up to maxRefused).
func checkNames(entries []*entry, limits Limits) error {
	var fields []fault.Field
	code := ""
	add := func(c, rule, name, detail string) (more bool) {
		code = c
		fields = append(fields, fault.Field{Field: rule, File: shown(name), Detail: detail})
		return len(fields) < maxRefused
	}
	composed := map[string]string{} // folders, of which thousands of names share one
	for _, e := range entries {
		e.name, e.dir = strings.CutSuffix(e.raw, "/")
		e.name = strings.TrimPrefix(e.name, "./")
		if e.dir && (e.name == "." || e.name == "") && e.raw != "/" {
			e.name = "" // the folder itself, which some tools write as "./"
			continue
		}
		if len(e.name) <= 3*limits.MaxPath && utf8.ValidString(e.name) {
			at := strings.LastIndexByte(e.name, '/') + 1 // older Macs take letters and their accents apart, and sources do not
			folder, known := composed[e.name[:at]]
			if !known {
				folder = norm.NFC.String(e.name[:at])
				composed[e.name[:at]] = folder
			}
			e.name = folder + norm.NFC.String(e.name[at:])
		}
		if detail := badName(e.name, limits); detail != "" && !add("archive_path", "path", e.raw, detail) {
			break
		}
	}
	if code == "" {
		clashes(entries, add)
	}
	if code == "" {
		return nil
	}
	return &fault.Error{Kind: fault.Unprocessable, Code: code, Detail: fields[0].File + ": " + fields[0].Detail, Fields: fields}
}

// badName says what is wrong with a path and what would be right, or "".
func badName(name string, limits Limits) string {
	switch {
	case name == "":
		return "The entry has no name."
	case len(name) > limits.MaxPath:
		return fmt.Sprintf("The path is longer than %d bytes. Use shorter names.", limits.MaxPath)
	case strings.Count(name, "/") >= limits.MaxDepth:
		return fmt.Sprintf("The path is more than %d folders deep.", limits.MaxDepth)
	case !utf8.ValidString(name):
		return "The name is not UTF-8. Use a zip tool that writes UTF-8 names, which not every one on Windows does, or give the file a name in Latin letters."
	case strings.Contains(name, "\x00"):
		return "The name contains a NUL character."
	case strings.Contains(name, `\`):
		return `The path contains a back-slash. Folders are separated by "/"; old versions of .NET and PowerShell write it wrongly, so zip with another tool.`
	case strings.HasPrefix(name, "/"):
		return "The path is absolute. Paths must be relative to the project."
	case len(name) > 1 && name[1] == ':':
		return "The path names a drive. Paths must be relative to the project."
	case strings.ContainsFunc(name, unprintable):
		return "The name contains control or direction characters. Use plain characters."
	}
	for segment := range strings.SplitSeq(name, "/") {
		switch segment {
		case "..":
			return `The path leaves the project with "..". Paths must stay inside.`
		case "", ".":
			return "The path has an empty segment."
		}
	}
	return ""
}

// unprintable also names the marks that turn the direction of text, with which "exe.js" can be made of "sj.exe".
func unprintable(r rune) bool {
	if ' ' <= r && r <= '~' {
		return false
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\ufeff' || r == '\u2028' || r == '\u2029'
}

// clashes refuses entries that become one file where names are compared without case or Unicode form, as on the machines
// of half of all merchants, and files that are also folders. Each name is folded once, and no more than named are looked at.
func clashes(entries []*entry, add func(code, rule, name, detail string) (more bool)) {
	seen := make(map[string]*entry, len(entries))
	keys := make([]string, len(entries))
	fold := newFolding()
	for i, e := range entries {
		keys[i] = fold.name(e.name)
		first, ok := seen[keys[i]]
		switch {
		case !ok:
			seen[keys[i]] = e
		case first.dir && e.dir:
			// The same folder twice says nothing twice.
		default:
			if !add("archive_clash", "clash", e.raw, fmt.Sprintf("The entry clashes with %s: on many machines the two are one file. Rename one of them.", shown(first.raw))) {
				return
			}
		}
	}
	for i, e := range entries {
		for at := strings.LastIndexByte(keys[i], '/'); at >= 0; at = strings.LastIndexByte(keys[i][:at], '/') {
			first, ok := seen[keys[i][:at]]
			if ok && !first.dir && !add("archive_clash", "clash", e.raw, fmt.Sprintf("The entry lies in %s, which is a file. Rename one of them.", shown(first.raw))) {
				return
			}
		}
	}
}

// topFolder is the one folder everything useful lies in, or "".
func topFolder(entries []*entry) string {
	top := ""
	for _, e := range entries {
		if e.name == "" || litter(e.name) {
			continue
		}
		first, _, nested := strings.Cut(e.name, "/")
		if !nested && !e.dir || top != "" && first != top {
			return ""
		}
		top = first
	}
	return top
}

// leftOut says which files never reach a build.
func leftOut(name string) bool {
	return litter(name) || strings.HasSuffix(name, ".map") || ofTools(name)
}

// ofTools tells what is in node_modules without being a package: the caches and commands of tools, which can weigh more
// than the project.
func ofTools(name string) bool {
	return strings.Contains("/"+name, "/node_modules/.cache/") || strings.Contains("/"+name, "/node_modules/.bin/")
}

// litter is what version control and file managers leave behind.
func litter(name string) bool {
	for segment := range strings.SplitSeq(name, "/") {
		switch segment {
		case ".git", ".svn", ".hg", ".DS_Store", "__MACOSX", "Thumbs.db":
			return true
		}
		if strings.HasPrefix(segment, "._") {
			return true
		}
	}
	return false
}
