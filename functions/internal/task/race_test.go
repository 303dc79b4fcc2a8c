//go:build race

package task_test

// raceEnabled shortens what is long under the race detector.
const raceEnabled = true
