"""The pure fold: facts in, decisions out."""
