"""The hall: signals become concerns, the accord gives them a holder, clocks run, bodies respond."""
