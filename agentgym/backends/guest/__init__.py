"""A machine somewhere else: OSWorld's server inside a virtual machine, driven over HTTP."""
