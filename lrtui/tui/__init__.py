"""The screen: edits specs, shows events, moves boundaries."""
