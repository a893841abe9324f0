package notify

import "fenlin/internal/lists"

// HasWords says that a letter of the lists has its words.
func HasWords(l lists.Letter) bool { return listLetters[l].title != "" }

// PageOf is where a notice leads.
func PageOf(s *Service, n Notice) string { return s.page(n) }
