"""What to know before a verdict is believed, in sentences (Markdown) for people: the only place that says so."""

LIMITS: tuple[str, ...] = (
    "It judges what a face **shows**, as people would name it. What a person feels cannot be read from a face.",
    "It was trained on photos and on clips composed from them; real clips only helped to choose its thresholds.",
    "Faces turned far away, hidden, small, dark or blurred are left out; a clip with too few usable frames is refused "
    "or called unsure.",
    "A neutral face of a speaker can be taken for sadness, and quiet sadness for neutral. How well it works for "
    "different ages, skin tones and cultures has not been measured.",
    "Happiness stands for amusement: the photos it learned from have no amusement.",
)
