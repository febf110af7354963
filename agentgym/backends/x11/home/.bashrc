# A prompt that tells nothing that changes, and no history that outlives the episode.
PS1='\$ '
unset HISTFILE PROMPT_COMMAND
