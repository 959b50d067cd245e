"""Bodies, their members, and what each may see and do."""
