"""Files that somebody meant ill, made from seeds, and the limits under which the product has to refuse them."""
