package local_test

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"slipway/functions/internal/story"
)

// child is the real program, which can be killed.
type child struct {
	binary, data, address string
	said                  bytes.Buffer
	cmd                   *exec.Cmd
	ended                 chan struct{}
}

func build(t *testing.T) *child {
	t.Helper()
	c := &child{binary: filepath.Join(t.TempDir(), "slipway"), data: t.TempDir()}
	if out, err := exec.Command("go", "build", "-o", c.binary, "slipway/functions/local").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.address = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.cmd != nil {
			c.kill()
		}
	})
	return c
}

// start starts the program on its folder and waits until it answers.
func (c *child) start(w *story.World) {
	w.T.Helper()
	c.cmd, c.ended = exec.Command(c.binary, "--addr", c.address, "--data", c.data), make(chan struct{})
	c.cmd.Stdout, c.cmd.Stderr = &c.said, &c.said
	if err := c.cmd.Start(); err != nil {
		w.T.Fatal(err)
	}
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait() // it is killed
		close(ended)
	}(c.cmd, c.ended)
	w.Until("an answer of the program", func() bool {
		select {
		case <-c.ended:
			w.T.Fatalf("the program ended by itself:\n%s", c.said.String())
		default:
		}
		return w.Nobody().Do("GET", "/openapi.yaml", nil).Status == 200
	})
}

// kill is kill -9.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // one that has ended is as good
	<-c.ended
}

// TestKilled plays whole releases on the real program, which is killed again and again at any moment and started on
// what it left behind.
func TestKilled(t *testing.T) {
	const seed = 1511
	random := rand.New(rand.NewPCG(seed, 0))
	c := build(t)
	w := story.At(t, "http://"+c.address)
	c.start(w)
	plays, kills := 4, 0
	if testing.Short() || raceEnabled {
		plays = 2
	}
	for range plays {
		p := newPlay(w)
		end := time.Now().Add(90 * time.Second)
		for over, life := false, time.Duration(0); !over; {
			life = time.Duration(random.IntN(120)) * time.Millisecond
			dies := time.AfterFunc(life, func() { _ = c.cmd.Process.Kill() })
			for alive := true; alive && !over; {
				over = p.Step(w)
				select {
				case <-c.ended:
					alive, over = false, false
				case <-time.After(time.Millisecond):
				}
			}
			if dies.Stop() && over {
				break
			}
			<-c.ended
			kills, over = kills+1, false
			c.start(w)
			if time.Now().After(end) {
				t.Fatalf("the release does not come to its end; so far: %v\n%s", p.Done, c.said.String())
			}
		}
		whole(t, w, p)
	}
	t.Logf("%d releases came through %d kills, seed %d", plays, kills, seed)
	if kills < plays {
		t.Errorf("only %d kills for %d releases: nothing was tried", kills, plays)
	}
}
