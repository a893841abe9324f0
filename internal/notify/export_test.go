package notify

import "fenlin/internal/lists"

// HasWords says that a letter of the lists has its words.
func HasWords(l lists.Letter) bool { return listLetters[l].title != "" }
