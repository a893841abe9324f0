package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"fenlin/internal/app"
)

func statsCmd(file *string) *cobra.Command {
	cmd := &cobra.Command{Use: "stats", Short: "the rates that are kept"}
	cmd.AddCommand(&cobra.Command{
		Use: "rebuild", Short: "compute the rates anew from the log, compare, and mend what differs; the city may work on", Args: cobra.NoArgs,
		RunE: grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
			start := time.Now()
			var shown atomic.Int64 // the second of the last line
			found, err := a.Stats.Rebuild(ctx, func(done, total int) {
				if second := int64(time.Since(start).Seconds()); shown.Swap(second) != second {
					fmt.Fprintf(os.Stderr, "%d of %d tickets\n", done, total)
				}
			})
			if err != nil {
				return err
			}
			for _, line := range found.Differences {
				fmt.Fprintln(w, line)
			}
			fmt.Fprintf(w, "%d tickets, %d events, %d differences; %d tickets changed meanwhile and were not compared\n", found.Tickets, found.Events, found.Found, found.Waiting)
			if found.Found > 0 {
				return errors.New("the rates were not what the log says: what was counted wrongly is mended, run `fenlin audit verify` for the log itself")
			}
			return nil
		}),
	})
	return cmd
}
