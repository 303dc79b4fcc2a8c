package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway/functions/internal/api/contracttest"
)

// program is this program, run with arguments in a folder.
func program(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "SLIPWAY_TEST_MAIN=1")
	return cmd
}

func TestExitStatusOfTheProgram(t *testing.T) {
	good, bad := project(t, nil), project(t, map[string]string{"a/a.js": "null.x; Page({})"})
	for _, tt := range []struct {
		args   []string
		status int
	}{{[]string{"check", good}, 0}, {[]string{"check", "--json", bad}, 1}, {[]string{"check", "/nowhere"}, 2}, {[]string{"check"}, 2}, {[]string{"check", "/dev/null"}, 2}} {
		cmd := program(t, t.TempDir(), tt.args...)
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != tt.status {
			t.Errorf("%q ends with %d, want %d\n%s", tt.args, got, tt.status, out)
		}
	}
}

// TestAFileNamedLikeAFlag: names of files are not chosen by those who check them.
func TestAFileNamedLikeAFlag(t *testing.T) {
	dir := filepath.Dir(project(t, nil))
	if err := os.Rename(filepath.Join(dir, firstEntry(t, dir)), filepath.Join(dir, "--json")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "--", "--json"}, {"check", "./--json"}} {
		if out, err := program(t, dir, args...).CombinedOutput(); err != nil || !strings.Contains(string(out), "Passed: 1 page") {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
	}
	if err := os.Rename(filepath.Join(dir, "--json"), filepath.Join(dir, "-app")); err != nil {
		t.Fatal(err)
	}
	if out, err := program(t, dir, "check", "-app").CombinedOutput(); err == nil || !strings.Contains(string(out), "name it ./-app") {
		t.Errorf("%v\n%s", err, out)
	}
}

func firstEntry(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil || len(list) == 0 {
		t.Fatal(err, list)
	}
	return list[0].Name()
}

// TestNobodyReads: the reader of a pipe goes away, as head does. The program ends, without a word of its inside.
func TestNobodyReads(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	cmd := program(t, t.TempDir(), "check", project(t, nil))
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = write, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || strings.Contains(said.String(), "goroutine") {
		t.Errorf("%v\n%s", err, said.String())
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestWhatCannotBeWrittenDoesNotPass(t *testing.T) {
	for _, over := range []map[string]string{nil, {"a/a.js": "Page({"}, {"a/a.js": "null.x; Page({})"}} {
		c := &checking{path: project(t, over), out: full{}, progress: &progress{}}
		if status, err := c.run(context.Background()); status != exitCannot || err == nil || !strings.Contains(err.Error(), "no space left") {
			t.Errorf("%d, %v", status, err)
		}
	}
}

// TestWhatCannotBeRead is about the machine and not about the project, so that it is neither passed nor failed.
func TestWhatCannotBeRead(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("to root every folder is readable: run it as somebody else")
	}
	dir := project(t, map[string]string{"secret/a.js": "1"})
	for _, name := range []string{"secret", "."} {
		if err := os.Chmod(filepath.Join(dir, name), 0); err != nil {
			t.Fatal(err)
		}
		status, out, said := checked1(t, dir)
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if status != exitCannot || out != "" || !strings.Contains(said, "permission denied") {
			t.Errorf("%s: %d\n%s\n%s", name, status, out, said)
		}
	}
}

// TestProgressIsToldInOneLine says what is done while it is done, and leaves nothing behind.
func TestProgressIsToldInOneLine(t *testing.T) {
	var terminal bytes.Buffer
	c := &checking{path: "../internal/build/demo/project", out: io.Discard, progress: &progress{to: &terminal}}
	if status, err := c.run(context.Background()); status != exitClean || err != nil {
		t.Fatal(status, err)
	}
	steps := strings.Split(terminal.String(), clearLine)
	for _, want := range []string{"reading ", "building ", "running page 1 of 5", "running page 5 of 5", "judging /styles"} {
		if !slices.ContainsFunc(steps, func(s string) bool { return strings.HasPrefix(s, want) && strings.HasSuffix(s, "…") }) {
			t.Errorf("nothing says %q: %q", want, steps)
		}
	}
	if last := steps[len(steps)-1]; last != "" || strings.Contains(terminal.String(), "\n") {
		t.Errorf("left on the terminal: %q", last)
	}
}

// TestTheReportIsTheContracts: tools may read check's report and the API's alike.
func TestTheReportIsTheContracts(t *testing.T) {
	for _, over := range []map[string]string{nil, {"a/a.js": "null.x; my.nope(); Page({})", "a/a.acss": ".a { aspect-ratio: 1 }"}} {
		_, out, _ := checked1(t, "--json", project(t, over))
		var got struct{ Report json.RawMessage }
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest("GET", "http://127.0.0.1/v1/releases/rel_0123456789abcdef0123/compatibility", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer x")
		res := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(got.Report))}
		if err := contracttest.Check(req, res); err != nil {
			t.Errorf("%v\n%s", err, got.Report)
		}
	}
}
