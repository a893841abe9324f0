package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"fenlin/internal/app"
)

func photos(file *string) *cobra.Command {
	cmd := &cobra.Command{Use: "photos", Short: "where pictures and documents are kept"}
	cmd.AddCommand(&cobra.Command{
		Use: "move", Short: "move those that still lie in the database into the folder or bucket; once no older version runs any more", Args: cobra.NoArgs,
		Long: "Moves the pictures and documents that still lie in the database to where new ones are kept, while the service runs.\nIt may be stopped and begun again. An older version of Fenlin shows none that was moved.",
		// The demo's defaults: photos need no credentials of WeChat.
		RunE: grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
			if err := a.DB.Check(ctx); err != nil {
				return err
			}
			moved, err := a.Tickets.MovePhotos(ctx, func(moved, left int64) { fmt.Fprintf(w, "%d moved, %d left\n", moved, left) })
			if err != nil {
				return fmt.Errorf("%d were moved, then: %w; run it again", moved, err)
			}
			fmt.Fprintf(w, "%d moved; the database holds no picture any more (OPTIMIZE TABLE photos, or VACUUM of SQLite, gives the space back)\n", moved)
			return nil
		}),
	})
	return cmd
}
