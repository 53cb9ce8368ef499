"""Dynamo Digest: one digest a day of what was merged into the repositories a team depends on."""
