"""The section of a model card on whether the heatmaps can be believed."""

from collections.abc import Mapping
from typing import Any


def heatmaps(found: Mapping[str, Any]) -> str:
    """What the checks of the heatmaps gave, each with its number of pictures."""
    deletion, planted, shuffled = found["deletion"], found["planted"], found["randomized"]
    low, high = deletion["difference_interval"]
    share_low, share_high = deletion["share_interval"]
    lines = [
        "## Heatmaps",
        f"Checked on {deletion['num_images']} pictures of `valid.npz` that are no copies of training pictures, each",
        "held for a window, for the class that the model finds in it; scores in log-odds of that class.",
        "",
        f"- **Deletion**: without the brightest {deletion['num_cells_deleted']} of the {deletion['num_cells']} cells",
        f"  of its map the score falls by {deletion['fall_top']:.2f}, without as many random ones by "
        f"{deletion['fall_random']:.2f} (mean of {deletion['num_random_draws']} draws):",
        f"  {deletion['difference']:+.2f} (95 % interval over pictures {low:+.2f} – {high:+.2f}); more than at random "
        f"in {deletion['share_more_than_random']:.1%} of the pictures",
        f"  ({share_low:.1%} – {share_high:.1%}). By the map of another picture of the class: "
        f"{deletion['fall_map_of_another_picture']:.2f}; the rest is what a map knows of its own picture.",
    ]
    told = [
        f"{row['label']} {row['difference']:+.2f} (n = {row['num_images']})"
        for row in deletion["per_class"]
        if row["difference"] is not None
    ]
    lines.append(f"  By class: {', '.join(told)}.")
    if planted["num_halves"]:
        low, high = planted["interval"]
        lines += [
            "- **Planted evidence**: with half of the face blank and the class still found, "
            f"{planted['mass_in_visible_half']:.1%} of the map lies in the",
            f"  half that is left (95 % interval over pictures {low:.1%} – {high:.1%}; {planted['num_halves']} halves "
            f"of {planted['num_images']} pictures).",
        ]
    if shuffled["rank_correlation"] is not None:
        lines += [
            f"- **Shuffled weights**: the rank correlation with the maps of {shuffled['num_heads']} LSTMs of shuffled "
            f"weights is {shuffled['rank_correlation']:.2f}",
            f"  (n = {shuffled['num_pairs']} maps).",
        ]
    return "\n".join([*lines, ""])
