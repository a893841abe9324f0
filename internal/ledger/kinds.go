package ledger

// Kinds are all the ledgers, in the order in which a new city fills them.
func Kinds() []Kind {
	return []Kind{orgs(), compounds(), units(), posts(), members(), registrations(), workers()}
}
