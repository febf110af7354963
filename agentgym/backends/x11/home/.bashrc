# A prompt that tells nothing that changes, and no history that outlives the episode.
PS1='\$ '
unset HISTFILE PROMPT_COMMAND
# But in a terminal that was opened as OSWorld's is, whose tasks look at what was typed.
[ -z "$AGENTGYM_HISTORY" ] || HISTFILE=$AGENTGYM_HISTORY
