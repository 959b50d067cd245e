"""Telling people: subscriptions, feeds, deadlines, webhooks, board packs, and oversight of the overseers."""
