package moto

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

//go:embed server.py
var serverProgram string

var errMissing = errors.New("moto is not there: pip install 'moto[server]==5.2.1'")

// nursery is the process of which all servers of this test program are copies. Its input ends with the test program,
// however that ends, and it and its servers end with its input.
var nursery process

func startServer(port, functions, log string) error {
	if _, err := exec.LookPath("python3"); err != nil {
		return fmt.Errorf("%w; %w", errMissing, err)
	}
	return nursery.order("start", port, functions, log)
}

func endServer(port string) error { return nursery.order("end", port) }

type process struct {
	mu       sync.Mutex
	orders   io.WriteCloser
	answers  *bufio.Reader
	lastWord error // why it cannot be used any more
}

// order has something done and waits until it is.
func (p *process) order(words ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.orders == nil && p.lastWord == nil {
		p.lastWord = p.start()
	}
	if p.lastWord != nil {
		return p.lastWord
	}
	_, err := fmt.Fprintln(p.orders, strings.Join(words, " "))
	if err == nil {
		var answer string
		if answer, err = p.answers.ReadString('\n'); err == nil && answer != words[0]+"\n" {
			err = fmt.Errorf("it answered %q", answer)
		}
	}
	if err != nil {
		p.lastWord = fmt.Errorf("moto: %s: %w", words[0], err)
	}
	return p.lastWord
}

func (p *process) start() (err error) {
	cmd := exec.Command("python3", "-c", serverProgram)
	cmd.Stderr = os.Stderr // nothing, as long as nothing is wrong
	if p.orders, err = cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.answers = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		return err
	}
	if said, _ := p.answers.ReadString('\n'); said != "ready\n" {
		return fmt.Errorf("%w; python3 says %q", errMissing, said)
	}
	return nil
}
