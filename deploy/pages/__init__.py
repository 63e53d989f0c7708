"""Pages of docs/ that are generated from schemas/ and rules/."""
