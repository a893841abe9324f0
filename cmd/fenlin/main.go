// Fenlin 汾邻: the WeChat service of a city's compounds, in one binary.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // a machine without time zones would not know when the day begins

	"github.com/spf13/cobra"
)

// version is set by the build.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends at once
	if err := root().ExecuteContext(ctx); err != nil {
		// One line, whatever the error is made of.
		fmt.Fprintln(os.Stderr, "fenlin: "+strings.ReplaceAll(err.Error(), "\n", "; "))
		os.Exit(1)
	}
}

func root() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use: "fenlin", Short: "Fenlin 汾邻: the WeChat service of a city's compounds",
		SilenceUsage: true, SilenceErrors: true, Version: version,
	}
	cmd.PersistentFlags().StringVar(&file, "config", "", "YAML file; the environment overrides it")
	cmd.AddCommand(serve(&file), migrate(&file), backup(&file), seed(&file), route(&file), auditCmd(&file), statsCmd(&file), figures(&file), secretCmd(&file), retention(&file), photos(&file), wechatCmd(&file), doctor(&file),
		importCmd(&file), exportCmd(&file), understandCmd(&file), openapi(),
		&cobra.Command{Use: "version", Short: "print the version", Args: cobra.NoArgs, Run: func(c *cobra.Command, _ []string) {
			fmt.Fprintln(c.OutOrStdout(), version)
		}})
	return cmd
}
