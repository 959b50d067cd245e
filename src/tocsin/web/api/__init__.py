"""For programs: a JSON API, described by OpenAPI, with tokens that act for one body."""
