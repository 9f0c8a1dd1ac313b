// Prints a line a position. The standard library is all it needs.
//
//	eval "$(mockexchange env)" && go run .
package main

import (
	"fmt"
	"os"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	client, err := FromEnvironment()
	if err != nil {
		return err
	}
	positions, err := client.Positions()
	for _, row := range positions {
		fmt.Println(row.Ticker, row.Position, row.Exposure)
	}
	return err
}
