package placard

// Laid are the words of each sheet of a certificate, in the order in which they
// are put down.
func (p *Printer) Laid(c Certificate) (sheets [][]string, outside int, err error) {
	leaves, err := p.lay(c)
	for _, l := range leaves {
		var words []string
		for _, w := range l.words {
			words = append(words, w.text)
			faces, err := p.faces(ruled)
			if err != nil {
				return nil, 0, err
			}
			if w.x < side-0.1 || w.x+measure(faces, w.text, w.size) > paperWide-side+0.1 || w.y > paperHigh-10 || w.y < first {
				outside++
			}
		}
		sheets = append(sheets, words)
	}
	return sheets, outside, err
}
