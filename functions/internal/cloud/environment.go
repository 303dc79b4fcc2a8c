// Package cloud is the ports of Slipway on AWS: the table on DynamoDB, workflows on Step Functions, packages on S3 and
// mail on SES. It is the only importer of the AWS SDK and the only reader of the environment; mains alone import it.
//
// Rules do not belong here, nor does what an item, a key or a mail means.
package cloud

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
)

// The variables that template.yaml sets. Every machine that a function starts has one more: SLIPWAY_MACHINE_ and its
// name, in capitals and with _ for -, holding the ARN.
const (
	tableVariable         = "SLIPWAY_TABLE"
	bucketVariable        = "SLIPWAY_BUCKET"
	mailFromVariable      = "SLIPWAY_MAIL_FROM"
	configurationVariable = "SLIPWAY_MAIL_CONFIGURATION" // optional: the configuration set that reports bounces
	machinePrefix         = "SLIPWAY_MACHINE_"
)

// Require is the value of a variable; the error names the one that is missing or empty.
func Require(name string) (string, error) {
	if v := os.Getenv(name); v != "" {
		return v, nil
	}
	return "", fmt.Errorf("the environment variable %s is missing; template.yaml sets it for the functions that need it", name)
}

// Setting is Require for a main: without the variable the process ends, naming it.
func Setting(name string) string { return orExit(Require(name)) }

// Optional is the value of a variable, or otherwise when it is missing or empty.
func Optional(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// orExit ends a function that cannot work before it takes its first event: Lambda shows the line and the alarm on
// failed starts goes off, where a later error would look like one request's bad luck.
func orExit[T any](v T, err error) T {
	if err != nil {
		slog.Error("cannot start", "error", err.Error())
		os.Exit(1)
	}
	return v
}

// machineVariable is the variable that holds a machine's ARN: "force-removal" is in SLIPWAY_MACHINE_FORCE_REMOVAL.
func machineVariable(machine string) string {
	return machinePrefix + strings.ToUpper(strings.ReplaceAll(machine, "-", "_"))
}
