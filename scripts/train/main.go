// Train learns the weights of understanding from the labelled sentences of the
// repository, but for those that are kept to measure with, and says how well
// such weights read sentences they never saw.
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"fenlin/config"
	"fenlin/internal/understand"
)

const (
	folder  = "internal/understand"
	measure = "heldback.tsv" // never learnt from
)

func main() {
	tell := flag.Bool("errors", false, "with -folds, print every error")
	folds := flag.Int("folds", 0, "instead of writing weights, leave out a part of the sentences at a time and measure on it")
	flag.Parse()
	if err := run(*folds, *tell); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(folds int, tell bool) error {
	rules, err := fs.ReadFile(config.FS, "understand.yaml")
	if err != nil {
		return err
	}
	r, err := understand.New(rules)
	if err != nil {
		return err
	}
	rows, err := sentences()
	if err != nil {
		return err
	}
	if folds > 1 {
		return try(r, rows, folds, tell)
	}
	weights := r.Train(rows)
	if err := os.WriteFile(filepath.Join(folder, "weights.tsv"), weights, 0o644); err != nil { //nolint:gosec // a source file
		return err
	}
	fmt.Printf("%d sentences, %d bytes of weights\n", len(rows), len(weights))
	return nil
}

// sentences are those to learn from, file by file in order, without any that
// is measured with too.
func sentences() ([]understand.Labelled, error) {
	names, err := filepath.Glob(filepath.Join(folder, "testdata", "*.tsv"))
	if err != nil {
		return nil, err
	}
	kept := map[string]bool{}
	rows, err := labelled(filepath.Join(folder, "testdata", measure))
	for _, row := range rows {
		kept[row.Text] = true
	}
	var all []understand.Labelled
	for _, name := range names {
		if err != nil {
			return nil, err
		}
		if filepath.Base(name) != measure {
			rows, err = labelled(name)
			all = append(all, slices.DeleteFunc(rows, func(row understand.Labelled) bool { return kept[row.Text] })...)
		}
	}
	return all, err
}

func labelled(name string) ([]understand.Labelled, error) {
	f, err := os.Open(name) //nolint:gosec // of the repository
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	rows, err := understand.ReadLabelled(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rows, nil
}

// try measures the words alone and with weights that never saw what they read.
func try(r *understand.Reader, rows []understand.Labelled, folds int, tell bool) error {
	for _, how := range []struct {
		name  string
		learn bool
	}{{"words alone", false}, {"words and weights", true}} {
		var sum understand.Score
		for f := range folds {
			var learn, read []understand.Labelled
			for i, row := range rows {
				if i%folds == f {
					read = append(read, row)
				} else {
					learn = append(learn, row)
				}
			}
			weights := []byte(nil)
			if how.learn {
				weights = r.Train(learn)
			}
			other, err := r.With(weights)
			if err != nil {
				return err
			}
			s := other.Measure(read)
			sum.Reports, sum.First, sum.Three = sum.Reports+s.Reports, sum.First+s.First, sum.Three+s.Three
			sum.Clear, sum.ClearRight = sum.Clear+s.Clear, sum.ClearRight+s.ClearRight
			if tell && how.learn {
				for _, m := range s.Misses {
					fmt.Printf("%s: %s\n\twanted %s, got %v %s %q, by %v\n", m.What, m.Want.Text, m.Want.Category, m.Reading.Guesses, m.Reading.Intent, m.Reading.Danger, m.Reading.Words)
				}
			}
			sum.Lost += s.Lost
			sum.Found, sum.Dangers, sum.Alarms = sum.Found+s.Found, sum.Dangers+s.Dangers, sum.Alarms+s.Alarms
			sum.Idle, sum.Filed, sum.Asked = sum.Idle+s.Idle, sum.Filed+s.Filed, sum.Asked+s.Asked
		}
		fmt.Printf("%-18s first %d of %d, in three %d; clear %d of which right %d; lost %d; dangers %d of %d, %d false; of %d that are no report %d filed, %d asked about\n",
			how.name, sum.First, sum.Reports, sum.Three, sum.Clear, sum.ClearRight, sum.Lost, sum.Found, sum.Dangers, sum.Alarms, sum.Idle, sum.Filed, sum.Asked)
	}
	return nil
}
