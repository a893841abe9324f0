// Command logscan fails when the log on its input holds personal data or
// secrets; its argument names a file of words, one a line, that must not be there.
package main

import (
	"fmt"
	"os"
	"strings"

	"fenlin/internal/app/apptest"
)

func main() {
	var known []string
	if len(os.Args) > 1 {
		text, err := os.ReadFile(os.Args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, "logscan:", err)
			os.Exit(2)
		}
		known = strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	found, err := apptest.Leaks(os.Stdin, known...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "logscan:", err)
		os.Exit(2)
	}
	for _, f := range found[:min(len(found), 40)] {
		fmt.Fprintln(os.Stderr, "logscan:", f)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}
