"""Which model speaks, how well it was measured, and what it must not be used for."""

import re

import streamlit as st

from emo_core import SOFTWARE
from emo_core.emotions import display_name
from emo_core.model import limits
from ui.about import against_paper
from ui.shell import errors, navigation, parts, preload
from ui.state import models, samples
from ui.widgets import measured, model_picker, privacy

navigation.guard(__file__)

LIMITS = f"""
## Limits
{chr(10).join(f"- {sentence}" for sentence in limits.LIMITS)}

## Privacy
- The analysis runs on this server. No clip, picture or result is sent anywhere else.
- Clips, and what is seen in them, are held in memory and in temporary files for your visit, and both are removed when
  the visit ends. Nothing is kept, and nothing is used for training,
  except what you add to a data set on the Teach page: that stays on this server until it is removed there. What you
  upload to a study stays, too, and trains nothing, until the study is deleted.
- On the Analyze page you can keep your results for this browser, for a day at most, and make a link that shows one of
  them to whoever has it, until you withdraw it or it ends.
- The live view holds the last ten seconds, in memory, and forgets them when its page is left.
- *Delete my clips and results*, here and below the clips, drops everything of your visit at once.

## Intended use
Research, teaching and demonstration with adults who agreed to be recorded and know what is done.

## Prohibited use
- **Work and school:** inferring emotions of people at the workplace or in education is prohibited in the European
  Union, save for medical or safety reasons (AI Act, Regulation (EU) 2024/1689, Article 5(1)(f)).
- **Tell people:** whoever uses an emotion recognition system must inform the people exposed to it (Article 50(3)).
- Never use a verdict to decide about a person: hiring, grading, policing, health, credit, insurance.
"""

CREDITS = """
- Method: S. Sahaya Sugirtha Cindrella and R. Jayashree, *Design of a Computational Model to Detect Hybrid Emotion
  through Facial Expressions in Videos Using CNN-LSTM*, Journal of Machine and Computing, 2025,
  DOI [10.53759/7669/jmc202505155](https://doi.org/10.53759/7669/jmc202505155).
- Labels of the training photos: FER+ (Microsoft, MIT license). The photos are those of FER2013; they are not part of
  this application.
- Rendered clips: USC ICT face model (USC Institute for Creative Technologies, MIT license).
- Face landmarks: MediaPipe Face Landmarker (Google, Apache-2.0 license).
"""

st.title("About")
st.caption("The model in use, how well it works, and what it must not be used for.")
model_picker.render("about")
with errors.shown():
    loaded = models.bundle()
    names = errors.plain(", ".join(display_name(item.name).lower() for item in loaded.classes))
    name, version = errors.plain(loaded.info.name), errors.plain(loaded.info.version)
    st.markdown(f"**Model in use:** {name}, version {version}. **It tells apart:** {names}.")

titles = ["Measured", against_paper.TAB, "Model card", "Limits, privacy and use", "Credits"]
wanted = titles[1] if st.query_params.get("see") == "paper" else titles[0]
figures_tab, paper_tab, card_tab, limits_tab, credits_tab = st.tabs(titles, default=wanted)
with figures_tab, errors.shown():
    preload.wait()
    st.header("How often it is right", anchor=False)
    with errors.shown():
        st.markdown(errors.plain(limits.trust_line(models.bundle().metrics)))
        measured.render_metrics()
    with errors.shown():
        measured.render_demo()
    st.page_link("pages/evaluate.py", label="Measure it on a data set, clip by clip →")
    with errors.shown():
        measured.render_method()
    st.header("How training went", anchor=False)
    measured.render_history()
with paper_tab, errors.shown():
    against_paper.render()
    parts.scroll_to(parts.take({against_paper.HUNDRED}))
with card_tab, errors.shown():
    card = models.card()
    if card:
        st.markdown(re.sub(r"^(#{1,5}) ", r"#\1 ", errors.without_pictures(card), flags=re.MULTILINE))
    else:
        st.info("This model came without a card. Run `make model` to build one.")
with limits_tab:
    st.markdown(LIMITS)
    privacy.delete_button("about")
with credits_tab:
    st.caption(SOFTWARE)
    credit = [f"- Sample clip “{item.title}”: {item.credit}, {item.licence}." for item in samples.load()]
    st.markdown("\n".join([CREDITS.strip(), *credit]))
