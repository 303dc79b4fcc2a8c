package isolate

import (
	"bufio"
	"encoding/gob"
	"io"
	"maps"
	"slices"

	"slipway/functions/internal/build"
)

// What goes between the two processes is one header and then file after file: a single message would have to lie in
// memory whole, twice on either side.

// request begins what a build process is given; Files pieces follow.
type request struct {
	Files   int
	Sheets  int // entries of the cache of compiled sheets, which come first
	Options build.Options
}

// answer begins what it gives back; Pieces pieces follow.
type answer struct {
	Result *build.Result
	Err    string
	Pieces int
}

// piece is one file of one of the maps of a project or result. Same names the file of the project whose bytes these are.
type piece struct {
	In, Name, Same string
	Data           []byte
}

func sendProject(w io.Writer, files, sheets map[string][]byte, o build.Options) error {
	buffered := bufio.NewWriter(w)
	e := gob.NewEncoder(buffered)
	if err := e.Encode(request{Files: len(files), Sheets: len(sheets), Options: o}); err != nil {
		return err
	}
	for _, pieces := range []map[string][]byte{sheets, files} {
		for _, name := range slices.Sorted(maps.Keys(pieces)) {
			if err := e.Encode(piece{Name: name, Data: pieces[name]}); err != nil {
				return err
			}
		}
	}
	return buffered.Flush()
}

func receiveProject(r io.Reader) (files, sheets map[string][]byte, o build.Options, err error) {
	d := gob.NewDecoder(bufio.NewReader(r))
	var q request
	if err := d.Decode(&q); err != nil {
		return nil, nil, o, err
	}
	files, sheets = make(map[string][]byte, q.Files), make(map[string][]byte, q.Sheets)
	for i := range q.Sheets + q.Files {
		var p piece
		if err := d.Decode(&p); err != nil {
			return nil, nil, o, err
		}
		if i < q.Sheets {
			sheets[p.Name] = p.Data
		} else {
			files[p.Name] = p.Data
		}
	}
	return files, sheets, q.Options, nil
}

// inSheets marks a sheet that the process compiled; the others belong to parts of the result.
const inSheets = "sheets"

// parts are the maps of a result, which travel in pieces.
func parts(r *build.Result) map[string]*map[string][]byte {
	return map[string]*map[string][]byte{"files": &r.Files, "parts": &r.Parts, "maps": &r.SourceMaps}
}

func sendResult(w io.Writer, project, sheets map[string][]byte, result *build.Result, fault error) error {
	a := answer{}
	if fault != nil {
		a.Err = fault.Error()
	}
	var pieces []piece
	for key, compiled := range sheets {
		pieces = append(pieces, piece{In: inSheets, Name: key, Data: compiled})
	}
	if result != nil {
		bare := *result
		bare.Files, bare.Parts, bare.SourceMaps = nil, nil, nil
		a.Result = &bare
		from := map[*byte]string{}
		for name, b := range project {
			if len(b) > 0 {
				from[&b[0]] = name
			}
		}
		for in, files := range parts(result) {
			for name, b := range *files {
				p := piece{In: in, Name: name, Data: b}
				if len(b) > 0 && from[&b[0]] != "" && len(project[from[&b[0]]]) == len(b) {
					p.Same, p.Data = from[&b[0]], nil
				}
				pieces = append(pieces, p)
			}
		}
	}
	a.Pieces = len(pieces)
	buffered := bufio.NewWriter(w)
	e := gob.NewEncoder(buffered)
	if err := e.Encode(a); err != nil {
		return err
	}
	for _, p := range pieces {
		if err := e.Encode(p); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

func receiveResult(r io.Reader, project map[string][]byte, keep func(key string, compiled []byte)) (*build.Result, string, error) {
	d := gob.NewDecoder(bufio.NewReader(r))
	var a answer
	if err := d.Decode(&a); err != nil {
		return nil, "", err
	}
	for range a.Pieces {
		var p piece
		if err := d.Decode(&p); err != nil {
			return nil, "", err
		}
		if p.In == inSheets {
			keep(p.Name, p.Data)
			continue
		}
		if p.Same != "" {
			p.Data = project[p.Same]
		}
		files := parts(a.Result)[p.In]
		if *files == nil {
			*files = map[string][]byte{}
		}
		(*files)[p.Name] = p.Data
	}
	return a.Result, a.Err, nil
}
