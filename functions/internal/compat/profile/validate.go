package profile

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/pattern"
)

// Bounds of a runtime. They keep a report readable and the settings small enough for one item of the table.
const (
	maxProfiles = 64 // of each kind
	maxNames    = 1000
	maxAPIs     = 64 << 10 // bytes of all names and versions together
	maxReplies  = 200
	maxFixtures = 64 << 10 // bytes of all fixtures together
	maxName     = 64       // characters of a name for people
	maxWrong    = 500      // fields that one answer names
)

// libraryPrefix begins the ids under which the base libraries stand beside systems, devices and networks.
const libraryPrefix = "library-"

// LibraryID is the id of a base library among the profiles.
func LibraryID(version string) string { return libraryPrefix + version }

var (
	idPattern  = pattern.New(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	apiPattern = pattern.New(`^[A-Za-z_$][A-Za-z0-9_$]*(\.[A-Za-z_$][A-Za-z0-9_$]*){0,7}$`)
)

// Validate names every field that is wrong, as JSON paths within the runtime; nil when nothing is.
func (r Runtime) Validate() []fault.Field {
	v := &validation{ids: map[string]string{}}
	v.libraries(r)
	v.systems(r.Systems)
	v.devices(r.Devices)
	v.networks(r.Networks)
	v.apis(r.APIs)
	v.limits(r.Limits)
	v.fixtures(r.Fixtures)
	return v.wrong
}

// Validate names every field that is wrong, as JSON paths within the fixtures; nil when nothing is.
func (f Fixtures) Validate() []fault.Field {
	v := &validation{}
	v.fixtures(f)
	for i := range v.wrong {
		v.wrong[i].Field = strings.TrimPrefix(v.wrong[i].Field, "fixtures.")
	}
	return v.wrong
}

type validation struct {
	wrong []fault.Field
	ids   map[string]string // profile id → the field that took it
}

func (v *validation) add(field, format string, args ...any) {
	if len(v.wrong) >= maxWrong {
		return
	}
	v.wrong = append(v.wrong, fault.Field{Field: field, Detail: fmt.Sprintf(format, args...)})
}

func (v *validation) libraries(r Runtime) {
	base := v.version("baseLibrary", r.BaseLibrary)
	least := v.version("minBaseLibrary", r.MinBaseLibrary)
	if base && least && Compare(r.MinBaseLibrary, r.BaseLibrary) > 0 {
		v.add("minBaseLibrary", "is %s, newer than baseLibrary %s; the oldest cannot be newer than the newest", r.MinBaseLibrary, r.BaseLibrary)
	}
}

func (v *validation) version(field, s string) bool {
	_, ok := parseVersion(s)
	if !ok {
		v.add(field, "is %s; a version is one to four dotted numbers, for example 2.9.40", show(s))
	}
	return ok
}

func (v *validation) systems(systems []System) {
	v.count("systems", len(systems))
	for i, s := range systems[:min(len(systems), maxProfiles)] {
		at := fmt.Sprintf("systems[%d].", i)
		v.identity(at, s.ID, s.Name)
		v.oneOf(at+"family", s.Family, "ios", "android", "harmony")
		v.engine(at+"script.", s.Script)
		v.engine(at+"css.", s.CSS)
	}
}

func (v *validation) engine(at string, e Engine) {
	v.oneOf(at+"family", e.Family, "safari", "chrome")
	v.version(at+"version", e.Version)
}

func (v *validation) devices(devices []Device) {
	v.count("devices", len(devices))
	for i, d := range devices[:min(len(devices), maxProfiles)] {
		at := fmt.Sprintf("devices[%d].", i)
		v.identity(at, d.ID, d.Name)
		v.between(at+"memoryClass", int64(d.MemoryClass), 16, 16384, "megabytes")
		v.between(at+"screenWidth", int64(d.ScreenWidth), 200, 2000, "CSS pixels")
	}
}

func (v *validation) networks(networks []Network) {
	v.count("networks", len(networks))
	for i, n := range networks[:min(len(networks), maxProfiles)] {
		at := fmt.Sprintf("networks[%d].", i)
		v.identity(at, n.ID, n.Name)
		v.between(at+"kbps", int64(n.Kbps), 0, 10_000_000, "kilobits per second, 0 for offline")
		v.between(at+"rttMs", int64(n.RTTMs), 0, 60_000, "milliseconds")
		if !n.Offline() {
			v.between(at+"budgetMs", int64(n.BudgetMs), 100, 600_000, "milliseconds")
		}
	}
}

func (v *validation) apis(a APIs) {
	v.names("apis.extra", a.Extra)
	v.names("apis.removed", a.Removed)
	if len(a.Since) > maxNames {
		v.add("apis.since", "has %d names; at most %d are allowed", len(a.Since), maxNames)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(a.Since)) {
		field := "apis.since." + name
		v.api(field, name)
		v.version(field, a.Since[name])
	}
	size := 0
	for name, since := range a.Since {
		size += len(name) + len(since)
	}
	for _, name := range slices.Concat(a.Extra, a.Removed) {
		size += len(name)
	}
	if size > maxAPIs {
		v.add("apis", "are %d bytes together; at most %d are allowed", size, maxAPIs)
	}
	for i, name := range a.Removed[:min(len(a.Removed), maxNames)] {
		if slices.Contains(a.Extra, name) {
			v.add(fmt.Sprintf("apis.removed[%d]", i), "names %s, which apis.extra adds; keep it in one of the two", show(name))
		}
	}
}

func (v *validation) names(field string, names []string) {
	if len(names) > maxNames {
		v.add(field, "has %d names; at most %d are allowed", len(names), maxNames)
		return
	}
	for i, name := range names {
		v.api(fmt.Sprintf("%s[%d]", field, i), name)
	}
}

func (v *validation) api(field, name string) {
	switch {
	case strings.HasPrefix(name, "my."):
		v.add(field, "is %s; leave out the leading \"my.\"", show(name))
	case len(name) > 128 || !apiPattern.MatchString(name):
		v.add(field, "is %s; an API name is dotted identifiers without \"my.\", for example ap.faceVerify", show(name))
	}
}

func (v *validation) limits(l Limits) {
	v.between("limits.package", l.Package, 64<<10, 256<<20, "bytes")
	v.between("limits.subPackage", l.SubPackage, 64<<10, 256<<20, "bytes")
	v.between("limits.page", l.Page, 1<<10, 256<<20, "bytes")
	v.between("limits.image", l.Image, 1<<10, 256<<20, "bytes")
}

func (v *validation) fixtures(f Fixtures) {
	size := len(f.Ext)
	if len(f.Ext) > 0 && !json.Valid(f.Ext) {
		v.add("fixtures.ext", "is not JSON")
	}
	if len(f.Replies) > maxReplies {
		v.add("fixtures.replies", "has %d replies; at most %d are allowed", len(f.Replies), maxReplies)
	}
	for i, r := range f.Replies[:min(len(f.Replies), maxReplies)] {
		size += len(r.API) + len(r.URL) + len(r.Body)
		v.reply(fmt.Sprintf("fixtures.replies[%d]", i), r)
	}
	for _, page := range slices.Sorted(maps.Keys(f.Queries)) {
		size += len(page) + len(f.Queries[page])
		if _, err := url.ParseQuery(f.Queries[page]); err != nil {
			v.add("fixtures.queries."+page, "is %s; a query reads like id=7&from=home", show(f.Queries[page]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(f.Storage)) {
		size += len(key) + len(f.Storage[key])
		if !json.Valid(f.Storage[key]) {
			v.add("fixtures.storage."+key, "is not JSON")
		}
	}
	if size > maxFixtures {
		v.add("fixtures", "are %d bytes together; at most %d are allowed", size, maxFixtures)
	}
}

func (v *validation) reply(at string, r Reply) {
	switch {
	case (r.API == "") == (r.URL == ""):
		v.add(at, "names either an api or the beginning of a url, one of the two")
	case r.API != "":
		v.api(at+".api", r.API)
	default:
		if u, err := url.Parse(r.URL); err != nil || u.Host == "" {
			v.add(at+".url", "is %s; a reply's url begins with its scheme and host, for example https://api.example.com/", show(r.URL))
		}
	}
	if !json.Valid(r.Body) {
		v.add(at+".body", "is not JSON")
	}
}

func (v *validation) count(field string, n int) {
	if n < 1 || n > maxProfiles {
		v.add(field, "has %d entries; name between 1 and %d", n, maxProfiles)
	}
}

// identity checks what every kind of profile has; ids are unique over all kinds, because a finding names profiles by id only.
func (v *validation) identity(at, id, name string) {
	if len(id) > 32 || !idPattern.MatchString(id) {
		v.add(at+"id", "is %s; an id is at most 32 small letters, digits and single hyphens, for example ios-12", show(id))
	} else if strings.HasPrefix(id, libraryPrefix) {
		v.add(at+"id", "is %s; ids that begin with %s are those of the base libraries", show(id), libraryPrefix)
	} else if other, taken := v.ids[id]; taken {
		v.add(at+"id", "is %s, which %s has already; ids differ over systems, devices and networks", show(id), other)
	} else {
		v.ids[id] = at + "id"
	}
	if n := utf8.RuneCountInString(name); n < 1 || n > maxName || !utf8.ValidString(name) {
		v.add(at+"name", "has %d characters; a name has 1 to %d", n, maxName)
	} else if strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		v.add(at+"name", "is %s; a name has no blanks around it, and no characters that cannot be seen", show(name))
	}
}

func (v *validation) oneOf(field, s string, allowed ...string) {
	if !slices.Contains(allowed, s) {
		v.add(field, "is %s; it is one of %s", show(s), strings.Join(allowed, ", "))
	}
}

func (v *validation) between(field string, n, least, most int64, unit string) {
	if n < least || n > most {
		v.add(field, "is %d; it lies between %d and %d %s", n, least, most, unit)
	}
}

// show quotes what was typed, cut to a length that a message can carry.
func show(s string) string {
	if s == "" {
		return "empty"
	}
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return fmt.Sprintf("%q", s)
}
