"""Learning of feed-forward networks: passes, slopes and dropout."""
