"""Running Heed: the supervisor and the processes it keeps alive."""
