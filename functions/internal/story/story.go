// Package story plays people who use a running Slipway: it talks HTTP to the deployed handlers, reads the outbox, follows
// the links in mails, and holds every answer against the API's contract.
//
// It belongs to tests and knows no rule: what should follow from what is said by the tests that use it.
package story

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/asl"
	"slipway/functions/internal/local"
	"slipway/functions/internal/store"
)

// World is a running Slipway and the people who use it.
type World struct {
	T    testing.TB
	Base string

	mu     sync.Mutex
	people map[string]*Person
	made   int // programs and versions, to number them

	// Patience is how long Until waits, when a story knows that something takes its time; patience otherwise.
	Patience time.Duration

	elsewhere Deployment // nil for a server in this process
	asked     time.Time  // when something was last asked of it, but for what is served

	// Of a server in this process; nil when it runs elsewhere.
	Server  *local.Server
	options local.Options
	stop    func()
}

// patience is how long a story waits for what has to happen. It is long because machines that test are slow, and only
// ever waited for in full when something is broken.
const patience = 30 * time.Second

// Deployment is a Slipway that runs elsewhere and has just been made for one story.
type Deployment interface {
	Base() string                                            // where it answers
	Table() store.Table                                      // what it keeps
	Path(ctx context.Context, machine, name string) []string // the states that an execution entered so far; nil before it runs
	Running(ctx context.Context, machine, name string) bool  // whether the execution runs still
	Idle(ctx context.Context) bool                           // whether no machine runs
}

// Deploy takes the place of the server in this process, when set: Start plays its story there. It skips what cannot be
// played there; asked says whether the story wants to stand in for a part of the server.
var Deploy func(t testing.TB, asked bool) Deployment

// Start runs a Slipway in this process on a new folder, or on the one in the options, until the test ends.
func Start(t testing.TB, options ...func(*local.Options)) *World {
	t.Helper()
	w := &World{T: t, people: map[string]*Person{}}
	for _, o := range options {
		o(&w.options)
	}
	if o := w.options; Deploy != nil {
		w.elsewhere = Deploy(t, o.Data != "" || o.Clock != nil || o.Table != nil || o.Journal != nil || o.Workflow != nil)
		w.Base, w.stop = w.elsewhere.Base(), func() {}
		w.Patience = 4 * patience // for several processes, beside those of other stories
		return w
	}
	if w.options.Data == "" {
		w.options.Data = t.TempDir()
	}
	if err := w.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// Elsewhere is the deployment that the story is played on, nil for a server in this process.
func (w *World) Elsewhere() Deployment { return w.elsewhere }

// At is a Slipway that runs elsewhere.
func At(t testing.TB, base string) *World {
	return &World{T: t, Base: base, people: map[string]*Person{}}
}

// Open starts the server of Start again after Close, on the same folder and address.
func (w *World) Open() error {
	address := "127.0.0.1:0"
	if w.Base != "" {
		address = w.Base[len("http://"):]
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	w.Base = "http://" + listener.Addr().String()
	w.options.Base = w.Base
	if w.Server, err = local.Open(w.options); err != nil {
		listener.Close()
		return err
	}
	server := w.Server
	ctx, cancel := context.WithCancel(context.Background())
	var answering sync.RWMutex // taken for good when the server ends: Close of an http.Server waits for no handler
	front := &http.Server{
		ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return ctx },
		Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if !answering.TryRLock() {
				rw.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			defer answering.RUnlock()
			server.Handler().ServeHTTP(rw, r)
		}),
	}
	var running sync.WaitGroup
	running.Go(func() { _ = server.Run(ctx) }) // a journal that fails is what some stories are about
	running.Go(func() { _ = front.Serve(listener) })
	w.stop = sync.OnceFunc(func() {
		_ = front.Close()
		cancel()
		running.Wait()
		answering.Lock()
		if err := server.Close(); err != nil {
			w.T.Errorf("close: %v", err)
		}
	})
	return nil
}

// In makes a subtest the one that fails, until it ends.
func (w *World) In(t testing.TB) *World {
	outer := w.T
	w.T = t
	t.Cleanup(func() { w.T = outer })
	return w
}

// Close stops the server of Start.
func (w *World) Close() { w.stop() }

// Until asks again and again until done says so; what names the thing in the failure.
func (w *World) Until(what string, done func() bool) {
	w.T.Helper()
	limit := cmp.Or(w.Patience, patience)
	end := time.Now().Add(limit)
	for !done() {
		if time.Now().After(end) {
			w.T.Fatalf("%s did not happen within %s", what, limit)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// number makes a number that no other call of this world got.
func (w *World) number() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made++
	return w.made
}

// Number makes a version number greater than all before.
func (w *World) Number() string { return fmt.Sprintf("1.%d.0", w.number()) }

// staleness is how long a function elsewhere may go on with what it knew was served (spec 5).
const staleness = time.Second

// fresh waits until whatever was seen to be so before is what is served, too.
func (w *World) fresh() {
	if w.elsewhere == nil {
		return
	}
	w.mu.Lock()
	seen := w.asked
	w.mu.Unlock()
	<-time.After(time.Until(seen.Add(staleness)))
}

// seen notes that something was asked.
func (w *World) seen(path string) {
	if w.elsewhere != nil && !strings.Contains(path, "/v1/resolve/") {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked = time.Now()
	}
}

// Idle waits until no machine runs.
func (w *World) Idle() {
	w.T.Helper()
	w.Until("the end of every machine", func() bool {
		if w.elsewhere != nil {
			return w.elsewhere.Idle(w.T.Context())
		}
		_, waiting := w.Server.Engine().Next()
		return !waiting // a running machine has a deadline
	})
}

// Table is what the server keeps.
func (w *World) Table() store.Table {
	if w.elsewhere != nil {
		return w.elsewhere.Table()
	}
	return w.Server.Table()
}

// Path waits for the end of an execution and gives the states it went through.
func (w *World) Path(machine, name string) []string {
	w.T.Helper()
	w.Until("the end of machine "+name, func() bool {
		if w.elsewhere != nil {
			return !w.elsewhere.Running(w.T.Context(), machine, name)
		}
		d, err := w.Server.Engine().Describe(w.T.Context(), machine, name)
		if err != nil {
			w.T.Fatal(err)
		}
		return d.Status != asl.StatusRunning
	})
	return w.PathSoFar(machine, name)
}

// PathSoFar gives the states that an execution has entered.
func (w *World) PathSoFar(machine, name string) []string {
	w.T.Helper()
	if w.elsewhere != nil {
		return w.elsewhere.Path(w.T.Context(), machine, name)
	}
	events, err := w.Server.Engine().History(w.T.Context(), machine, name)
	if err != nil {
		w.T.Fatal(err)
	}
	return asl.Path(events)
}

// Settled waits until nothing is under way: no notice waits to be delivered.
func (w *World) Settled() {
	w.T.Helper()
	w.Until("an empty outbox", func() bool {
		outbox, err := store.Outbox(w.T.Context(), w.Table(), "", 1)
		if err != nil {
			w.T.Fatal(err)
		}
		return len(outbox.Notices) == 0
	})
}
