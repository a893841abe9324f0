package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"fenlin/internal/app"
	"fenlin/internal/db"
	"fenlin/internal/ticket"
	"fenlin/internal/web"
)

func serve(file *string) *cobra.Command {
	var demo bool
	cmd := &cobra.Command{
		Use: "serve", Short: "serve the callback, the API and the pages", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := app.LoadConfig(*file, demo)
			if err != nil {
				return err
			}
			level := &slog.LevelVar{}
			level.Set(cfg.LogLevel)
			var handler slog.Handler = slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level})
			if demo {
				handler = slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})
			}
			slog.SetDefault(slog.New(web.LogHandler(handler)))
			a, err := app.New(c.Context(), cfg, version)
			if err != nil {
				return err
			}
			a.LogLevel = level
			welcome(c.OutOrStdout(), a)
			return a.Run(c.Context())
		},
	}
	cmd.Flags().BoolVar(&demo, "demo", false, "the sample city and a WeChat simulator; no credentials needed")
	return cmd
}

// welcome prints where things are.
func welcome(w io.Writer, a *app.App) {
	base := "http://" + a.Addr()
	if a.Sim == nil {
		fmt.Fprintf(w, "Fenlin %s serves on %s\n", version, base)
		return
	}
	fmt.Fprintf(w, `Fenlin %s, demo: sample city, simulated WeChat

  chat simulator  %[2]s/sim/
  H5 pages        %[2]s/app/
  board           %[2]s/board/
  API docs        %[2]s/docs

`, version, base)
}

// grounded runs f with the database and the rules open.
func grounded(file *string, demo bool, f func(context.Context, io.Writer, *app.App) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, _ []string) error {
		cfg, err := app.LoadConfig(*file, demo)
		if err != nil {
			return err
		}
		a, err := app.Ground(cfg)
		if err != nil {
			return err
		}
		defer a.Close()
		return f(c.Context(), c.OutOrStdout(), a)
	}
}

func migrate(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "bring the database's schema forward to this binary's", Args: cobra.NoArgs,
		// The demo's defaults: a schema needs no credentials of WeChat.
		RunE: grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
			if err := a.DB.Migrate(ctx); err != nil {
				return err
			}
			fmt.Fprintln(w, "the schema is current")
			return nil
		}),
	}
}

// backup copies the embedded database; of a server it says which tool does.
func backup(file *string) *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "copy the embedded database into a new file while the service goes on", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
				err := a.DB.Backup(ctx, args[0])
				if errors.Is(err, db.ErrElsewhere) {
					return fmt.Errorf("MySQL and MariaDB are backed up by their own tools, while the service goes on: %s >FILE (docs/operation.md)", app.DumpCommand(a.Config))
				}
				if err != nil {
					return fmt.Errorf("no backup was made: %w", err)
				}
				fmt.Fprintf(w, "the backup is in %s; keep it apart from FENLIN_SECRET_KEYS, without which it cannot be read\n", args[0])
				return nil
			})(c, args)
		},
	}
}

func seed(file *string) *cobra.Command {
	var sample bool
	cmd := &cobra.Command{
		Use: "seed", Short: "fill an empty database", Args: cobra.NoArgs,
		RunE: grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
			if !sample {
				return errors.New("say what to seed: --sample for the sample city")
			}
			if err := a.DB.Check(ctx); err != nil {
				return err
			}
			if err := a.Sample.Seed(ctx); err != nil {
				return err
			}
			fmt.Fprintln(w, "the sample city is there")
			return nil
		}),
	}
	cmd.Flags().BoolVar(&sample, "sample", false, "the sample city")
	return cmd
}

func auditCmd(file *string) *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "check the tickets' log"}
	cmd.AddCommand(&cobra.Command{
		Use: "verify", Short: "find changed, missing or reordered events", Args: cobra.NoArgs,
		RunE: grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
			audit, err := a.Tickets.Verify(ctx)
			if err != nil {
				return err
			}
			for _, f := range audit.Faults {
				fmt.Fprintln(w, f)
			}
			fmt.Fprintf(w, "%d tickets, %d events, %d faults\n", audit.Tickets, audit.Events, len(audit.Faults))
			if len(audit.Faults) > 0 {
				return errors.New("the log is not whole: compare with a backup before anything else")
			}
			return nil
		}),
	})
	cmd.AddCommand(&cobra.Command{
		Use: "anchors", Short: "the last days' hashes; kept elsewhere, they prove that nothing was written anew since", Args: cobra.NoArgs,
		RunE: grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
			if _, err := a.Tickets.Anchor(ctx); err != nil {
				return err
			}
			anchors, err := a.Tickets.Anchors(ctx, 31)
			for _, one := range anchors {
				fmt.Fprintf(w, "%s  %6d events  %s\n", one.Day, one.Events, one.Hash)
			}
			return err
		}),
	})
	return cmd
}

func secretCmd(file *string) *cobra.Command {
	cmd := &cobra.Command{Use: "secret", Short: "keys of the personal data"}
	cmd.AddCommand(&cobra.Command{
		Use: "rotate", Short: "seal everything by the newest key of FENLIN_SECRET_KEYS; the service may go on", Args: cobra.NoArgs,
		RunE: grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
			if err := a.DB.Check(ctx); err != nil {
				return err
			}
			sealed := 0
			err := a.Members.Rotate(ctx, func(done, total int) { sealed = done; fmt.Fprintf(w, "%d of %d people sealed anew\n", done, total) })
			if err != nil {
				return fmt.Errorf("%d people were sealed anew, then: %w; run it again with every old key still in FENLIN_SECRET_KEYS", sealed, err)
			}
			if n, err := a.Activities.Rotate(ctx); err != nil {
				return fmt.Errorf("%d certificates and codes were sealed anew, then: %w; run it again with every old key still in FENLIN_SECRET_KEYS", n, err)
			}
			fmt.Fprintln(w, "everything is sealed by the newest key; the older ones may be taken out of FENLIN_SECRET_KEYS")
			return nil
		}),
	})
	return cmd
}

func wechatCmd(file *string) *cobra.Command {
	cmd := &cobra.Command{Use: "wechat", Short: "what WeChat keeps for the account"}
	menu := &cobra.Command{Use: "menu", Short: "the account's menu"}
	menu.AddCommand(&cobra.Command{
		Use: "push", Short: "put the menu into the account", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := app.LoadConfig(*file, false)
			if err != nil {
				return err
			}
			if err := app.PushMenu(c.Context(), cfg); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), "the menu is in the account; phones show it within a day, at once after following anew")
			return nil
		},
	})
	cmd.AddCommand(menu)
	return cmd
}

// openapi prints what /openapi.json serves, for programs that are built with it.
// Without the version, so that it changes only when the API does.
func openapi() *cobra.Command {
	return &cobra.Command{
		Use: "openapi", Short: "print the API's OpenAPI document", Args: cobra.NoArgs, Hidden: true,
		Run: func(c *cobra.Command, _ []string) { fmt.Fprintln(c.OutOrStdout(), string(web.Document(""))) },
	}
}

func doctor(file *string) *cobra.Command {
	var demo bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "say what is wrong with configuration, database, Redis and WeChat", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			wrong := 0
			for _, finding := range app.Doctor(c.Context(), *file, demo) {
				state := "ok  "
				switch {
				case finding.Err != nil:
					state, wrong = "FAIL", wrong+1
				case finding.Warn:
					state = "WARN"
				}
				fmt.Fprintf(c.OutOrStdout(), "%s  %-13s  %s\n", state, finding.What, finding.Say())
			}
			if wrong > 0 {
				return fmt.Errorf("%d of the checks failed; what to do stands beside each", wrong)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&demo, "demo", false, "with the demo's defaults")
	return cmd
}

func route(file *string) *cobra.Command {
	cmd := &cobra.Command{Use: "route", Short: "ask the routing tree"}
	var text, compound, category, building string
	explain := &cobra.Command{
		Use: "explain", Short: "say who would handle a report, and why", Args: cobra.NoArgs,
		Example: `  fenlin route explain --text 福馨苑3号楼2单元楼道灯坏了`,
		RunE: grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
			return app.ExplainRoute(ctx, w, a, text, compound, ticket.Place{Category: category, Building: building})
		}),
	}
	explain.Flags().StringVar(&text, "text", "", "the report's sentence")
	explain.Flags().StringVar(&compound, "compound", "", "the compound's name, when the sentence does not name it")
	explain.Flags().StringVar(&category, "category", "", "the category's code, in place of what the sentence says")
	explain.Flags().StringVar(&building, "building", "", "the building's number")
	test := &cobra.Command{
		Use: "test [CASES.yaml]", Short: "check the tree against cases", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := app.LoadConfig(*file, true)
			if err != nil {
				return err
			}
			cases := ""
			if len(args) == 1 {
				cases = args[0]
			}
			return app.TestRoutes(c.OutOrStdout(), cfg.RulesDir, cases)
		},
	}
	cmd.AddCommand(explain, test, replay(file))
	return cmd
}

func replay(file *string) *cobra.Command {
	var since, tree, by string
	var top int
	cmd := &cobra.Command{
		Use: "replay", Short: "route past tickets by a changed tree: who gains, who loses; changes nothing", Args: cobra.NoArgs,
		Example: `  fenlin route replay --since 2026-01-01 --config NEW.yaml`,
		RunE: func(c *cobra.Command, args []string) error {
			return grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
				if err := a.DB.Check(ctx); err != nil {
					return err
				}
				return app.ReplayRoutes(ctx, w, c.ErrOrStderr(), a, since, tree, app.ReplayBy(by), top)
			})(c, args)
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "the first day, as 2026-01-01")
	cmd.Flags().StringVar(&tree, "config", "", "the changed routing.yaml (Fenlin's own configuration is --settings here)")
	cmd.Flags().StringVar(file, "settings", "", "Fenlin's own configuration, a YAML file; the environment overrides it")
	cmd.Flags().StringVar(&by, "by", string(app.ByPost), "a line for each post, org or role")
	cmd.Flags().IntVar(&top, "top", 30, "how many lines, the greatest change first; 0 = all")
	_ = cmd.MarkFlagRequired("since")
	_ = cmd.MarkFlagRequired("config")
	return cmd
}
