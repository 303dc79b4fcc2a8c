// Package local is all of Slipway in one process, on a machine with Go and nothing else: the deployed handlers behind a
// small API gateway, the deployed state machines on package asl, a bbolt file for the table, files for the packages, an
// outbox for the mails, and an identity provider that believes everybody.
//
// It holds no rule and no use case. What it implements are the ports that package cloud implements on AWS.
package local

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/asl"
	"slipway/functions/internal/asl/journal"
	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/smoke"
	"slipway/functions/internal/keyring"
	"slipway/functions/internal/local/table"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/task"
	"slipway/functions/internal/task/workshop"
)

// Options say where a server keeps its data and how it is reached.
type Options struct {
	Data string // folder, made when missing
	Base string // where links lead: "http://127.0.0.1:8080"

	// SigningKey is the generation of the key that signs, as SLIPWAY_SIGNING_KEY is in the cloud; 0 is the first.
	SigningKey int

	// Isolated runs builds and smoke runs in processes of their own. The program has to call isolate.Main and
	// smoke.Child first thing in main; without, builds run in this process and pages are not run at all.
	Isolated bool

	// Outdated is the age from which an answer that the table could not confirm says so; 0 is five minutes.
	Outdated time.Duration

	// For tests, which stand in for time, trouble with the disk, and another interpreter. Nil is the real thing.
	Clock    asl.Clock
	Table    func(store.Table) store.Table // wraps the table that everything but the seed works on
	Journal  func(asl.Journal) asl.Journal // wraps the journal of the machines
	Workflow func(Invoke) release.Workflow // takes the place of package asl; Engine is nil then
}

// Invoke calls a task by the name of its folder under functions/tasks, as Lambda would. A task that fails gives an
// *asl.TaskError.
type Invoke = func(ctx context.Context, function string, payload []byte) ([]byte, error)

// Server is Slipway in one process.
type Server struct {
	options  Options
	table    *table.Table
	watched  watched
	engine   *asl.Engine
	workflow release.Workflow
	clock    asl.Clock
	files    files
	outbox   outbox
	identity identity
	links    approval.Links
	ring     keyring.Ring
	gateway  gateway
	resolver *api.Resolver
	scans    *api.Scans
	handler  http.Handler
	running  sync.WaitGroup
}

// Open starts a server on a data folder, goes on with every machine that ran when it was last stopped, and puts the
// demo into an empty store.
func Open(o Options) (*Server, error) {
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return nil, err
	}
	// First the table, which only one process can have open: two that start at once must not each make keys.
	items, err := table.Open(filepath.Join(o.Data, "slipway.db"))
	if err != nil {
		return nil, err
	}
	secrets, err := loadKeys(o.Data)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keys in %s: %w", o.Data, err), items.Close())
	}
	s := &Server{
		options: o, table: items, watched: watched{Table: items, changed: make(chan struct{}, 1)}, identity: newIdentity(secrets.Identity), clock: o.Clock,
		outbox: outbox{items.DB()}, links: approval.Links{Key: approval.FixedKey(secrets.Links), Base: o.Base, Console: o.Base},
		files: files{dir: filepath.Join(o.Data, "packages"), key: secrets.Files, base: o.Base},
	}
	if o.Table != nil {
		s.watched.Table = o.Table(items)
	}
	s.watched.placing = func() func() { return s.resolver.Changing() }
	s.resolver = api.Resolve(s.watched, s.files, s.now, cmp.Or(o.Outdated, 5*time.Minute))
	s.scans = api.OpenQRCode(s.watched, rand.Reader, 0)
	if s.ring, err = secrets.ring(o.SigningKey); err == nil {
		err = s.wire()
	}
	if err != nil {
		return nil, errors.Join(err, items.Close())
	}
	if err := Seed(context.Background(), s.table, s.files, s.now()); err != nil {
		return nil, errors.Join(fmt.Errorf("seed the demo: %w", err), items.Close())
	}
	return s, nil
}

func (s *Server) wire() error {
	if err := s.wireWorkflow(); err != nil {
		return err
	}
	s.gateway = gateway{handlers: s.handlers(), authorize: api.Authorize(s.watched, s.identity.verifier()), newID: newRequestID, now: s.now}
	mux := http.NewServeMux()
	s.gateway.mount(mux)
	s.handler = mux
	return s.pages(mux)
}

// wireWorkflow ties machines and tasks, which know each other.
func (s *Server) wireWorkflow() error {
	if s.options.Workflow != nil {
		late := &lateWorkflow{}
		late.Workflow = s.options.Workflow(s.tasks(late).Invoke)
		s.workflow = late.Workflow
		return nil
	}
	parsed, err := machines()
	if err != nil {
		return err
	}
	file, err := journal.Open(s.table.DB(), "asl")
	if err != nil {
		return err
	}
	var kept asl.Journal = file
	if s.options.Journal != nil {
		kept = s.options.Journal(kept)
	}
	w := &workflow{}
	w.engine, err = asl.New(asl.Options{Machines: parsed, Invoker: s.tasks(w), Journal: kept, Clock: s.clock})
	s.engine, s.workflow = w.engine, w
	return err
}

// tasks are the functions that the machines call, by the names of their folders under functions/tasks.
func (s *Server) tasks(w release.Workflow) tasks {
	t := s.watched
	builder, pages := workshop.Builder(workshop.InProcess), compat.Smoke(nil)
	if s.options.Isolated {
		builder, pages = isolate.Build, smoke.Runner{}
	}
	return tasks{
		"build": workshop.Build(t, s.files, s.ring, builder), "await": task.Await(t, w), "test": workshop.Test(t, s.files, pages), "apply": task.Apply(t, w),
		"ask": task.Ask(t, s.links, rand.Reader), "decide": task.Decide(t, w), "act": task.Act(t, w), "hand-over": task.HandOver(t, w),
		"stop-machines": task.StopMachines(t, w), "map-releases": task.MapReleases(t, w), "notify": task.Notify(t), "take-offline": task.TakeOffline(t),
	}
}

// Run works until ctx ends: it moves the machines and delivers what the outbox holds.
func (s *Server) Run(ctx context.Context) error {
	courier := task.Courier{Table: s.watched, Workflow: s.workflow, Sender: s.outbox, Links: s.links, Lease: time.Second}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		deliver(ctx, courier, s.watched.changed, s.now)
	}()
	err := s.run(ctx)
	s.running.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func (s *Server) run(ctx context.Context) error {
	if s.engine == nil { // the machines run elsewhere
		<-ctx.Done()
		return ctx.Err()
	}
	return s.engine.Run(ctx)
}

// deliver does what the table's stream and the schedule do in the cloud: it looks into the outbox after every change
// and every second: a mail that a killed process was sending must not wait long.
func deliver(ctx context.Context, c task.Courier, changed <-chan struct{}, now func() time.Time) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if _, err := c.Deliver(ctx, now()); err != nil && ctx.Err() == nil {
			slog.Error("outbox", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-tick.C:
		}
	}
}

// Handler answers everything the server answers.
func (s *Server) Handler() http.Handler { return s.handler }

// Base is where the server is reached.
func (s *Server) Base() string { return s.options.Base }

// Table is the server's table, for tests and benchmarks.
func (s *Server) Table() store.Table { return s.watched }

// Engine runs the machines, for tests that look at their histories.
func (s *Server) Engine() *asl.Engine { return s.engine }

// Close ends the server; Run and every answer have to have returned.
func (s *Server) Close() error {
	s.scans.Settle()
	return s.table.Close()
}

// now is the time of everything that happens here.
func (s *Server) now() time.Time {
	if s.clock == nil {
		return time.Now().UTC()
	}
	return s.clock.Now().UTC()
}

func newRequestID() string {
	var b [12]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
