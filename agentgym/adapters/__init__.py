"""Our environments for other people's trainers: TRL, SkyRL and verifiers, a module each."""
