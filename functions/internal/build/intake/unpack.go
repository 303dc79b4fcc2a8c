package intake

import (
	"bytes"
	"fmt"
	"io"

	"slipway/functions/internal/fault"
)

// Limits bound what an archive may cost. A zero field means the default.
type Limits struct {
	MaxUpload   int64 // bytes of the archive as uploaded
	MaxEntries  int   // entries, folders included
	MaxUnpacked int64 // bytes of all files together
	MaxRatio    int64 // unpacked over packed bytes, per entry and for the whole archive
	MaxPath     int   // bytes of one path
	MaxDepth    int   // segments of one path
	MaxScript   int64 // bytes of one script, style or template that is compiled
	MaxConfig   int64 // bytes of one JSON file that is read
}

// DefaultLimits are the limits of a target app that sets none.
func DefaultLimits() Limits {
	return Limits{
		MaxUpload:   64 << 20,
		MaxEntries:  10_000,
		MaxUnpacked: 256 << 20,
		MaxRatio:    200,
		MaxPath:     240,
		MaxDepth:    24,
		MaxScript:   4 << 20,
		MaxConfig:   1 << 20,
	}
}

// OrDefault is the limits with the defaults for what they leave open.
func (l Limits) OrDefault() Limits {
	d := DefaultLimits()
	pick := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	pickInt := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	pick(&l.MaxUpload, d.MaxUpload)
	pick(&l.MaxUnpacked, d.MaxUnpacked)
	pick(&l.MaxRatio, d.MaxRatio)
	pick(&l.MaxScript, d.MaxScript)
	pick(&l.MaxConfig, d.MaxConfig)
	pickInt(&l.MaxEntries, d.MaxEntries)
	pickInt(&l.MaxPath, d.MaxPath)
	pickInt(&l.MaxDepth, d.MaxDepth)
	return l
}

// Archive is an uploaded project that passed every check of the intake.
type Archive struct {
	Files    map[string][]byte // accepted files by slash path, the single top folder stripped; never nil
	Top      string            // the top folder that was stripped, "" when there was none
	LeftOut  int               // entries left out: version control, Finder litter, source maps
	Unpacked int64             // bytes of Files together
	limits   Limits
}

// streamFirst is the unpacked size from which an archive is read twice: once to check it, holding nothing, and once to
// keep it. Below it one pass suffices, because being wrong costs little memory.
const streamFirst = 24 << 20

// Unpack takes an archive in, or refuses it with a *fault.Error (TooLarge for sizes, else Unprocessable) whose Fields name
// the entries and the rule. Nothing is allocated in proportion to what the archive merely claims, and nothing is written
// to disk. An error of r that is no end of file is returned as Unavailable.
func Unpack(r io.ReaderAt, size int64, limits Limits) (*Archive, error) {
	limits = limits.OrDefault()
	entries, end, err := readDirectory(r, size, limits)
	if err != nil {
		return nil, err
	}
	if err := checkNames(entries, limits); err != nil {
		return nil, err
	}
	total, err := checkSizes(entries, limits)
	if err != nil {
		return nil, err
	}
	if err := checkLocals(r, end, entries); err != nil {
		return nil, err
	}
	if total > streamFirst {
		for _, e := range entries {
			if err := e.decode(r, io.Discard); err != nil {
				return nil, err
			}
		}
	}
	a := &Archive{Files: make(map[string][]byte, len(entries)), limits: limits}
	if err := a.keep(r, entries); err != nil {
		return nil, err
	}
	return a, nil
}

// keep decodes what is not left out. The litter is decoded as well when it was not checked before: an archive is either
// whole or refused, whatever is thrown away of it.
func (a *Archive) keep(r io.ReaderAt, entries []*entry) error {
	a.Top = topFolder(entries)
	for _, e := range entries {
		if e.dir {
			continue
		}
		if leftOut(e.name) {
			a.LeftOut++
			if err := e.decode(r, io.Discard); err != nil {
				return err
			}
			continue
		}
		buf := bytes.NewBuffer(make([]byte, 0, e.size)) // claimed only, but either checked above or little altogether
		if err := e.decode(r, buf); err != nil {
			return err
		}
		name := e.name
		if a.Top != "" {
			name = name[len(a.Top)+1:]
		}
		a.Files[name] = buf.Bytes()
		a.Unpacked += int64(buf.Len())
	}
	if len(a.Files) == 0 {
		return fault.New(fault.Unprocessable, "archive_empty", "The archive holds no files. Zip the project folder, with app.json in it.")
	}
	return nil
}

// checkSizes judges what the directory claims, before a single byte is unpacked.
func checkSizes(entries []*entry, limits Limits) (total int64, err error) {
	var packed int64
	for _, e := range entries {
		if e.dir && e.size > 0 {
			return 0, refuse("archive_sizes", "folder", e.name, "A folder must not have contents of its own.")
		}
		if e.method == methodStore && e.size != e.packed {
			return 0, refuse("archive_sizes", "size", e.name, fmt.Sprintf("The file is stored uncompressed, yet claims %d bytes packed and %d unpacked; the two must be equal.", e.packed, e.size))
		}
		// A few bytes of slack: an empty or tiny file has a ratio that means nothing.
		if e.size > 4096 && e.size > e.packed*limits.MaxRatio {
			return 0, tooLarge("archive_ratio", "ratio", e.name, fmt.Sprintf("The file unpacks to more than %d times its packed size, which real project files never do. Leave it out of the archive.", limits.MaxRatio))
		}
		total += e.size
		packed += e.packed
		if total > limits.MaxUnpacked {
			return 0, tooLarge("archive_unpacked", "unpacked", e.name, fmt.Sprintf("The archive unpacks to more than %s; leave out what the mini program does not need.", BytesText(limits.MaxUnpacked)))
		}
	}
	if total > 1<<20 && total > packed*limits.MaxRatio {
		return 0, tooLarge("archive_ratio", "ratio", "", fmt.Sprintf("The archive unpacks to more than %d times its packed size.", limits.MaxRatio))
	}
	return total, nil
}

// refuse makes the refusal of one entry.
func refuse(code, rule, name, detail string) *fault.Error {
	return refusal(fault.Unprocessable, code, rule, name, detail)
}

func tooLarge(code, rule, name, detail string) *fault.Error {
	return refusal(fault.TooLarge, code, rule, name, detail)
}

func refusal(kind fault.Kind, code, rule, name, detail string) *fault.Error {
	text := detail
	if name != "" {
		text = shown(name) + ": " + detail
	}
	return &fault.Error{Kind: kind, Code: code, Detail: text, Fields: []fault.Field{{Field: rule, File: shown(name), Detail: detail}}}
}

// shown makes a hostile name fit to be printed: quoted when it holds anything but plain characters, and never long.
func shown(name string) string {
	const longest = 120
	if len(name) > longest {
		name = name[:longest] + "…"
	}
	quoted := fmt.Sprintf("%q", name)
	if quoted[1:len(quoted)-1] == name {
		return name
	}
	return quoted
}

// BytesText says a size as people do.
func BytesText(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}
