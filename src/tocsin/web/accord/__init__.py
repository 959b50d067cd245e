"""The shell of the accord: the map in force, its ladder, its findings, and the replay of histories."""
