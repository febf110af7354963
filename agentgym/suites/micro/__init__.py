"""The suite `micro`: small applications of Qt widgets, each a task family and an environment of its own.

One module a family, named after its class; `agentgym.registration.MICRO` lists them all.
"""
