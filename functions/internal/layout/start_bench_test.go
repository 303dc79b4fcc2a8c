package layout_test

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// begun is what one start of a program took.
type begun struct {
	poll, first, warm time.Duration
	processor         time.Duration // until the first poll, of all its threads; 0 where the system does not say
	memory            int64         // bytes at most, 0 likewise
}

// begin starts a program, asks it twice, and ends it.
func (s *stage) begin(b *testing.B, name, program string, environment map[string]string, event []byte) begun {
	b.Helper()
	a, at := s.start(b, name, program, environment)
	var out begun
	select {
	case polled := <-a.polled:
		out.poll, out.processor = polled.Sub(at), processor(a.cmd.Process.Pid)
	case <-a.ended:
		b.Fatalf("ended: %s", a.said.String())
	}
	for _, took := range []*time.Duration{&out.first, &out.warm} {
		asked := time.Now()
		if _, ok := a.invoke(event); !ok {
			b.Fatalf("ended: %s", a.said.String())
		}
		*took = time.Since(asked)
	}
	out.memory = resident(a.cmd.Process.Pid)
	a.end()
	return out
}

// BenchmarkStart starts functions beside a program that only says hello, one of each in turns, so that whatever else the
// machine does meets both. A start is from the fork to the first poll; figures are medians. What it took of processors is
// told beside it, because on a busy machine most of a start is waiting for them. AWS is a stand-in that answers at once.
//
//	go test ./functions/internal/layout -run xxx -bench 'Start/resolve' -benchtime 41x
func BenchmarkStart(b *testing.B) {
	s := newStage(b)
	bare := buildProgram(b, "./functions/internal/layout/testdata/bare", filepath.Join(b.TempDir(), "bare"))
	for _, folder := range mains(b) {
		b.Run(strings.ReplaceAll(folder, "/", "."), func(b *testing.B) {
			program := buildMain(b, folder)
			environment, _ := surroundings(b, folder)
			event := s.eventFor(b, folder)
			beside := map[string]string{"AWS_LAMBDA_FUNCTION_NAME": "bare"}
			var ours, theirs []begun
			b.ResetTimer()
			for range b.N {
				theirs = append(theirs, s.begin(b, "bare", bare, maps.Clone(beside), []byte("{}")))
				ours = append(ours, s.begin(b, path.Base(folder), program, environment, event))
			}
			start, hello := median(ours, func(o begun) float64 { return ms(o.poll) }), median(theirs, func(o begun) float64 { return ms(o.poll) })
			b.ReportMetric(start, "ms-start")
			b.ReportMetric(hello, "ms-hello")
			b.ReportMetric(start/hello, "x-hello")
			b.ReportMetric(median(ours, busy)/max(median(theirs, busy), 1e-6), "x-hello-cpu")
			b.ReportMetric(median(ours, func(o begun) float64 { return ms(o.first) }), "ms-first")
			b.ReportMetric(median(ours, func(o begun) float64 { return ms(o.warm) }), "ms-warm")
			b.ReportMetric(median(ours, func(o begun) float64 { return float64(o.memory) / 1e6 }), "MB-memory")
			if info, err := os.Stat(program); err == nil {
				b.ReportMetric(float64(info.Size())/1e6, "MB-program")
			}
		})
	}
}

func busy(o begun) float64 { return ms(o.processor) }

// processor is what a process has had of processors so far, as Linux counts it.
func processor(pid int) (spent time.Duration) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0
	}
	for _, t := range threads {
		line, err := os.ReadFile(t)
		if err != nil { // a thread that is gone
			continue
		}
		on, _, _ := strings.Cut(string(line), " ")
		ns, err := strconv.ParseInt(on, 10, 64)
		if err != nil {
			return 0
		}
		spent += time.Duration(ns)
	}
	return spent
}

// resident is the most memory that a process has had. What it leaves behind when it ends would be no less than what the
// process had that started it.
func resident(pid int) (bytes int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, most, _ := strings.Cut(string(status), "VmHWM:")
	if fields := strings.Fields(most); len(fields) > 0 {
		bytes, _ = strconv.ParseInt(fields[0], 10, 64) // 0 where it is not told
	}
	return bytes << 10
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(all []begun, of func(begun) float64) float64 {
	var values []float64
	for _, o := range all {
		values = append(values, of(o))
	}
	slices.Sort(values)
	return values[len(values)/2]
}
