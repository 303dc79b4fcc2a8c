// Package cloud is the ports of Slipway on AWS. Each of its packages is one service, so that a function links only those that it
// calls: dynamo is the table, states the workflow, bucket the packages, signed their addresses, ses the mail and secrets the
// keys. They alone import the AWS SDK, and mains alone import them. Here is what they and the mains share: reading the
// environment, and the form of the log.
//
// Rules do not belong here, nor does what an item, a key or a mail means.
package cloud

import (
	"fmt"
	"log/slog"
	"os"
	"time"
)

// Require is the value of a variable; the error names the one that is missing or empty.
func Require(name string) (string, error) {
	if v := os.Getenv(name); v != "" {
		return v, nil
	}
	return "", fmt.Errorf("the environment variable %s is missing; template.yaml sets it for the functions that need it", name)
}

// Setting is Require for a main: without the variable the process ends, naming it.
func Setting(name string) string { return OrExit(Require(name)) }

// Optional is the value of a variable, or otherwise when it is missing or empty.
func Optional(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// Duration is a setting such as "5m", for a main: when it is missing or none, the process ends, naming it.
func Duration(name string) time.Duration { return OrExit(OpenDuration(name)) }

// OpenDuration is Duration with an error in place of the exit.
func OpenDuration(name string) (time.Duration, error) {
	v, err := Require(name)
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("the environment variable %s is %q; a duration such as 5m is right", name, v)
	}
	return d, nil
}

// OrExit ends a function that cannot work before it takes its first event: Lambda shows the line and the alarm on
// failed starts goes off, where a later error would look like one request's bad luck.
func OrExit[T any](v T, err error) T {
	if err != nil {
		slog.Error("cannot start", "error", err.Error())
		os.Exit(1)
	}
	return v
}
