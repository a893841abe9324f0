package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"fenlin/internal/app"
	"fenlin/internal/secret"
	"fenlin/internal/stats"
)

func figures(file *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "figures", Short: "compute the figures of the city's own report from the tables, beside the printed ones", Args: cobra.NoArgs,
		RunE: grounded(file, true, func(ctx context.Context, w io.Writer, a *app.App) error {
			if err := a.DB.Check(ctx); err != nil {
				return err
			}
			found, err := a.Stats.Figures(ctx)
			if errors.Is(err, secret.ErrUnreadable) {
				return fmt.Errorf("%w: give every key that sealed them in FENLIN_SECRET_KEYS", err)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return encodeFigures(w, found)
			}
			printFigures(w, found)
			return nil
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

type figureView struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	Printed     string `json:"printed"`
	AsOf        string `json:"as_of"`
	Computed    string `json:"computed"`
	Numerator   int64  `json:"numerator"`
	Denominator *int64 `json:"denominator"` // null: it is a count
	Agrees      bool   `json:"agrees"`
	Why         string `json:"why"`
	Note        string `json:"note"`
}

func encodeFigures(w io.Writer, found []stats.Figure) error {
	views := make([]figureView, 0, len(found))
	for _, f := range found {
		v := figureView{
			Key: f.Key, Name: f.Name, Printed: f.Printed.Printed, AsOf: f.AsOf, Computed: f.Computed, Numerator: f.Numerator,
			Agrees: f.Agrees, Why: f.Why, Note: f.Note,
		}
		if f.Of {
			v.Denominator = &f.Denominator
		}
		views = append(views, v)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(map[string]any{"figures": views})
}

func printFigures(w io.Writer, found []stats.Figure) {
	rows, agree := [][]string{{"指标", "报告所载", "台账算出", "对照"}}, 0
	for _, f := range found {
		said := "不一致"
		if f.Agrees {
			said = "一致"
			agree++
		}
		for _, more := range []string{f.Why, f.Note} {
			if more != "" {
				said += "：" + more
			}
		}
		rows = append(rows, []string{f.Name, f.Printed.Printed, f.Computed, said})
	}
	printTable(w, rows)
	fmt.Fprintf(w, "\n%d 项中 %d 项一致\n", len(found), agree)
}

// printTable prints rows below one another, two spaces between the columns.
func printTable(w io.Writer, rows [][]string) {
	widest := make([]int, len(rows[0])-1)
	for _, r := range rows {
		for i := range widest {
			widest[i] = max(widest[i], columns(r[i]))
		}
	}
	for _, r := range rows {
		for i := range widest {
			fmt.Fprint(w, r[i], strings.Repeat(" ", widest[i]-columns(r[i])+2))
		}
		fmt.Fprintln(w, r[len(widest)])
	}
}

// columns is how wide a terminal shows a text: Chinese takes two columns.
func columns(text string) (n int) {
	for _, r := range text {
		n++
		if r >= 0x2E80 {
			n++
		}
	}
	return n
}
