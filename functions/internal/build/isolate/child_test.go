//go:build linux

package isolate_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/isolate"
)

// What the test program stands for when this variable is set: "limited" or "parent".
const roleVariable = "SLIPWAY_TEST_ROLE"

func init() { roles = append(roles, role) }

func role() {
	switch os.Getenv(roleVariable) {
	case "limited":
		limited()
	case "parent":
		parent()
	default:
		return
	}
	os.Exit(0)
}

// limited says what a process can still do once it is limited.
func limited() {
	self, err := os.Executable()
	if err == nil {
		err = isolate.Limit(60, 1<<30)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := os.Open(self); err == nil {
		fmt.Println("it opens files")
	}
	if _, err := os.Create("written"); err == nil {
		fmt.Println("it makes files")
	}
	if _, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		fmt.Println("it listens")
	}
	if _, err := exec.Command(self).Output(); err == nil {
		fmt.Println("it starts processes")
	}
	<-time.After(time.Millisecond)
	fmt.Println("done")
}

func TestALimitedProcessOpensNothing(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Dir, cmd.Env = t.TempDir(), []string{roleVariable + "=limited"}
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "done\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestNothingOfOursReachesAChild(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "ours")
	t.Setenv("TZ", "Asia/Tokyo")
	out, err := isolate.Command(context.Background(), "/usr/bin/env").Output()
	if err != nil || string(out) != "TZ=UTC\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

// parent builds what takes a minute, and never sees the end.
func parent() {
	sheet := ".m(@i) when (@i > 0) { .w-@{i} { width: @i; } .m(@i - 1); } " + strings.Repeat(".m(300); ", 40_000)
	fmt.Println("begun")
	_, err := isolate.Build(context.Background(), &intake.Archive{Files: map[string][]byte{"app.json": []byte(`{"pages": ["a/a"]}`), "app.js": []byte("App({})"),
		"a/a.js": []byte("Page({})"), "a/a.axml": []byte("<view/>"), "app.less": []byte(sheet)}}, build.Options{})
	fmt.Println("ended", err)
}

// TestAChildEndsWithItsParent kills a parent as nothing else can be killed. The test adopts what is left behind.
func TestAChildEndsWithItsParent(t *testing.T) {
	const setSubreaper = 36 // PR_SET_CHILD_SUBREAPER
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, setSubreaper, 1, 0); errno != 0 {
		t.Skip(errno)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleVariable+"=parent")
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "begun\n" {
		t.Fatal(line, err)
	}
	child := childOf(cmd.Process.Pid)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // says that it was killed
	var status syscall.WaitStatus
	var used syscall.Rusage
	if _, err := syscall.Wait4(child, &status, 0, &used); err != nil {
		t.Fatal(err)
	}
	if !status.Signaled() || status.Signal() != syscall.SIGKILL || time.Duration(used.Utime.Nano()) > time.Minute {
		t.Errorf("it went on alone for %v and ended with %v", time.Duration(used.Utime.Nano()), status)
	}
}

// childOf waits until the build process of a process has its project and works.
func childOf(pid int) int {
	for {
		threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		for _, thread := range threads {
			list, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, thread.Name()))
			for child := range strings.FieldsSeq(string(list)) {
				environment, _ := os.ReadFile("/proc/" + child + "/environ")
				if strings.Contains(string(environment), "SLIPWAY_BUILD_PROCESS=1") && ticks(child) > 30 {
					n, _ := strconv.Atoi(child)
					return n
				}
			}
		}
	}
}

// ticks is the processor time of a process, in hundredths of a second.
func ticks(pid string) int {
	stat, _ := os.ReadFile("/proc/" + pid + "/stat")
	_, after, _ := strings.Cut(string(stat), ") ")
	const userTime = 11 // fields after the name (proc_pid_stat(5))
	if fields := strings.Fields(after); len(fields) > userTime {
		n, _ := strconv.Atoi(fields[userTime])
		return n
	}
	return 0
}
