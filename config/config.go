// Package config holds the data that the service ships with: the routing tree,
// the working calendar, the words that understanding knows, the sample city.
package config

import "embed"

// FS holds the YAML files of this folder, by their names: FS.ReadFile("routing.yaml").
//
//go:embed *.yaml
var FS embed.FS
