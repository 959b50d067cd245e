"""A synthetic country with planted harm, to show and to test the watch."""
