//go:build linux

package local_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/story"
)

// largestProject is as large as the largest real ones: 60 pages, 5 000 files of packages, 30 MB of pictures, less. With
// SLIPWAY_PROJECT it is the archive of that name.
func largestProject(t *testing.T) []byte {
	if name := os.Getenv("SLIPWAY_PROJECT"); name != "" {
		archive, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return archive
	}
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	files := map[string][]byte{"app.js": []byte("App({})"), "app.less": []byte("@c: red; .a { color: @c; }")}
	var pages []string
	for i := range 60 {
		page := fmt.Sprintf("pages/p%d/p%d", i, i)
		pages = append(pages, page)
		files[page+".js"] = fmt.Appendf(nil, "import { f%d } from 'lib/f%d'; import data from '../../data/d%d'; Page({ data, f: f%d })", i, i, i, i)
		files[page+".axml"] = slices.Repeat([]byte("<view class=\"a\" onTap=\"f\">{{data.x}}</view>\n"), 200)
		files[page+".less"] = append([]byte("@import '/app.less';"), slices.Repeat([]byte(".a { .b { margin: 10rpx * 2 20rpx } }\n"), 50)...)
		files[fmt.Sprintf("data/d%d.js", i)] = fmt.Appendf(nil, "export default { x: %q }", noise(20_000))
		files[fmt.Sprintf("images/i%d.png", i)] = noise(500_000)
	}
	for i := range 5_000 {
		files[fmt.Sprintf("node_modules/lib/f%d.js", i)] = fmt.Appendf(nil, "export function f%d(a) { return a ? %q : f%d(!a) }", i, noise(500), i)
	}
	files["app.json"], _ = json.Marshal(map[string]any{"pages": pages})
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(files[name]) // a buffer takes everything
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// watch looks at the processes that roots gives and all their children until the answer is called, and says how much memory
// they took together at most and how long they used a processor. A process counts with the most it ever had resident.
func watch(roots func() []int) (end func() (bytes int64, seconds float64)) {
	var most int64
	var running sync.WaitGroup
	stop := make(chan struct{})
	running.Go(func() {
		for ticker := time.NewTicker(5 * time.Millisecond); ; {
			now := int64(0)
			for _, id := range family(roots()) {
				now += resident(id)
			}
			most = max(most, now)
			select {
			case <-stop:
				ticker.Stop()
				return
			case <-ticker.C:
			}
		}
	})
	return func() (int64, float64) {
		close(stop)
		running.Wait()
		used := 0.0
		for _, id := range roots() {
			used += processor(id)
		}
		return most, used
	}
}

// family is processes with all that they started and that still run.
func family(ids []int) []int {
	for i := 0; i < len(ids); i++ {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", ids[i])) // one that has ended has none
		for _, task := range tasks {
			children, _ := os.ReadFile(task)
			for child := range strings.FieldsSeq(string(children)) {
				id, _ := strconv.Atoi(child)
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// resident is the most memory that a process had so far, in bytes; 0 for one that has ended.
func resident(id int) int64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", id))
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	n, _ := strconv.ParseInt(kilobytes, 10, 64)
	return n << 10
}

// processor is for how many seconds a process and the children that it has waited for used a processor.
func processor(id int) float64 {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const first, last, ticks = 11, 14, 100 // utime to cstime, counted from the state; a second has 100 ticks everywhere
	sum := 0.0
	for i := first; i <= last && i < len(fields); i++ {
		n, _ := strconv.ParseFloat(fields[i], 64)
		sum += n / ticks
	}
	return sum
}

// TestTheLargestProjectFitsItsFunctions builds and tests a project as large as any in the programs of the two tasks, as they
// are deployed. A function of 1 769 MB has one processor, for which five minutes are 300 seconds. That nothing is left for
// the next invocation is held at the end of every story.
func TestTheLargestProjectFitsItsFunctions(t *testing.T) {
	if elsewhere == nil {
		t.Skip("is about the programs that are deployed; play it with -args -on=moto")
	}
	const mostMemory, mostSeconds = 512 << 20, 300 // of any project; the function has 1 769 MB and five minutes
	w := story.Start(t)
	w.Patience = 10 * time.Minute
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	number := admin.Upload(program, w.Number(), largestProject(t))
	stack := w.Elsewhere().(deployed)
	during := func(task string, do func()) {
		end := watch(func() []int { return stack.Processes(stack.Function("tasks/" + task)) })
		do()
		memory, seconds := end()
		t.Logf("%s: %d MB, %.1f s of a processor", task, memory>>20, seconds)
		if memory == 0 || memory > mostMemory || seconds > mostSeconds {
			t.Errorf("%s took %d MB and %.0f s of a processor; %d MB and %d s are promised to do", task, memory>>20, seconds, mostMemory>>20, mostSeconds)
		}
	}
	id := ""
	during("build", func() {
		r := admin.Release(program, number, "demo-wallet", "production")
		equal(t, "build", string(r.Build), "built")
		id = r.ID
	})
	during("test", func() { t.Logf("%s", admin.Test(id).Test.Summary) })
}
