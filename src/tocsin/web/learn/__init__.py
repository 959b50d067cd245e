"""REMEMBER, the shell: reports, the register, recurrence, the drafting desk."""
