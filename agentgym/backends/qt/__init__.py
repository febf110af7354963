"""Small applications in the training process: Qt widgets on a screen in memory, in lock-step with the agent."""
