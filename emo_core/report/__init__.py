"""An analysis told to others: JSON, tables, HTML, video."""
