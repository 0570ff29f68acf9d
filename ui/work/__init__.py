"""Work beside the pages: turns and their workers, tasks on a thread, clips looked at for a data set."""
