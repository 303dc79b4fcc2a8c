package cloud_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"testing"
)

// TestLogOfAFunction looks at the log of a process that believes to run on Lambda: this test binary, started once more.
func TestLogOfAFunction(t *testing.T) {
	if os.Getenv("SLIPWAY_TEST_LOG") == "child" {
		slog.Info("request", "action", "applyRelease", slog.Group("group", "msg", "m", "time", "t"))
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestLogOfAFunction$")
	cmd.Env = append(os.Environ(), "SLIPWAY_TEST_LOG=child", "AWS_LAMBDA_FUNCTION_NAME=releases-apply")
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var line struct {
		Level, Message, Timestamp, Action string
		Group                             struct{ Msg, Time string }
	}
	if err := json.NewDecoder(out).Decode(&line); err != nil {
		t.Fatalf("not one JSON object: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if line.Level != "INFO" || line.Message != "request" || line.Timestamp == "" || line.Action != "applyRelease" {
		t.Errorf("Lambda's filters cannot read %+v", line)
	}
	if line.Group.Msg != "m" || line.Group.Time != "t" {
		t.Errorf("an attribute in a group was renamed: %+v", line.Group)
	}
}
