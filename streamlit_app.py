"""Entry script: the server when it is started, and for each visitor page settings and navigation; nothing else."""

import pylibsrtp  # noqa: F401  (before everything that may load TensorFlow: the other order ends the process)
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if get_script_run_ctx(suppress_warning=True) is None:  # the server loads this file once, before there is any visitor
    from ui.shell import server

    app = st.App(__file__, lifespan=server.lifespan, middleware=server.MIDDLEWARE, routes=server.ROUTES)
else:
    from ui.shell import navigation

    st.set_page_config(page_icon="🎭", layout="wide")
    navigation.run(
        [
            st.Page("pages/home.py", title="Home", default=True),
            st.Page("pages/analyze.py", title="Analyze"),
            st.Page("pages/live.py", title="Live"),
            *navigation.unless_public(("pages/study.py", "Study"), ("pages/teach.py", "Teach")),
            st.Page("pages/evaluate.py", title="Evaluate"),
            st.Page("pages/about.py", title="About"),
            st.Page("pages/shared.py", title="Shared result", visibility="hidden"),
        ]
    )
