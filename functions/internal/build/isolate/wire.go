package isolate

import (
	"bufio"
	"encoding/gob"
	"errors"
	"io"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/pieces"
)

// What goes between the two processes is one header and then file after file: a single message would have to lie in
// memory whole, twice on either side.

// request begins what a build process is given; the compiled sheets that are known and the files follow.
type request struct {
	Options build.Options
}

// answer begins what it gives back; parts of the result and the sheets that it compiled follow.
type answer struct {
	Result *build.Result
	Err    string
}

func sendProject(w io.Writer, files, sheets map[string][]byte, o build.Options) error {
	buffered := bufio.NewWriterSize(w, 1<<16)
	if err := gob.NewEncoder(buffered).Encode(request{Options: o}); err != nil {
		return err
	}
	return pieces.Send(buffered, nil, sheets, files)
}

func receiveProject(r io.Reader) (files, sheets map[string][]byte, o build.Options, err error) {
	buffered := bufio.NewReaderSize(r, 1<<16) // which gob reads no further than its own message
	var q request
	if err := gob.NewDecoder(buffered).Decode(&q); err != nil {
		return nil, nil, o, err
	}
	sets, err := pieces.Receive(buffered, nil, 2)
	if err != nil {
		return nil, nil, o, err
	}
	return sets[1], sets[0], q.Options, nil
}

// Parts of a result, which travel apart from it.
const (
	partPackage = iota
	partFiles
	partParts
	partMaps
	partSheets
	partCount
)

const packageName = "package" // in its part

func sendResult(w io.Writer, project, sheets map[string][]byte, result *build.Result, fault error) error {
	a := answer{}
	if fault != nil {
		a.Err = fault.Error()
	}
	var sets [partCount]pieces.Set
	sets[partSheets] = sheets
	if result != nil {
		bare := *result
		bare.Files, bare.Parts, bare.SourceMaps, bare.Package = nil, nil, nil, nil
		a.Result = &bare
		sets[partFiles], sets[partParts], sets[partMaps] = result.Files, result.Parts, result.SourceMaps
		if result.Package != nil {
			sets[partPackage] = pieces.Set{packageName: result.Package}
		}
	}
	buffered := bufio.NewWriterSize(w, 1<<16)
	if err := gob.NewEncoder(buffered).Encode(a); err != nil {
		return err
	}
	return pieces.Send(buffered, project, sets[:]...)
}

func receiveResult(r io.Reader, project map[string][]byte, keep func(key string, compiled []byte)) (*build.Result, string, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	var a answer
	if err := gob.NewDecoder(buffered).Decode(&a); err != nil {
		return nil, "", err
	}
	sets, err := pieces.Receive(buffered, project, partCount)
	if err != nil {
		return nil, "", err
	}
	for key, compiled := range sets[partSheets] {
		keep(key, compiled)
	}
	if result := a.Result; result != nil {
		result.Package = sets[partPackage][packageName]
		if !result.Failed {
			result.Files, result.Parts, result.SourceMaps = sets[partFiles], sets[partParts], sets[partMaps]
		}
	} else if a.Err == "" {
		return nil, "", errors.New("neither a result nor a fault")
	}
	return a.Result, a.Err, nil
}
