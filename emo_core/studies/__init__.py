"""Many clips of many people: listed, judged by processes or machines, kept as tables, compared by group."""
