package smoke

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"sync"

	"slipway/functions/internal/build/pieces"
)

// A child reads one line of JSON and then files. Both sides hold each of them once.

// talk is a child that runs and what it is written to and says.
type talk struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     io.Reader
	sending sync.WaitGroup // of what it reads first
}

func start(cmd *exec.Cmd, order any, files ...pieces.Set) (*talk, error) {
	line, err := json.Marshal(order)
	if err != nil {
		return nil, err
	}
	t := &talk{cmd: cmd}
	if t.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if t.out, err = cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	t.sending.Go(func() {
		w := bufio.NewWriterSize(t.in, 1<<16)
		_, _ = w.Write(append(line, '\n'))
		_ = pieces.Send(w, nil, files...) // fails when the child has ended, which its end says
	})
	return t, nil
}

// end reads to the end of what the child says and gives how it ended.
func (t *talk) end() error {
	_, _ = io.Copy(io.Discard, t.out)
	_ = t.in.Close() // ends the writer where the child did not read everything
	t.sending.Wait()
	return t.cmd.Wait()
}

// readOrder is the child's side of start.
func readOrder(from *bufio.Reader, order any, sets int) ([]pieces.Set, error) {
	line, err := from.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber() // as the project's configuration was read
	if err := d.Decode(order); err != nil {
		return nil, err
	}
	return pieces.Receive(from, nil, sets)
}
