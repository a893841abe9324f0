package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fenlin/internal/app"
	"fenlin/internal/understand"
)

func understandCmd(file *string) *cobra.Command {
	cmd := &cobra.Command{Use: "understand", Short: "ask and measure how sentences are understood"}
	var tell bool
	eval := &cobra.Command{
		Use: "eval FILE.tsv…", Short: "measure on labelled sentences", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, names []string) error {
			r, err := app.LoadReader(*file)
			if err != nil {
				return err
			}
			for _, name := range names {
				if err := evaluate(c.OutOrStdout(), r, name, tell); err != nil {
					return err
				}
			}
			return nil
		},
	}
	eval.Flags().BoolVar(&tell, "errors", false, "print every error with the words that decided")
	explain := &cobra.Command{
		Use: "explain SENTENCE", Short: "say which words decided", Args: cobra.MinimumNArgs(1),
		Example: `  fenlin understand explain 福馨苑3号楼2单元楼道灯坏了`,
		RunE: func(c *cobra.Command, args []string) error {
			r, err := app.LoadReader(*file)
			if err != nil {
				return err
			}
			explainSentence(c.OutOrStdout(), r, strings.Join(args, " "))
			return nil
		},
	}
	var days int
	suggest := &cobra.Command{
		Use: "suggest", Short: "say which words would have spared people corrections of the category", Args: cobra.NoArgs,
		RunE: grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
			if err := a.DB.Check(ctx); err != nil {
				return err
			}
			corrections, err := a.Tickets.Corrected(ctx, time.Now().AddDate(0, 0, -days))
			if err != nil {
				return err
			}
			found := a.Tickets.Rules().Reader.Suggest(corrections)
			for _, s := range found {
				fmt.Fprintf(w, "%-16s %s  (%d)  %s\n", s.Category, s.Word, s.Times, strings.Join(s.Examples, " | "))
			}
			fmt.Fprintf(w, "%d categories were corrected in %d days, %d words are suggested; add what is right to understand.yaml\n", len(corrections), days, len(found))
			return nil
		}),
	}
	suggest.Flags().IntVar(&days, "days", 90, "how far to look back")
	cmd.AddCommand(eval, explain, suggest)
	return cmd
}

func explainSentence(w io.Writer, r *understand.Reader, text string) {
	got := r.Read(text, nil)
	fmt.Fprintf(w, "%s\nbuilding %q, unit %q, floor %q, room %q; intent %s; emergency %v %s, perhaps %v\n", guesses(got), got.Building, got.Unit, got.Floor, got.Room, got.Intent, got.Emergency, got.Danger, got.Perhaps)
	for i, part := range r.Parts(text, nil) {
		fmt.Fprintf(w, "part %d: %s\n", i+1, part)
	}
	for _, e := range r.Explain(text) {
		by := ""
		if e.Learnt {
			by = "  (learnt)"
		}
		fmt.Fprintf(w, "%+6.1f  %-16s %s%s\n", e.Points, e.Category, strings.Join(e.Words, " … "), by)
	}
}

// evaluate prints how the sentences of one file are understood.
func evaluate(w io.Writer, r *understand.Reader, name string, tell bool) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	rows, err := understand.ReadLabelled(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s := r.Measure(rows)
	fmt.Fprintf(w, "%s: %d sentences\n\n", name, s.Rows)
	printTable(w, [][]string{
		{"category, first choice", of(s.First, s.Reports)},
		{"category, in three", of(s.Three, s.Reports)},
		{"building and unit", of(s.Placed, s.Rows)},
		{"emergency recall", of(s.Found, s.Dangers)},
		{"emergency precision", of(s.Found, s.Found+s.Alarms)},
		{"found or asked about", of(s.Found+s.Wondered, s.Dangers)},
		{"asked though there is none", of(s.Doubts, s.Rows-s.Dangers)},
		{"clear, so filed at once", of(s.Clear, s.Reports)},
		{"of these in the right category", of(s.ClearRight, s.Clear)},
		{"chatter that becomes a ticket", of(s.Filed, s.Idle)},
		{"chatter that is asked about", of(s.Asked, s.Idle)},
	})
	kinds := [][]string{{"category", "first", "in three", "others taken for it"}}
	for _, k := range s.Kinds {
		kinds = append(kinds, []string{k.Code + " " + k.Name, of(k.First, k.Reports), of(k.Three, k.Reports), fmt.Sprint(k.Taken)})
	}
	fmt.Fprintln(w)
	printTable(w, kinds)
	fmt.Fprintln(w)
	if !tell {
		return nil
	}
	for _, m := range s.Misses {
		got := m.Reading
		fmt.Fprintf(w, "%s: %s\n\twanted %s %s-%s, got %s %s-%s %s %s; by %s\n", m.What, m.Want.Text, m.Want.Category, m.Want.Building, m.Want.Unit,
			guesses(got), got.Building, got.Unit, got.Intent, got.Danger, strings.Join(got.Words, " "))
	}
	fmt.Fprintln(w)
	return nil
}

// of is a share in per cent with its counts.
func of(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	return fmt.Sprintf("%5.1f %%  %d of %d", 100*float64(part)/float64(whole), part, whole)
}

func guesses(r understand.Reading) string {
	var parts []string
	for _, g := range r.Guesses {
		parts = append(parts, fmt.Sprintf("%s %.2f", g.Code, g.Confidence))
	}
	return strings.Join(parts, ", ")
}
