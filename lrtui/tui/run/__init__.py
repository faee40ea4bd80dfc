"""The run screen: the state that events are folded into, and what is drawn of it."""
