package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"fenlin/internal/app"
	"fenlin/internal/errs"
	"fenlin/internal/ledger"
)

// kindsOf are the codes of the ledgers.
func kindsOf() string {
	var codes []string
	for _, k := range ledger.Kinds() {
		codes = append(codes, k.Code)
	}
	return strings.Join(codes, ", ")
}

func importCmd(file *string) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use: "import KIND FILE.xlsx", Short: "take a ledger in from an Excel workbook, whole or not at all", Args: cobra.ExactArgs(2),
		Long: "import takes a ledger in from an Excel workbook: " + kindsOf() + ".\nWith a single bad row nothing is written, and FILE.marked.xlsx shows what to mend.",
		RunE: func(c *cobra.Command, args []string) error {
			return grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
				return importLedger(ctx, w, c.ErrOrStderr(), a, args[0], args[1], dry)
			})(c, args)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "check only, write nothing")
	return cmd
}

func importLedger(ctx context.Context, out, progress io.Writer, a *app.App, kind, path string, dry bool) error {
	if err := a.DB.Check(ctx); err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	upload := ledger.Upload{Kind: kind, Name: filepath.Base(path), DryRun: dry, Content: content}
	report, err := a.Ledger.Import(ctx, ledger.Operator(), upload, func(done, total int) { fmt.Fprintf(progress, "%d of %d rows\n", done, total) })
	if err != nil {
		return plainly(err)
	}
	for _, note := range report.Notes {
		fmt.Fprintln(out, note)
	}
	if len(report.Problems) == 0 {
		what := "imported"
		if dry {
			what = "checked, nothing written"
		}
		fmt.Fprintf(out, "%s: %d rows, %d new, %d changed, %d as before\n", what, report.Total, report.Created, report.Changed, report.Same)
		return nil
	}
	for _, p := range report.Problems[:min(len(report.Problems), 20)] {
		fmt.Fprintf(out, "%s %d %s %s\n", p.Sheet, p.Line, p.Column, p.Reason)
	}
	marked := strings.TrimSuffix(path, filepath.Ext(path)) + ".marked.xlsx"
	if err := os.WriteFile(marked, report.Marked, 0o600); err != nil {
		return err
	}
	return fmt.Errorf("%d problems, nothing was written: mend the marked cells in %s and import that", len(report.Problems), marked)
}

// plainly is an error with the text that people may see.
func plainly(err error) error {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return errors.New(e.Message)
	}
	return err
}

func exportCmd(file *string) *cobra.Command {
	var path string
	var template bool
	cmd := &cobra.Command{
		Use: "export KIND", Short: "write a ledger to an Excel workbook, personal fields masked", Args: cobra.ExactArgs(1),
		Long: "export writes a ledger to an Excel workbook, personal fields masked: " + kindsOf() + ".\nChanged, the workbook can be imported.",
		RunE: func(c *cobra.Command, args []string) error {
			return grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
				if err := a.DB.Check(ctx); err != nil {
					return err
				}
				content, err := a.Ledger.Export(ctx, ledger.Operator(), args[0])
				if template {
					content, err = a.Ledger.Template(ctx, ledger.Operator(), args[0])
				}
				if err != nil {
					return plainly(err)
				}
				if path == "" {
					path = args[0] + ".xlsx"
				}
				if err := os.WriteFile(path, content, 0o600); err != nil {
					return err
				}
				fmt.Fprintln(w, path)
				return nil
			})(c, args)
		},
	}
	cmd.Flags().StringVar(&path, "out", "", "the file to write (KIND.xlsx)")
	cmd.Flags().BoolVar(&template, "template", false, "the empty template instead")
	return cmd
}
