"""What a browser sends as a recording, made without one."""

import base64
import io

import av
import numpy as np


def webm(num_frames=45, fps=15, keep=None):
    """A live-streamed webm as browsers write it: no length, no index; `keep` cuts it off after so many bytes."""
    target = io.BytesIO()
    with av.open(target, "w", format="webm", options={"live": "1"}) as container:
        stream = container.add_stream("libvpx", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(num_frames):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 3 * number % 200, np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return target.getvalue()[:keep]


def message(data=None, **fields):
    data = webm() if data is None else data
    text = base64.b64encode(data).decode()
    return {"b64": text, "mime": "video/webm;codecs=vp8", "ms": 3000.0, **fields}
