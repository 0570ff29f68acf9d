"""What the pages share; the product itself lives in `emo_core` and knows nothing of this package."""
