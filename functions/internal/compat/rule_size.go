package compat

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif" // dimensions only: DecodeConfig
	_ "image/jpeg"
	_ "image/png"
	"maps"
	"math"
	"path"
	"slices"
	"strings"

	"slipway/functions/internal/compat/profile"
)

// sizes compares the built tree with the app's limits.
func (t *test) sizes() {
	limits := t.in.Runtime.Limits
	if t.in.PackageBytes > limits.Package && limits.Package > 0 {
		t.found.add(Finding{Severity: Fail, Rule: "package-size", Message: fmt.Sprintf("The package is %s; this app allows %s.", size(t.in.PackageBytes), size(limits.Package)), Advice: "Remove what is not used, compress images, or serve them from a host."})
	}
	parts := t.parts()
	for _, root := range slices.Sorted(maps.Keys(parts)) {
		if parts[root] > limits.SubPackage && limits.SubPackage > 0 {
			what := "The main package"
			if root != "" {
				what = "The subpackage " + root
			}
			t.found.add(Finding{Severity: Fail, Rule: "subpackage-size", Pages: t.pagesIn(root), Message: fmt.Sprintf("%s is %s unpacked; this app allows %s.", what, size(parts[root]), size(limits.SubPackage)), Advice: "Move pages into subpackages, or images to a host."})
		}
	}
	for _, page := range t.p.Pages {
		if own := t.pageBytes(page.Path); own > limits.Page && limits.Page > 0 {
			t.found.add(Finding{Severity: Warn, Rule: "page-size", File: page.Script, Pages: []string{page.Path}, Message: fmt.Sprintf("The page's own files are %s; this app allows %s.", size(own), size(limits.Page)), Advice: "Split the page, or load parts of it later."})
		}
	}
}

// parts sums the built tree for each subpackage root; "" is the main package.
func (t *test) parts() map[string]int64 {
	sums := map[string]int64{}
	for file, data := range t.in.Built {
		sums[t.partOf(file)] += int64(len(data))
	}
	return sums
}

func (t *test) partOf(file string) string {
	for _, s := range t.p.App.SubPackages {
		if root := strings.Trim(s.Root, "/"); root != "" && strings.HasPrefix(file, root+"/") {
			return root
		}
	}
	return ""
}

func (t *test) pagesIn(root string) []string {
	if root == "" {
		return nil // every page needs the main package
	}
	var list []string
	for _, p := range t.p.Pages {
		if strings.Trim(p.SubPackage, "/") == root {
			list = append(list, p.Path)
		}
	}
	return list
}

func (t *test) pageBytes(page string) (sum int64) {
	for _, extension := range []string{".js", ".axml", ".acss", ".json", ".sjs"} {
		sum += int64(len(t.in.Built[page+extension]))
	}
	return sum
}

// pictures are the formats whose dimensions the standard library reads.
var pictures = map[string]bool{".png": true, ".jpg": true, ".jpeg": true, ".gif": true}

// decodedShare is how much of an app's memory one decoded image may take: beyond a sixteenth, a page with a few of them
// is what the system ends first.
const decodedShare = 16

// images looks at every image of the built package.
func (t *test) images() {
	limit := t.in.Runtime.Limits.Image
	for _, file := range slices.Sorted(maps.Keys(t.in.Built)) {
		data := t.in.Built[file]
		extension := strings.ToLower(path.Ext(file))
		if !pictures[extension] && extension != ".webp" && extension != ".svg" {
			continue
		}
		if int64(len(data)) > limit && limit > 0 {
			t.found.add(Finding{Severity: Warn, Rule: "image-size", File: file, Pages: t.pagesIn(t.partOf(file)), Message: fmt.Sprintf("The image is %s; this app allows %s.", size(int64(len(data))), size(limit)), Advice: "Compress it, or serve it from a host."})
		}
		if pictures[extension] {
			t.decoded(file, data)
		}
	}
}

func (t *test) decoded(file string, data []byte) {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		t.found.add(Finding{Severity: Warn, Rule: "image-unreadable", File: file, Pages: t.pagesIn(t.partOf(file)), Message: "The file is not the image that its name says.", Advice: "Export it again."})
		return
	}
	memory := int64(config.Width) * int64(config.Height) * 4
	var small []string
	for _, d := range t.in.Runtime.Devices {
		if memory > int64(d.MemoryClass)<<20/decodedShare {
			small = append(small, d.ID)
		}
	}
	if len(small) > 0 {
		t.found.add(Finding{Severity: Warn, Rule: "image-memory", File: file, Pages: t.pagesIn(t.partOf(file)), Profiles: small,
			Message: fmt.Sprintf("Decoded, the image of %d × %d pixels takes %s of memory.", config.Width, config.Height, size(memory)), Advice: "Scale it down to what screens show."})
	}
}

// networks compares the time of the first opening with each network's budget.
func (t *test) networks() {
	if t.in.PackageBytes == 0 || t.in.Built == nil {
		return
	}
	parts := t.parts()
	var all int64
	for _, n := range parts {
		all += n
	}
	if all == 0 {
		return
	}
	for _, n := range t.in.Runtime.Networks {
		if n.Offline() {
			continue
		}
		for _, root := range slices.Sorted(maps.Keys(parts)) {
			bytes := t.transfer(parts[""], all)
			what := "The main package"
			if root != "" {
				bytes += t.transfer(parts[root], all)
				what = "The main package with " + root
			}
			if ms := transferMs(n, bytes); ms > n.BudgetMs {
				t.found.add(Finding{Severity: Warn, Rule: "network-budget", Pages: t.pagesIn(root), Profiles: []string{n.ID},
					Message: fmt.Sprintf("%s (%s) takes about %.1f s on %s; the budget is %.1f s.", what, size(bytes), float64(ms)/1000, n.Name, float64(n.BudgetMs)/1000),
					Advice:  "Move pages that are not opened first into subpackages, and images to a host."})
			}
		}
	}
}

// transfer is a part's share of the compressed package.
func (t *test) transfer(part, all int64) int64 {
	return int64(float64(t.in.PackageBytes) * float64(part) / float64(all))
}

// transferMs estimates a fetch over a new connection: name, TCP and TLS 1.3 take three round trips, the request one, and
// TCP's window doubles from ten segments (RFC 6928), so that each doubling costs one more.
func transferMs(n profile.Network, bytes int64) int {
	const firstWindow = 10 * 1460
	rounds := 4 + math.Ceil(math.Log2(math.Max(1, float64(bytes)/firstWindow)))
	perRound := float64(n.Kbps) / 8 * float64(n.RTTMs) // bytes that fill the line for one round trip
	if limit := 4 + math.Ceil(math.Log2(math.Max(1, perRound/firstWindow))); rounds > limit {
		rounds = limit // a full line costs no more round trips
	}
	return int(rounds*float64(n.RTTMs) + float64(bytes)*8/float64(n.Kbps))
}

// size writes bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
