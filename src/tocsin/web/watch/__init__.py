"""The shell of the watch: stores what a run says and shows it."""
