package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"fenlin/internal/app"
)

func retention(file *string) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "retention", Short: "show what is kept of people, how long and why, and let go what is past its time", Args: cobra.NoArgs,
		Long: "retention lets go what is past the time that config/retention.yaml gives it, as the service does once a day.\nIt may be stopped and begun again, also while the service runs.",
		RunE: func(c *cobra.Command, args []string) error {
			return grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
				if err := a.DB.Check(ctx); err != nil {
					return err
				}
				said := time.Now()
				gone, err := a.Retain(ctx, said, dry, func(what string, n int64) {
					if now := time.Now(); now.Sub(said) >= time.Second {
						said = now
						fmt.Fprintf(c.ErrOrStderr(), "%s: %d so far\n", what, n)
					}
				})
				printGone(w, gone, dry)
				return err
			})(c, args)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "count only, change nothing")
	return cmd
}

func printGone(w io.Writer, gone []app.Gone, dry bool) {
	many := "已清除"
	if dry {
		many = "将清除"
	}
	rows := [][]string{{"项目", "内容", "保留天数", many, "原因"}}
	for _, g := range gone {
		rows = append(rows, []string{g.What, g.Name, strconv.Itoa(g.Keep), strconv.FormatInt(g.N, 10), g.Because})
	}
	printTable(w, rows)
}
