// Package layout has no code, only tests: that the parts of Slipway lie where style and template say, and agree with
// each other where one cannot see the other. Every comparison is a function that is also shown a planted difference,
// so that a check which has gone blind is noticed.
package layout
