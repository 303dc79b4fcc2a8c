package smoke

import (
	"os"
	"sync"
	"time"

	"github.com/dop251/goja"
)

// Exit status of a child that ended itself because its work took too much processor time.
const exitSpent = 3

// meterTick is how often the processor time is looked at.
const meterTick = 10 * time.Millisecond

// meter bounds the processor time of what this process does, piece by piece. Time on a clock would blame the work for a
// machine that is busy with something else.
type meter struct {
	soft time.Duration // until a script is interrupted
	hard time.Duration // until the process ends itself: an interrupt cannot end what the engine does in one piece

	mu    sync.Mutex
	spent time.Duration // at the start of the piece at hand
	vm    *goja.Runtime // of a script that can be interrupted; nil before the first piece, and when there is none
	busy  bool
}

// startMeter watches from now on; what stops it is the end of the process.
func startMeter(soft, hard time.Duration) *meter {
	m := &meter{soft: soft, hard: hard}
	go func() {
		for range time.Tick(meterTick) {
			m.look()
		}
	}()
	return m
}

func (m *meter) look() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.busy {
		return
	}
	spent := processorTime() - m.spent
	if m.vm != nil && spent > m.soft {
		m.vm.Interrupt("time")
		m.vm = nil
	}
	if spent > m.hard {
		os.Exit(exitSpent)
	}
}

// begin starts a piece of work; it ends with the next one, or with end.
func (m *meter) begin(vm *goja.Runtime) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spent, m.vm, m.busy = processorTime(), vm, true
}

func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.vm, m.busy = nil, false
}
