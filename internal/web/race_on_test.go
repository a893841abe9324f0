//go:build race

package web_test

// raced is whether the race detector watches: what takes it minutes, the run without it does.
const raced = true
