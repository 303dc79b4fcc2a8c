//go:build race

package isolate_test

const raceDetector = true // it takes several times the memory
