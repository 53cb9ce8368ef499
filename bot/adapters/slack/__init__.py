"""Slack's Web API: `gateway` makes every call, `messenger` posts through it, `installations` knows the tokens.

`scopes` and `manifest` import no SDK, so nothing is imported here.
"""
