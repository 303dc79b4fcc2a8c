//go:build race

package local_test

// raceEnabled shortens what is long under the race detector.
const raceEnabled = true
