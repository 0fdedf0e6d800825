"""The sweep engine: protocol, plan, trials, store."""
