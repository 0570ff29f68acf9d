"""Video, faces and model composed: a clip becomes an analysis."""
